"""Train the network that writes structures, and score it beside what answers without one.

    python studies/structure_text.py CRYSTALS --out FOLDER [--threads 2] [--steps 12000]
    python studies/structure_text.py prototypes --invented 20000 \
        --test ../shared/data/structures2d/structures2d.parquet --out FOLDER

The second learns from the embedded prototypes and from crystals that are invented, and is judged
by another source, less the formulas that were learned. Runs are also compared in pairs: what the
picture adds to the formula, and what the network adds to the nearest known crystal; what looking
again adds to the network alone, and each of its parts (`--runs`). With `--shipped` the shipped
weights answer and nothing is trained; with `--dev N` other crystals are answered, whose formulas
are not among those that `--limit` leaves, so that dials can be chosen on them.

CRYSTALS is any source of `micrographia stem structures`: a parquet table, a folder of CIF files.
The commands are `stem structures`, `language texts`, `language train-structure`, `language
structures`, `benchmarks score-written` and `benchmarks compare-written`; each can be run alone.
What is there already is not made again, and a training that was ended, also by kill -9, resumes:
give the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from micrographia.cli import main as run_command
from micrographia.io.schemas import CRYSTAL_TEXTS
from micrographia.io.tables import read_rows, write_table

#: Settings that leave out what is done beyond writing answers, and those that add parts of it.
_ALONE = {
    "cells": 1,
    "units": 0,
    "hold": False,
    "move": False,
    "picture": 0,
    "amounts": 0,
    "area": 0,
}
_WHOLE = {"picture": 3, "move": True, "units": 3, "amounts": 0.6, "area": 0.6, "hold": True}
_PARTS: dict[str, dict[str, object]] = {
    "alone": {},
    "area": {"area": 0.6},
    "picture": {"picture": 3},
    "moved": {"picture": 3, "move": True},
    "units": {"picture": 3, "units": 3, "amounts": 0.6, "area": 0.6},
    "free-cell": _WHOLE | {"hold": False},
    "one-cell": _WHOLE,
    "two-cells": _WHOLE | {"cells": 2},
}
#: Scored runs: name, and the options of `language structures`.
RUNS = {
    "network": [],
    **{
        f"network-{name}": ["--settings", json.dumps({"again": _ALONE | part})]
        for name, part in _PARTS.items()
    },
    "network-lattice": ["--told", "lattice"],
    "network-nothing": ["--told", "nothing"],
    "network-no-picture": ["--no-picture"],
    "nearest": ["--baseline", "nearest"],
    "mean": ["--baseline", "mean"],
}
#: Pairs of runs that are compared: name, the run, and what is taken off.
GAINS = {
    "gain-of-picture": ("network", "network-no-picture"),
    "gain-over-nearest": ("network", "nearest"),
    "gain-of-looking": ("network", "network-alone"),
    "gain-of-two-cells": ("network-two-cells", "network-one-cell"),
}


def main() -> None:
    """Crystals, texts, training, answers, scores, comparisons."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    texts, weights = options.out / "texts.parquet", options.out / "structure.safetensors"
    if not texts.exists():
        rows = _texts(options.crystals, options.out / "learned")
        if options.test is not None:
            kept = [row | {"split": "validation" if row["split"] == "validation" else "train"}
                    for row in rows if row["failure"] is None]  # fmt: skip
            tested = _texts(options.test, options.out / "tested")
            known = {row["formula"] for row in kept}
            rows = kept + [row | {"split": "test", "sibling": None} for row in tested
                           if row["failure"] is None and row["formula"] not in known]  # fmt: skip
        write_table(rows, texts, CRYSTAL_TEXTS)
    # The table of the history is the last file of a training that has ended.
    if not options.shipped and not (options.out / "structure-history.parquet").exists():
        settings: dict[str, object] = {"variants": {"invented": options.invented}}
        if options.steps is not None or options.workers:
            settings["loop"] = _loop(options.steps, options.workers)
        _run(["language", "train-structure", str(texts), "--threads", str(options.threads),
              "--settings", json.dumps(settings), "--out", str(weights)])  # fmt: skip
    texts = _scored(texts, options)
    for name in options.runs:
        answers, scores = (options.out / f"{name}{end}" for end in ("-answers.parquet", ".json"))
        if not answers.exists():
            given = [] if options.shipped else ["--checkpoint", str(weights)]
            _run(["language", "structures", str(texts), *given, *RUNS[name], "--out",
                  str(answers)])  # fmt: skip
        _run(["benchmarks", "score-written", str(texts), "--answers", str(answers), "--method",
              name, "--out", str(scores)])  # fmt: skip
    for name, pair in GAINS.items():
        if set(pair) <= set(options.runs):
            one, other = (str(options.out / f"{run}-answers.parquet") for run in pair)
            _run(["benchmarks", "compare-written", str(texts), "--answers", one, "--against",
                  other, "--answers-method", pair[0], "--against-method", pair[1], "--out",
                  str(options.out / f"{name}.json")])  # fmt: skip


def _scored(texts: Path, options: argparse.Namespace) -> Path:
    """The table, or one beside it with fewer test crystals, drawn at random."""
    if options.limit is None:
        return texts
    rows = read_rows(texts, CRYSTAL_TEXTS)
    tested = [row for row in rows if row["split"] == "test"]
    kept = random.Random(1665).sample(tested, min(options.limit, len(tested)))
    fewer = options.out / f"texts-{options.limit}.parquet"
    if options.dev:
        judged = {row["formula"] for row in kept}
        others = [row for row in tested if row["formula"] not in judged]
        kept = random.Random(17).sample(others, min(300, len(others)))[: options.dev]
        fewer = options.out / f"texts-dev-{options.dev}.parquet"
    write_table([row for row in rows if row["split"] != "test"] + kept, fewer, CRYSTAL_TEXTS)
    return fewer


def _texts(crystals: str, beside: Path) -> list[dict[str, Any]]:
    """Crystals of a source as rows of CRYSTAL_TEXTS; both tables are kept."""
    structures, texts = Path(f"{beside}-structures.parquet"), Path(f"{beside}-texts.parquet")
    if not structures.exists():
        _run(["stem", "structures", crystals, "--out", str(structures), "--seed", "1665"])
    if not texts.exists():
        _run(["language", "texts", str(structures), "--out", str(texts)])
    return read_rows(texts, CRYSTAL_TEXTS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("crystals", help="source of crystals")
    parser.add_argument("--test", help="source of the crystals to score, instead of a tenth")
    parser.add_argument("--invented", type=int, default=0, help="invented crystals to learn from")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument("--steps", type=int, default=None, help="updates; default: the settings'")
    parser.add_argument(
        "--workers", type=int, default=0, help="further processes that draw the pictures"
    )
    parser.add_argument("--limit", type=int, default=None, help="only N test crystals, at random")
    parser.add_argument(
        "--dev", type=int, default=None, help="answer N others than the crystals of --limit"
    )
    parser.add_argument(
        "--shipped", action="store_true", help="answer with the shipped weights, train nothing"
    )
    parser.add_argument(
        "--runs", nargs="*", choices=RUNS, default=list(RUNS), help="what to score; default: all"
    )
    return parser.parse_args()


def _loop(steps: int | None, workers: int) -> dict[str, object]:
    """The default schedule with another length, and processes that draw its pictures."""
    from micrographia.config import StructureText

    loop = StructureText().loop
    return loop.model_dump(mode="json") | {"steps": steps or loop.steps, "workers": workers}


def _run(command: list[str]) -> None:
    # Two libraries with threads of their own would share the same cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    status = run_command(command)
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
