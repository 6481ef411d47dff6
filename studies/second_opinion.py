"""Measure the solver on pictures that someone else's code made.

    python -m tests.second_maker --mode idpc --kind plain --count 20 --seed 7 --out FOLDER
    python studies/second_opinion.py --pictures FOLDER --jobs 2 --out answers.json

A folder holds pictures and `truth.jsonl`: of each picture its file, the stated `pixel_size` [Å],
the elements, the CIF of the layer, the kind of damage and the conditions. The solver is told the
pixel size and the elements; with `--told detector` also which detector, with `--told conditions`
all that a microscope shows (energy, semi-angle, aberrations, source, detector); with `--blind` not
the elements. An answer is right where its projection agrees with the truth's within 0.47 Å rms
(S.S.@0.47), which takes the right cell and species. A picture of kind `shear` or `pixel` does not
hold the scale: there the answer is brought to the truth's area first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.benchmarks.structure.outcome import refusal_class
from micrographia.benchmarks.structure.scores import compare, project
from micrographia.config import Reconstruction, parse_section
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.io.stem_images import StemImage
from micrographia.io.structures import from_cif, to_cif
from micrographia.provenance import machine
from micrographia.reconstruction.crystal import symmetric_layer
from micrographia.reconstruction.solve import Solution, solve

CONFIDENT = 0.5
#: Kinds whose pictures do not hold the scale.
UP_TO_SCALE = ("shear", "pixel")
_MOST_RESCALED = 0.15  # of the area; beyond that the cell is another one
_DETECTORS = {"com": "icom"}
_TOLD = [
    "energy_keV",
    "semiangle_mrad",
    "defocus",
    "astigmatism",
    "astigmatism_angle",
    "coma",
    "coma_angle",
    "threefold",
    "threefold_angle",
    "source_size",
]
_COLUMNS = (
    "kind | pictures | right | wrong | refused | sure and wrong | median confidence, right | "
    "median s | 95 % s"
)


@dataclass(frozen=True)
class Task:
    """One picture to read: its folder, its truth, what the solver is told and its limits."""

    folder: Path
    truth: dict[str, Any]
    told: str
    blind: bool
    settings: Reconstruction


def main() -> None:
    """Solve every picture, print a line for each as it is done, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--told", choices=("nothing", "detector", "conditions"), default="nothing")
    parser.add_argument("--blind", action="store_true", help="do not tell the elements")
    parser.add_argument("--count", type=int, default=None, help="first pictures of each folder")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--settings", default="{}", help="section reconstruction")
    parser.add_argument("--out", type=Path, default=None, help="JSON with every answer")
    arguments = parser.parse_args()
    settings = parse_section(arguments.settings, Reconstruction)
    tasks = [
        Task(folder, json.loads(line), arguments.told, arguments.blind, settings)
        for folder in arguments.pictures
        for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()[: arguments.count]
    ]
    rows = []
    for row in _answers(tasks, arguments.jobs):
        rows.append(row)
        shown = ("file", "formula", "answer", "detail")
        print(
            " | ".join(str(row[name]) for name in shown), f"| {row['seconds']:.1f} s", flush=True
        )
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    _print_table(rows, f"told: {arguments.told}{', blind' if arguments.blind else ''}")


def _answers(tasks: list[Task], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs < 2:
        yield from map(answer, tasks)
        return
    # Processes side by side, one thread each, or they fight for the cores; a fresh interpreter
    # reads these, a forked one has its threads already.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(answer, tasks)


def answer(task: Task) -> dict[str, Any]:
    """What the solver says of one picture, and whether it is right.

    Returns
    -------
    `file`, `mode`, `kind`, `formula`, `structure_id`, `answer` (right, wrong, refused),
    `detail`, `confidence` (None if refused), `outcome`, `rms_sites` [Å], `found`,
    `cif`, `notes`, `noticed` (grains are mentioned), `seconds`.
    """
    truth = task.truth
    names = ("file", "mode", "kind", "formula", "structure_id")
    row: dict[str, Any] = {name: truth[name] for name in names}
    row |= {"confidence": None, "outcome": None, "rms_sites": None, "noticed": False}
    pixels = read_micrograph(task.folder / truth["file"]).pixels.astype(np.float32)
    image = StemImage(pixels, truth["pixel_size"], metadata_of(truth, task.told))
    elements = None if task.blind else truth["elements"]
    started = time.perf_counter()
    try:
        solution = solve(image, elements, task.settings)
        symmetry = task.settings.symmetry
        atoms = symmetric_layer(solution, symmetry, symmetry.height_tolerance).atoms
    except MicrographiaError as error:
        row |= {"answer": "refused", "detail": refusal_class(str(error))}
        row["failure"], row["noticed"] = str(error), "grain" in str(error)
    else:
        row |= _judged(atoms, solution, truth)
    row["seconds"] = time.perf_counter() - started
    return row


def metadata_of(truth: dict[str, Any], told: str) -> dict[str, Any]:
    """The metadata that the solver sees; they never state a unit."""
    if told == "nothing":
        return {}
    drawn = truth["conditions"]
    detector = drawn["detector"]
    conditions: dict[str, Any] = {"detector": _DETECTORS.get(detector, detector)}
    if told == "conditions":
        conditions |= {name: drawn[name] for name in _TOLD}
        inner, outer = drawn["ring_mrad"]
        if detector == "haadf":
            conditions |= {"annular_inner_mrad": inner, "annular_outer_mrad": outer}
        elif detector == "segments":
            conditions["detector_outer_mrad"] = drawn["outer_mrad"]
    return {"conditions": conditions}


def _judged(atoms: Atoms, solution: Solution, truth: dict[str, Any]) -> dict[str, Any]:
    wanted = from_cif(truth["cif"])
    if truth["kind"] in UP_TO_SCALE:
        atoms = up_to_scale(atoms, wanted)
    result = compare(atoms, wanted)
    formula = atoms.get_chemical_formula("metal")
    notes = str(getattr(solution, "notes", ""))
    return {
        "answer": "right" if result["ss_047"] else "wrong",
        "detail": f"{formula}, confidence {solution.confidence:.3f}, {result['outcome']}",
        "confidence": solution.confidence,
        "outcome": result["outcome"],
        "rms_sites": result["rms_sites"],
        "found": formula,
        "cif": to_cif(atoms),
        "notes": notes,
        "noticed": "grain" in notes,
    }


def up_to_scale(atoms: Atoms, wanted: Atoms) -> Atoms:
    """The answer with its projected cell's area brought to the truth's, if it is near it."""
    areas = [abs(float(np.linalg.det(project(layer).cell))) for layer in (wanted, atoms)]
    ratio = areas[0] / areas[1]
    if abs(ratio - 1) > _MOST_RESCALED:
        return atoms
    scaled = atoms.copy()
    cell = scaled.cell[:].copy()
    cell[:2] *= np.sqrt(ratio)
    scaled.set_cell(cell, scale_atoms=True)
    return scaled


def _print_table(rows: Sequence[dict[str, Any]], told: str) -> None:
    here = machine()
    print(f"\n{here['processor']}, {here['cores']} cores; {told}\n")
    print(f"| {_COLUMNS} |\n|{'---|' * len(_COLUMNS.split('|'))}")
    groups = list(dict.fromkeys((row["mode"], row["kind"]) for row in rows))
    for mode, kind in groups:
        some = [row for row in rows if (row["mode"], row["kind"]) == (mode, kind)]
        print(f"| {' | '.join(_cells(f'{mode} {kind}', some))} |")
    if len(groups) > 1:
        print(f"| {' | '.join(_cells('all', rows))} |")
    grains = [row for row in rows if row["kind"] == "grains"]
    if grains:
        noticed = sum(row["noticed"] for row in grains)
        either = sum(row["answer"] == "right" for row in grains)
        print(f"\ngrains: noticed {noticed}, one of the two right {either}, of {len(grains)}")
    reasons = [row["detail"] for row in rows if row["answer"] == "refused"]
    for reason in sorted(set(reasons), key=reasons.count, reverse=True):
        print(f"- refused {reasons.count(reason)}×: {reason}")
    outcomes = [row["outcome"] for row in rows if row["answer"] == "wrong"]
    for outcome in sorted(set(outcomes), key=outcomes.count, reverse=True):
        print(f"- wrong {outcomes.count(outcome)}×: {outcome}")


def _cells(name: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    answers = [row["answer"] for row in rows]
    right = [row["confidence"] for row in rows if row["answer"] == "right"]
    sure = [row for row in rows if row["answer"] == "wrong" and row["confidence"] >= CONFIDENT]
    seconds = [row["seconds"] for row in rows]
    return [
        name,
        str(len(rows)),
        *(str(answers.count(kind)) for kind in ("right", "wrong", "refused")),
        str(len(sure)),
        f"{np.median(right):.3f}" if right else "",
        f"{np.median(seconds):.1f}",
        f"{np.percentile(seconds, 95):.1f}",
    ]


if __name__ == "__main__":
    main()
