"""`micrographia language tune | cut | merge | answer`: vision-language models of others."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    exit_status,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import Tuning

_MODEL = "folder or hub name of a vision-language model of transformers: Mllama, Qwen-VL, SmolVLM"
_TABLE = "parquet table with the columns path, question, answer and, if wanted, part"


def register(verbs: Subparsers) -> None:
    """Add the verbs `tune`, `cut`, `merge` and `answer`."""
    tune = verbs.add_parser(
        "tune", help="fit a vision-language model to conversations by adapters (QLoRA)"
    )
    tune.add_argument("model", metavar="MODEL", help=_MODEL)
    tune.add_argument("table", type=Path, metavar="TABLE", help=_TABLE)
    tune.add_argument("--out", type=Path, required=True, help="folder to write the adapters to")
    tune.add_argument("--seed", type=non_negative, default=1665, help="random seed")
    add_settings(tune, Tuning)
    tune.set_defaults(run=_tune)

    cut = verbs.add_parser("cut", help="write adapters of many ranks at one of them")
    cut.add_argument("adapters", type=Path, metavar="ADAPTERS", help="folder of `tune`")
    cut.add_argument("--rank", type=positive, required=True, help="rank to write")
    cut.add_argument("--out", type=Path, required=True, help="folder to write the adapters to")
    cut.set_defaults(run=_cut)

    merge = verbs.add_parser("merge", help="write a model with its adapters merged into it")
    merge.add_argument("model", metavar="MODEL", help=_MODEL)
    merge.add_argument("adapters", type=Path, metavar="ADAPTERS", help="folder of `tune`")
    merge.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    add_settings(merge, Tuning)
    merge.set_defaults(run=_merge)

    answer = verbs.add_parser("answer", help="let a vision-language model answer questions")
    answer.add_argument("model", metavar="MODEL", help=_MODEL)
    answer.add_argument("table", type=Path, metavar="TABLE", help=_TABLE)
    answer.add_argument("--adapters", type=Path, help="folder of `tune` (default: none)")
    answer.add_argument("--part", help="answer only the rows of this part, such as test")
    answer.add_argument("--batch", type=positive, default=1, help="questions at once")
    answer.add_argument("--out", type=Path, required=True, help="parquet table to write")
    add_settings(answer, Tuning)
    answer.set_defaults(run=_answer)


def _tune(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_foreign
    from micrographia.io.tables import read_rows
    from micrographia.language.tuning.conversations import conversations
    from micrographia.language.tuning.train import train

    refuse_foreign(arguments.out, [arguments.table])
    rows = read_rows(arguments.table)
    card = train(
        arguments.model,
        conversations(rows, "train"),
        conversations(rows, "validation"),
        settings_of(arguments),
        arguments.out,
        arguments.seed,
    )
    print_json({"weights": card["weights"], "metrics": card["metrics"]})
    return 0


def _cut(arguments: argparse.Namespace) -> int:
    from micrographia.language.tuning.ranks import cut

    cut(arguments.adapters, arguments.rank, arguments.out)
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from micrographia.language.tuning.adapters import merge

    merge(arguments.model, arguments.adapters, arguments.out, settings_of(arguments))
    return 0


def _answer(arguments: argparse.Namespace) -> int:
    from micrographia.errors import TableError
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import ANSWERED
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    refuse_inputs([arguments.out], [arguments.table])
    rows = read_rows(arguments.table)
    # As for `tune`, rows without a part are of the part train.
    chosen = [row for row in rows if arguments.part in (None, row.get("part") or "train")]
    if not chosen:
        parts = sorted({str(row.get("part") or "train") for row in rows})
        raise TableError(
            f"{arguments.table} has no question to answer", seen=f"part: {arguments.part}",
            allowed=", ".join(parts) or "none: the table is empty",
        )  # fmt: skip
    provenance = stamp(settings_of(arguments))
    found = list(_answered(arguments, chosen))
    write_table(found, arguments.out, ANSWERED, provenance)
    failed = sum(row["failure"] is not None for row in found)
    print(f"{arguments.out}: {len(found) - failed} answers, {failed} failed")
    return exit_status(failed, len(found))


def _answered(arguments: argparse.Namespace, rows: list[Any]) -> Iterator[dict[str, Any]]:
    from micrographia.io.schemas import ANSWERED
    from micrographia.language.tuning.adapters import load_adapted
    from micrographia.language.tuning.answer import answers
    from micrographia.language.tuning.conversations import conversations
    from micrographia.language.tuning.models import load_model, load_processor

    settings, asked = settings_of(arguments), conversations(rows)
    if arguments.adapters is None:
        model = load_model(arguments.model, settings)
    else:
        model = load_adapted(arguments.model, arguments.adapters, settings)
    processor = load_processor(arguments.model)
    told = answers(model, processor, asked, settings.longest, arguments.batch)
    for row in rows:
        found = dict.fromkeys(ANSWERED.names) | {
            name: row.get(name) for name in ("path", "question", "answer", "part", "failure")
        }
        if found["failure"] is None:
            found["told"], found["failure"] = next(told)
        yield found
