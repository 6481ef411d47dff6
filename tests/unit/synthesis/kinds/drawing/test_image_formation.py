"""Image formation: what the physics of the detector, of the projection and of absorption says."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.synthesis.kinds.drawing.exposure import banner, expose
from micrographia.synthesis.kinds.drawing.layout import Layout
from micrographia.synthesis.kinds.drawing.lot import Lot
from micrographia.synthesis.kinds.drawing.oblique import oblique
from micrographia.synthesis.kinds.drawing.relief import Relief, ellipsoid
from micrographia.synthesis.kinds.drawing.shading import Look, secondary
from micrographia.synthesis.kinds.drawing.transmission import transmitted

PLAIN = Look(edge=0.8, side=0.0, azimuth=0.0, hollow=0.8, depth=0.02, grain=0.0)


def lot(seed: int = 0, variety: float = 0.0, likeness: float = 0.0) -> Lot:
    return Lot(np.random.default_rng(seed), variety, likeness)


def test_a_flat_surface_is_even() -> None:
    picture = secondary(Relief(64, 3.0, 0.7), lot(), look=PLAIN)
    assert np.ptp(picture) < 1e-5


def test_the_flank_of_a_ball_outshines_its_top() -> None:
    """Yield of secondary electrons grows with the tilt of the surface."""
    relief = Relief(128)
    relief.put(ellipsoid((64.0, 64.0), (50.0, 50.0)), 0.0)
    picture = secondary(relief, lot(), look=PLAIN)
    assert picture[64, 64 + 44] > 1.2 * picture[64, 64]


def test_a_pit_is_darker_and_the_side_to_the_detector_brighter() -> None:
    pit, hill = Relief(128), Relief(128)
    pit.z[54:74, 54:74] = -30
    assert (
        secondary(pit, lot(), look=PLAIN)[64, 64] < 0.8 * secondary(pit, lot(), look=PLAIN)[8, 8]
    )
    hill.put(ellipsoid((64.0, 64.0), (50.0, 50.0), height=15.0), 0.0)
    lit = secondary(hill, lot(), look=Look(0.0, 0.5, 0.0, 0.0, 0.02, 0.0))
    assert lit[64, 90] > lit[64, 64] > lit[64, 38]


@pytest.mark.parametrize("tilt", [0.3, 0.7, 1.1])
def test_a_raised_block_is_shifted_by_its_height_times_the_sine(tilt: float) -> None:
    relief = Relief(200)
    relief.z[120:160, 60:140] = 50.0
    picture = np.zeros((200, 200), dtype=np.float32)
    picture[120:160, 60:140] = 1.0
    seen = oblique(relief, picture, tilt, wall=0.0)
    rows = np.flatnonzero(seen[:, 100] > 0.5)
    assert rows[0] == pytest.approx(120 - 50 * np.sin(tilt), abs=2)
    assert rows[-1] == pytest.approx(160 - 50 * np.sin(tilt), abs=3)
    assert np.abs(seen[:, 20]).max() < 1e-6


def test_absorption_follows_beer_and_lambert() -> None:
    mass = np.zeros((240, 240), dtype=np.float32)
    mass[:, 80:160], mass[:, 160:] = 10.0, 20.0
    picture = transmitted(mass, lot(4))
    none, once, twice = (picture[:, x : x + 40].mean() for x in (20, 100, 180))
    assert once / none < 0.9
    assert twice / none == pytest.approx((once / none) ** 2, rel=0.05)


def test_shapes_have_the_area_of_geometry() -> None:
    size = 200
    for turn, squash in ((0.0, 1.0), (0.7, 1.0), (0.0, 0.5)):
        disc = Layout(size, turn, squash=squash)
        disc.disc(0.5, 0.5, 0.2)
        assert disc.mask.sum() == pytest.approx(np.pi * 40**2 * squash, rel=0.02)
        box = Layout(size, turn, squash=squash)
        box.box(0.3, 0.4, 0.6, 0.5)
        box.box(0.4, 0.4, 0.5, 0.5, hole=True)
        assert box.mask.sum() == pytest.approx((60 - 20) * 20 * squash, rel=0.06)
    line = Layout(size)
    line.line([(0.2, 0.5), (0.8, 0.5)], 0.05)
    assert line.mask[:, 100].sum() == pytest.approx(10, abs=1)


@pytest.mark.parametrize("scanning", [True, False])
def test_an_exposure_keeps_what_is_bright_bright(scanning: bool) -> None:
    ideal = np.zeros((128, 128), dtype=np.float32)
    ideal[:, 64:] = 1.0
    for seed in range(12):
        grey = expose(ideal, lot(seed, variety=1.0), scanning=scanning)
        assert grey.dtype == np.uint8 and grey.shape == (128, 128)
        assert grey[:, 80:].mean() > grey[:, :48].mean() + 10


def test_a_banner_changes_part_of_the_picture_only() -> None:
    grey = np.full((256, 256), 90, dtype=np.uint8)
    changed = banner(grey, lot(1, variety=1.0), scanning=True) != grey
    assert 0.001 < changed.mean() < 0.3


def test_the_dial_of_variety_sets_the_spread_of_draws() -> None:
    def spread(variety: float) -> float:
        source = lot(2, variety)
        drawn = np.array([source.between(10, 30) for _ in range(3000)])
        assert (
            drawn.min() >= 10 and drawn.max() <= 30 and drawn.mean() == pytest.approx(20, abs=0.5)
        )
        return float(drawn.std())

    # A uniform draw over a width w has the deviation w / √12.
    assert spread(1.0) == pytest.approx(20 / np.sqrt(12), rel=0.05)
    assert spread(0.5) == pytest.approx(10 / np.sqrt(12), rel=0.05)
    assert spread(0.0) == pytest.approx(0, abs=1e-12)


def test_choices_and_chances_follow_the_dials() -> None:
    full, none = lot(3, 1.0), lot(3, 0.0)
    picks = [full.pick("abcd") for _ in range(4000)]
    assert all(picks.count(letter) == pytest.approx(1000, rel=0.15) for letter in "abcd")
    assert {none.pick("abcd") for _ in range(50)} == {"a"}
    assert np.mean([full.chance(0.2) for _ in range(4000)]) == pytest.approx(0.2, abs=0.03)
    assert not any(none.chance(0.2) for _ in range(50)) and all(
        none.chance(0.7) for _ in range(50)
    )
    assert {full.count(2, 5) for _ in range(200)} == {2, 3, 4, 5}
    assert full.scale(4, 4) == pytest.approx(4)
    assert full.towards(2.0, 9.0) == 2.0 and not full.lean()
    alike = lot(4, 1.0, 1.0)
    moved = [alike.towards(2.0, 9.0) for _ in range(2000)]
    assert min(moved) >= 2 and max(moved) <= 9 and np.mean(moved) == pytest.approx(5.5, abs=0.2)
    assert all(alike.lean() for _ in range(20))
