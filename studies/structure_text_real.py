"""Print how the shipped network reads pictures from microscopes that show 13 to 22 Å.

    python studies/structure_text_real.py ../shared/data/stem_real

The folder holds `C.png`, `MoS2.png` and `FeTe.png` (atomgpt examples, NIST) with their crystals.
Nothing states how large a pixel is, so the area of the true projected cell does: the lattice's
size is told, its shape and what it holds are not. The formula is told. A picture is also read as
if its pixels were 3 % larger and smaller, since a stated scale is seldom better. Hit is
STEM2Crystal-Bench's, on all of five answers and on the first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from ase.io import read

from micrographia.benchmarks.structure.scores import project
from micrographia.benchmarks.structure.stem2crystal.matching import match
from micrographia.config import StructureText
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.io.structures import orient_layer
from micrographia.language.structure.canonical import write
from micrographia.language.structure.predict import (
    open_writer,
    parse_formula,
    resample,
    write_structures,
)
from micrographia.language.structure.seen.repeats import find_repeats
from micrographia.language.structure.tokens import prompt

#: Width of each picture as it was published, to begin with [Å].
FIELDS = {"C": 20.0, "MoS2": 13.0, "FeTe": 22.0}
#: Errors of the scale.
SCALES = (1.0, 0.97, 1.03)


def main() -> None:
    """Each picture at three scales."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with the pictures and their POSCARs")
    parser.add_argument("--network-alone", action="store_true", help="rank by likelihood alone")
    options = parser.parse_args()
    settings = StructureText(device="cpu")
    writer = open_writer(None, settings)
    again = None if options.network_alone else settings.again
    for name, width in FIELDS.items():
        truth = write(orient_layer(read(options.folder / f"POSCAR-{name}", format="vasp"))).atoms()
        path = options.folder / f"{name}.png"
        size = _pixel_size(read_stem_image(path, 0.1), width, project(truth).cell)
        for scale in SCALES:
            picture = resample(read_stem_image(path, size * scale))
            found = write_structures(
                writer, [picture], [prompt(parse_formula(name), None)], 5, settings.temperature,
                1665, again,
            )[0]  # fmt: skip
            hits = [match(answer.crystal.atoms(), truth).hit for answer in found]
            best = found[0]
            told = "" if best.explained is None else f", explains {best.explained:.2f}"
            text = " | ".join(best.crystal.text().splitlines())
            print(f"{name} at {scale:g} of its scale, {len(picture) / 10:g} Å: hit {hits[0]}, "
                  f"of five {any(hits)}{told}: {text}", flush=True)  # fmt: skip


def _pixel_size(image: StemImage, width: float, cell: np.ndarray) -> float:
    """Pixel size [Å] at which the measured cell has the area of the true one."""
    size = width / image.pixels.shape[1]
    measured = find_repeats(resample(StemImage(image.pixels, size))).cell
    if measured is None:
        return size
    ratio = abs(float(np.linalg.det(cell) / np.linalg.det(measured)))
    # A cell that is measured twice too large, or half as large, is no error of the scale.
    return size * float(np.sqrt(ratio * max(1, round(1 / ratio)) / max(1, round(ratio))))


if __name__ == "__main__":
    main()
