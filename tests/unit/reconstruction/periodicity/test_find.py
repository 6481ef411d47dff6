"""The cell of a picture is the crystal's, whatever the scan did; what is none is refused."""

from pathlib import Path

import numpy as np
import pytest
from unit.reconstruction.periodicity.lattice_pictures import (
    HEXAGONAL,
    HONEYCOMB,
    SQUARE,
    TURN,
    scanned,
)

from micrographia.errors import SolveError
from micrographia.physics.lattice import cell_parameters, niggli_parameters
from micrographia.reconstruction.deadline import Deadline, OutOfTimeError
from micrographia.reconstruction.periodicity.cell import CellLimits, propose_cells
from micrographia.reconstruction.periodicity.find import find_periodicity

REAL = Path(__file__).parents[4].parent / "shared" / "data" / "stem_real"
ROWS = np.arange(256)


def _parameters(cell: np.ndarray) -> tuple[float, float, float]:
    return niggli_parameters(cell)


def test_a_cell_is_found_to_a_thousandth() -> None:
    true = HEXAGONAL * 22 @ TURN
    found = find_periodicity(scanned(true))
    assert np.allclose(_parameters(found.cell)[:2], 22, rtol=1e-3)
    assert _parameters(found.cell)[2] == pytest.approx(120, abs=0.1)
    assert found.explained > 0.9
    assert found.grains.count == 1


def test_shear_stays_in_the_cell_and_makes_no_superlattice() -> None:
    sheared = HEXAGONAL * 22 @ TURN @ np.array([[1.01, 0.0], [0.02, 0.99]])
    found = find_periodicity(scanned(sheared))
    assert np.allclose(_parameters(found.cell), _parameters(sheared), rtol=2e-3)


@pytest.mark.parametrize("bend", [0.01, 0.02])
def test_bending_makes_neither_superlattice_nor_grains(bend: float) -> None:
    true = HEXAGONAL * 22 @ TURN
    found = find_periodicity(scanned(true, bend=bend, counts=60))
    assert abs(np.linalg.det(found.cell)) == pytest.approx(abs(np.linalg.det(true)), rel=0.02)
    assert found.grains.count == 1


def test_a_weak_superstructure_is_found() -> None:
    half = SQUARE * 16
    doubled = np.array([2.0, 1.0])[:, None] * half @ TURN
    sites = ((0.1, 0.1, 1.0), (0.6, 0.1, 0.93))
    found = find_periodicity(scanned(doubled, sites))
    assert _parameters(found.cell)[:2] == pytest.approx((16, 32), rel=3e-3)
    plain = find_periodicity(scanned(half @ TURN, ((0.1, 0.1, 1.0),)))
    assert _parameters(plain.cell)[:2] == pytest.approx((16, 16), rel=3e-3)


def test_half_a_cell_is_not_taken_for_the_cell() -> None:
    cell = np.diag([30.0, 18.0]) @ TURN
    dumbbell = ((0.1, 0.1, 1.0), (0.6, 0.1, 0.7))
    found = find_periodicity(scanned(cell, dumbbell))
    assert _parameters(found.cell)[:2] == pytest.approx((18, 30), rel=0.005)


def test_masked_text_does_not_matter() -> None:
    true = HEXAGONAL * 22 @ TURN
    picture = scanned(true)
    mask = np.zeros(picture.shape, dtype=bool)
    mask[200:240, 20:200] = True
    picture[mask] = 9.0
    found = find_periodicity(picture, mask)
    assert np.allclose(_parameters(found.cell)[:2], 22, rtol=2e-3)


def test_two_grains_are_noticed_and_the_larger_is_described() -> None:
    angle = np.radians(11)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    picture = scanned(HEXAGONAL * 18 @ TURN, side=320)
    other = scanned(HEXAGONAL * 18 @ TURN @ turn, side=320, seed=1)
    picture[:, 190:] = other[:, 190:]
    found = find_periodicity(picture)
    assert found.grains.count == 2
    assert "turned by" in found.grains.sentence
    assert found.grains.mask[:, :150].mean() > 0.9
    assert found.grains.mask[:, 230:].mean() < 0.1
    assert np.allclose(_parameters(found.cell)[:2], 18, rtol=5e-3)


@pytest.mark.parametrize("kind", ["white", "slow", "empty"])
def test_what_is_no_lattice_is_refused(kind: str) -> None:
    rng = np.random.default_rng(3)
    picture = rng.normal(size=(200, 220))
    if kind == "slow":
        picture = np.cumsum(picture, axis=1)
    if kind == "empty":
        picture = np.ones((200, 220))
    with pytest.raises(SolveError):
        find_periodicity(picture)


def test_the_deadline_is_kept() -> None:
    with pytest.raises(OutOfTimeError):
        find_periodicity(scanned(HEXAGONAL * 22), deadline=Deadline(0.0))


def test_limits_exclude_cells() -> None:
    proposals = propose_cells(scanned(HEXAGONAL * 22 @ TURN), None, CellLimits(30.0))
    assert all(np.linalg.norm(proposal.cell, axis=1).min() > 28 for proposal in proposals)


@pytest.mark.skipif(not REAL.exists(), reason="real pictures are not here")
@pytest.mark.parametrize(
    ("name", "ratio", "gamma"),
    [
        # b/a and γ as they are measured: the symmetric values but for the scan's distortion.
        ("Si110_5nmX25us_03_none_none.png", 1.0, 109.47),
        ("C.png", 1.0, 120.0),
        ("FeTe.png", 1.0, 90.0),
    ],
)
def test_real_pictures_have_the_crystal_s_cell(name: str, ratio: float, gamma: float) -> None:
    from PIL import Image

    picture = np.asarray(Image.open(REAL / name).convert("L"), dtype=np.float64)
    found = find_periodicity(picture)
    a, b, angle = niggli_parameters(found.cell)
    assert b / a == pytest.approx(ratio, abs=0.03)
    assert angle == pytest.approx(gamma, abs=3.0)
    assert cell_parameters(found.cell)[0] > 30


def test_the_honeycomb_has_two_columns_in_its_mean_cell() -> None:
    found = find_periodicity(scanned(HEXAGONAL * 22 @ TURN, HONEYCOMB))
    values = found.mean.values
    low, high = np.quantile(values, [0.1, 1.0])
    assert high - low > 0.8
    assert found.noise < 0.1
