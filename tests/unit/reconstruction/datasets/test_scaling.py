"""The repeating cell of pictures whose cell the test has drawn, and of real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from micrographia.arrays import FloatArray
from micrographia.errors import SolveError
from micrographia.io.datasets.real_pictures import read_real_pictures
from micrographia.physics.lattice import niggli_parameters
from micrographia.reconstruction.datasets.real import open_real
from micrographia.reconstruction.datasets.scaling import pixel_size_of_area, repeating_cell

ROOT = Path(__file__).parents[4]
REAL = ROOT.parent / "shared" / "data" / "stem_real"


def _dots(cell: FloatArray, atoms: list[tuple[float, float, float]], side: int) -> FloatArray:
    """Gaussian dots (x, y in fractions, height) on a lattice [px], with noise."""
    y, x = np.indices((side, side)).astype(float)
    picture = np.random.default_rng(0).normal(scale=0.1, size=(side, side))
    for i in range(-30, 31):
        for j in range(-30, 31):
            for u, v, height in atoms:
                centre = np.array([i + u, j + v]) @ cell + [3.0, 5.0]
                if centre.min() > -9 and centre.max() < side + 9:
                    squared = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
                    picture += height * np.exp(-squared / 18)
    return picture


@pytest.mark.parametrize(
    ("cell", "atoms"),
    [
        ([[24.3, 3.1], [-9.0, 21.4]], [(0.0, 0.0, 1.0)]),
        ([[30.0, 0.0], [-15.0, 25.98]], [(1 / 3, 2 / 3, 1.0), (2 / 3, 1 / 3, 1.0)]),
        ([[21.0, 0.0], [0.0, 52.0]], [(0.0, 0.0, 1.0), (0.5, 0.45, 0.4)]),
    ],
    ids=["oblique", "honeycomb", "rectangle"],
)
def test_the_cell_is_the_one_that_was_drawn(
    cell: list[list[float]], atoms: list[tuple[float, float, float]]
) -> None:
    drawn = np.array(cell)
    found = repeating_cell(_dots(drawn, atoms, 180).astype(np.float32))
    assert niggli_parameters(found) == pytest.approx(niggli_parameters(drawn), rel=0.015)


def test_the_pixel_size_is_the_root_of_the_areas_ratio() -> None:
    picture = _dots(np.array([[20.0, 0.0], [0.0, 25.0]]), [(0, 0, 1.0)], 160).astype(np.float32)
    assert pixel_size_of_area(picture, 20.0) == pytest.approx(0.2, rel=0.01)


def test_noise_has_no_cell() -> None:
    noise = np.random.default_rng(1).normal(size=(128, 128)).astype(np.float32)
    with pytest.raises(SolveError, match="repeats itself nowhere"):
        repeating_cell(noise)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/stem_real")
def test_real_pictures_have_the_cells_of_their_crystals() -> None:
    """Ratio and angle are no matter of scale; scans are off by a few hundredths."""
    expected = {
        "graphene": (1.0, 120.0),
        "MoS2": (1.0, 120.0),
        "FeTe": (1.0, 90.0),
        "Si-110": (1.0, 109.5),
        "DyScO3": (2.005, 90.0),
    }
    table = ROOT / "resources" / "real_stem" / "table.csv"
    for picture in read_real_pictures(table, REAL):
        a, b, gamma = niggli_parameters(repeating_cell(open_real(picture).pixels))
        assert b / a == pytest.approx(expected[picture.name][0], rel=0.05), picture.name
        assert gamma == pytest.approx(expected[picture.name][1], abs=3), picture.name
