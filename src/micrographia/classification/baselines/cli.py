"""Verbs `baseline` and `baselines`: train baselines of a split, and list them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import Classification


def register(verbs: Subparsers) -> None:
    """Add the verbs `baseline` and `baselines`."""
    one = verbs.add_parser(
        "baseline", help="train baselines on a split and let them answer on its test part"
    )
    one.add_argument("names", nargs="+", metavar="NAME", help="as `baselines` lists them")
    one.add_argument(
        "pictures", type=Path, help="folder with one folder for each class, or table of labels"
    )
    one.add_argument(
        "--split", type=Path, required=True, metavar="TABLE", help="written by `split`"
    )
    one.add_argument(
        "--out", type=Path, required=True, metavar="TABLE",
        help="table of answers to write; a JSON file beside it says what was trained",
    )  # fmt: skip
    length = one.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes", type=float,
        help="budget of each baseline [processor minutes] (default: that of the settings)",
    )  # fmt: skip
    length.add_argument(
        "--steps", type=positive, help="budget of each baseline in steps: same bytes each time"
    )
    one.add_argument("--side", type=positive, help="side of the pictures [px]")
    one.add_argument("--seed", type=non_negative, default=0, help="random seed (default: 0)")
    add_settings(one, Classification)
    one.set_defaults(run=_baseline)
    every = verbs.add_parser("baselines", help="list the baselines and what they stand for")
    every.set_defaults(run=_baselines)


def _baseline(arguments: argparse.Namespace) -> int:
    from micrographia.classification.baselines.parts import read_parts
    from micrographia.classification.baselines.registry import find_baseline
    from micrographia.classification.baselines.run import train_baseline
    from micrographia.io.atomic import refuse_inputs, write_text
    from micrographia.io.datasets.labelled import read_labelled
    from micrographia.io.schemas import CLASSIFIED, SPLITS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings, out = settings_of(arguments), arguments.out
    refuse_inputs([out, out.with_suffix(".json")], [arguments.pictures, arguments.split])
    for name in arguments.names:  # a wrong one is told before the first is trained
        find_baseline(name)
    split = read_rows(arguments.split, SPLITS)
    side = arguments.side or settings.baselines.side
    pictures = read_labelled(arguments.pictures).rows
    parts = read_parts(pictures, split, side, settings.none_of_these)
    budget = _budget(arguments, settings, len(parts.train.rows))
    rows, cards = [], []
    for name in arguments.names:
        found = train_baseline(name, parts, budget, settings, arguments.seed)
        rows += found.rows
        cards.append(found.card)
        print_json({key: found.card[key] for key in ("name", "steps", "minutes", "validation")})
    write_table(rows, out, CLASSIFIED, stamp(settings, arguments.seed))
    write_text(out.with_suffix(".json"), json.dumps({"baselines": cards}, indent=2) + "\n")
    return 0


def _budget(arguments: argparse.Namespace, settings: Classification, count: int) -> Any:
    """Return the budget: the option, else the settings' epochs, else their minutes."""
    from micrographia.classification.baselines.budget import Budget
    from micrographia.classification.baselines.loop import BATCH

    if arguments.steps is not None:
        return Budget(steps=arguments.steps)
    if arguments.minutes is None and settings.baselines.epochs is not None:
        return Budget(steps=settings.baselines.epochs * max(1, count // BATCH))
    return Budget(minutes=arguments.minutes or settings.baselines.minutes)


def _baselines(arguments: argparse.Namespace) -> int:
    from micrographia.classification.baselines.registry import BASELINES

    lines: Iterable[tuple[str, ...]] = (
        (name, each.family, each.library, each.stands_for) for name, each in BASELINES.items()
    )
    for name, family, library, stands_for in lines:
        print(f"{name:16} {family:16} {library:44} {stands_for}")
    return 0
