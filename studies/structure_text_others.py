"""Print how often the cell is found before a network reads, and how it reads another maker.

    python -m tests.second_maker --mode haadf --count 24 --split apart --seed 4711 --out FOLDER
    python studies/structure_text_others.py FOLDER [--checkpoint FILE]

First, 150 invented crystals on pictures as those of the training: the share whose cell is measured
right, cells that are too small or too large, and the median error of a. Then the pictures in
FOLDER, which share no code with the product and are turned, aberrated and larger: the formula and
the pixel size are told. A cell is right within 0.1 Å and 2 degrees; a hit is STEM2Crystal-Bench's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.benchmarks.structure.stem2crystal.matching import match
from micrographia.config import StructureText
from micrographia.io.stem_images import read_stem_image
from micrographia.io.structures import from_cif
from micrographia.language.structure.invented import invent
from micrographia.language.structure.predict import (
    open_writer,
    parse_formula,
    resample,
    write_structures,
)
from micrographia.language.structure.samples import show
from micrographia.language.structure.seen.repeats import find_repeats
from micrographia.language.structure.tokens import prompt
from micrographia.physics.lattice import niggli_parameters

CRYSTALS, LENGTH, ANGLE = 150, 0.1, 2.0


def main() -> None:
    """Cells of invented crystals, then the other maker's pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="written by tests.second_maker")
    parser.add_argument("--checkpoint", type=Path, default=None, help="default: shipped weights")
    options = parser.parse_args()
    _cells()
    _other_maker(options.folder, options.checkpoint)


def _cells() -> None:
    dials = StructureText().pictures
    right, small, large, none, errors = 0, 0, 0, 0, []
    for number in range(CRYSTALS):
        crystal = invent(np.random.default_rng([number, 9]))
        shown = show(crystal, dials, np.random.default_rng([7, number]))
        cell, true = find_repeats(shown.picture).cell, crystal.cell
        if cell is None:
            none += 1
        elif _alike(cell, true):
            right += 1
            errors.append(abs(niggli_parameters(cell)[0] - niggli_parameters(true)[0]))
        elif abs(np.linalg.det(cell)) < abs(np.linalg.det(true)):
            small += 1
        else:
            large += 1
    print(f"{CRYSTALS} invented crystals: cell right {right}, too small {small}, other {large}, "
          f"none {none}; median error of a {np.median(errors):.4f} Å")  # fmt: skip


def _other_maker(folder: Path, checkpoint: Path | None) -> None:
    (table,) = folder.glob("*.jsonl")
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()
    ]
    settings = StructureText(device="cpu")
    writer = open_writer(checkpoint, settings)
    cells = hits = 0
    for row in rows:
        picture = resample(read_stem_image(folder / row["file"], row["pixel_size"]))
        start = prompt(parse_formula(row["formula"]), None)
        found = write_structures(writer, [picture], [start], 5, settings.temperature, 1)[0]
        answer, truth = found[0].crystal.atoms(), from_cif(row["cif"])
        cells += _alike(np.array(answer.cell[:2, :2]), np.array(truth.cell[:2, :2]))
        hits += match(answer, truth).hit
    print(f"{len(rows)} pictures of {folder}: cell right {cells}, Hit@1 {hits}")


def _alike(cell: np.ndarray, true: np.ndarray) -> bool:
    away = np.abs(np.array(niggli_parameters(cell)) - np.array(niggli_parameters(true)))
    return bool((away < (LENGTH, LENGTH, ANGLE)).all())


if __name__ == "__main__":
    main()
