"""Read every picture of STEM2Crystal-Bench or its double, and score the ranked crystals.

    python studies/stem2crystal.py DATASET --out FOLDER [--heights geometry|chgnet] [--limit N]

writes `answers.jsonl`, picture by picture (a second run goes on where the first was cut off), and
`scores.json` and `.parquet` by `micrographia benchmarks score-stem2crystal`. The solver is told
pixel size and composition. `--oracle` puts the true projection in the solver's place, which leaves
the heights to be found. The double: `python -m tests.stem2crystal_double --help`.
"""

from __future__ import annotations

import argparse
import inspect
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.benchmarks.structure.stem2crystal.answers import MOST
from micrographia.benchmarks.structure.stem2crystal.dataset import Item, read_dataset
from micrographia.cli import main as run_command
from micrographia.config import Energy, Reconstruction
from micrographia.errors import MicrographiaError
from micrographia.io.structures import orient_layer, to_cif
from micrographia.reconstruction.crystal import read_crystal
from micrographia.reconstruction.heights import build_layer


def main() -> None:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    answers = options.out / "answers.jsonl"
    done = set()
    if answers.exists():
        done = {json.loads(line)["picture"] for line in answers.read_text().splitlines()}
    items = read_dataset(options.dataset)[: options.limit]
    settings = Reconstruction(time_limit=options.time_limit)
    with answers.open("a", encoding="utf-8") as file:
        for item in items:
            if item.picture in done:
                continue
            row = _answer(item, settings, options)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            print(f"{item.picture}: {row.get('failure') or 'answered'}, {row['seconds']:.1f} s")
    command = ["benchmarks", "score-stem2crystal", str(options.dataset), "--answers"]
    run_command([*command, str(answers), "--out", str(options.out / "scores.json")])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "dataset", type=Path, help="table of pictures, or the folder that holds it"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--heights", choices=("geometry", "chgnet"), default="geometry",
        help="heights by bond lengths, or by a search over CHGNet's energies (minutes a crystal)",
    )  # fmt: skip
    parser.add_argument("--oracle", action="store_true", help="give the true projection")
    parser.add_argument("--limit", type=int, default=None, help="only the first N pictures")
    parser.add_argument("--time-limit", type=float, default=60.0, help="of a picture [s]")
    parser.add_argument(
        "--vacuum", type=float, default=20.0,
        help="vacuum of the answers [Å]: a picture cannot show the data set's convention",
    )  # fmt: skip
    return parser.parse_args()


def _answer(item: Item, settings: Reconstruction, options: argparse.Namespace) -> dict[str, Any]:
    started = time.perf_counter()
    row: dict[str, Any] = {"picture": item.picture}
    try:
        crystals = _oracle(item, options) if options.oracle else _solve(item, settings, row)
        if options.heights == "chgnet":
            crystals = [_search(crystals[0]), *crystals[1:]]
        layers = [_with_vacuum(atoms, options.vacuum) for atoms in crystals[:MOST]]
        row["answers"] = [to_cif(atoms) for atoms in layers]
    except MicrographiaError as error:
        row["failure"] = str(error)
    row["seconds"] = time.perf_counter() - started
    return row


def _solve(item: Item, settings: Reconstruction, row: dict[str, Any]) -> list[Atoms]:
    """The solver's ranked crystals; it is told the composition where it can be."""
    told: dict[str, Any] = {}
    if "composition" in inspect.signature(read_crystal).parameters:
        told["composition"] = item.composition
    crystal = read_crystal(item.read(), sorted(item.composition), settings, item.picture, **told)
    row["confidence"] = crystal.confidence
    return list(getattr(crystal, "candidates", None) or [crystal.atoms])


def _oracle(item: Item, options: argparse.Namespace) -> list[Atoms]:
    layer = orient_layer(item.truth)
    plane = np.array(layer.cell[:2, :2])
    return [build_layer(plane, layer.positions[:, :2], layer.numbers, options.vacuum)]


def _search(atoms: Atoms) -> Atoms:
    """Heights of lowest energy on the measured plane, which stays as it was measured."""
    from micrographia.energy.calculators import load_potential
    from micrographia.energy.relax import relax_layer

    settings = Energy()
    flat = atoms.copy()
    relaxed = relax_layer(flat, load_potential(settings), settings).best.atoms
    return relaxed if len(relaxed) else atoms


def _with_vacuum(atoms: Atoms, vacuum: float) -> Atoms:
    """The layer in a cell of this much vacuum above its thickness."""
    layer = orient_layer(atoms)
    cell = np.array(layer.cell[:])
    cell[2] = [0, 0, float(np.ptp(layer.positions[:, 2])) + vacuum]
    middle = (layer.positions[:, 2].max() + layer.positions[:, 2].min()) / 2
    positions = layer.positions.copy()
    positions[:, 2] += cell[2, 2] / 2 - middle
    return Atoms(layer.numbers, positions=positions, cell=cell, pbc=True)


if __name__ == "__main__":
    main()
