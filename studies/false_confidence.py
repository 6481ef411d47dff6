"""Measure how often the solver is wrong with high confidence on unreadable images.

    python studies/false_confidence.py --each 16
    python studies/false_confidence.py --structures results/stem/structures.parquet

Five kinds of pictures are made (see `micrographia.stem.unreadable`): low dose, amorphous, blank,
contaminated, and a pixel size that is wrong by a tenth. The solver knows only the
elements. An answer is wrong unless a crystal is shown and its sites agree within 0.47 Å; it
is confidently wrong when it states a confidence of 0.5 or more. A wrong pixel size scales the
crystal, which a picture alone does not show: this kind counts only once the answers are relaxed,
and is printed apart.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ase import Atoms

from micrographia.benchmarks.structure.outcome import refusal_class
from micrographia.benchmarks.structure.scores import compare
from micrographia.config import Reconstruction, parse_section
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif
from micrographia.io.tables import read_rows
from micrographia.physics.conditions import ImagingConditions
from micrographia.provenance import machine
from micrographia.reconstruction.solve import solve
from micrographia.stem.crystals.prototypes import read_prototypes
from micrographia.stem.unreadable import KINDS, Unreadable, unreadable_images

CONFIDENT = 0.5
APART = "wrong pixel size"
ANSWERS = ("refused", "unsure", "right", "confidently wrong")
_PROTOTYPES = Path(__file__).parents[1] / "src/micrographia/stem/crystals/prototypes.csv"


def main() -> None:
    """Make the pictures, solve them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=16, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--structures", type=Path, default=None, help="structures.parquet")
    parser.add_argument("--settings", default="{}", help="section reconstruction")
    parser.add_argument("--out", type=Path, default=None, help="JSON with every case")
    arguments = parser.parse_args()
    settings = parse_section(arguments.settings, Reconstruction)
    crystals = _crystals(arguments.structures)
    rows = []
    for case in unreadable_images(crystals, arguments.each, ImagingConditions(), arguments.seed):
        rows.append(_try(case, settings))
        print(" | ".join(str(rows[-1][key]) for key in ("name", "answer", "detail")), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    _print_summary(rows)


def _crystals(table: Path | None) -> list[tuple[str, Atoms]]:
    if table is None:
        entries = read_prototypes(_PROTOTYPES)
        found = [(name, atoms) for name, atoms, *_ in entries if atoms is not None]
    else:
        kept = (row for row in read_rows(table) if row["status"] == "kept")
        found = [(row["structure_id"], from_cif(row["cif"])) for row in kept]
    # Far apart in the table, so that pictures of a kind do not show one family.
    step = next(n for n in (37, 41, 43) if len(found) % n)
    return [found[k * step % len(found)] for k in range(len(found))]


def _try(case: Unreadable, settings: Reconstruction) -> dict[str, Any]:
    row: dict[str, Any] = {"name": case.name, "kind": case.kind, "confidence": None}
    started = time.perf_counter()
    try:
        solution = solve(case.image, case.elements, settings)
    except MicrographiaError as error:
        row |= {"answer": "refused", "detail": refusal_class(str(error))}
    else:
        result = compare(solution.atoms, case.truth) if case.truth is not None else None
        right = bool(result and result["ss_047"])
        sure = solution.confidence >= CONFIDENT
        row["confidence"] = solution.confidence
        row["answer"] = "right" if right else "confidently wrong" if sure else "unsure"
        outcome = "no crystal is shown" if result is None else result["outcome"]
        formula = solution.atoms.get_chemical_formula("metal")
        row["detail"] = f"{formula}, confidence {solution.confidence:.3f}, {outcome}"
    row["seconds"] = time.perf_counter() - started
    return row


def _print_summary(rows: list[dict[str, Any]]) -> None:
    here = machine()
    print(f"\n{here['processor']}, {here['cores']} cores\n")
    print("| kind | pictures | " + " | ".join(ANSWERS) + " | rate |")
    print("|---|---|" + "---|" * (len(ANSWERS) + 1))
    counted = [row for row in rows if row["kind"] != APART]
    for kind in KINDS:
        _print_row(kind, [row for row in rows if row["kind"] == kind])
    _print_row(f"all but {APART}", counted)
    print("\n`unsure` is a wrong answer with a confidence below 0.5; the bar is a rate of 2 %.")
    reasons = Counter(row["detail"] for row in rows if row["answer"] == "refused")
    for reason, count in reasons.most_common():
        print(f"- refused {count}×: {reason}")


def _print_row(name: str, rows: list[dict[str, Any]]) -> None:
    counts = Counter(row["answer"] for row in rows)
    rate = counts["confidently wrong"] / max(1, len(rows))
    cells = [name, len(rows), *(counts[answer] for answer in ANSWERS), f"{100 * rate:.1f} %"]
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


if __name__ == "__main__":
    main()
