"""Unreadable pictures are what they say, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import graphene, mx2

from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.unreadable import KINDS, dirt, scatter, unreadable_images


@pytest.fixture(scope="module")
def crystals():
    layers = [("graphene", graphene(vacuum=10)), ("MoS2", mx2("MoS2", vacuum=10))]
    for _, layer in layers:
        layer.pbc = True
    return layers


@pytest.fixture(scope="module")
def pictures(crystals):
    return list(unreadable_images(crystals, 2, ImagingConditions(), 7))


def test_there_are_as_many_of_every_kind(pictures):
    assert [case.kind for case in pictures] == [kind for kind in KINDS for _ in range(2)]
    assert len({case.name for case in pictures}) == len(pictures)
    assert all(np.isfinite(case.image.pixels).all() for case in pictures)


def test_the_seed_decides(crystals, pictures):
    again = next(unreadable_images(crystals, 2, ImagingConditions(), 7))
    other = next(unreadable_images(crystals, 2, ImagingConditions(), 8))
    assert np.array_equal(again.image.pixels, pictures[0].image.pixels)
    assert not np.array_equal(other.image.pixels, pictures[0].image.pixels)


def test_the_truth_is_there_only_where_a_crystal_is_shown(pictures):
    shown = {case.kind: case.truth is not None for case in pictures}
    assert not shown["amorphous"] and not shown["blank"]
    assert shown["low dose"] and shown["wrong pixel size"]
    assert [c.truth is not None for c in pictures if c.kind == "contaminated"] == [False, True]
    assert all(case.elements for case in pictures)


def test_pixel_sizes_are_wrong_by_a_tenth_and_only_there(pictures):
    for case in pictures:
        stated = case.image.pixel_size
        expected = {0.09, 0.11} if case.kind == "wrong pixel size" else {0.1}
        assert min(abs(stated - value) for value in expected) < 1e-12


def test_nothing_of_the_crystal_is_in_the_file(pictures):
    for case in pictures:
        assert set(case.image.metadata) <= {
            "conditions", "engine", "dose", "seed", "unit", "version", "scan",
        }  # fmt: skip


def _sharpest(pixels):
    """Strength of the strongest spot of |g|·F over its ring's mean, the mean of noise being 1."""
    window = np.hanning(len(pixels))
    spectrum = np.fft.fftshift(np.abs(np.fft.fft2(pixels * np.outer(window, window))) ** 2)
    centre = len(pixels) // 2
    y, x = np.indices(pixels.shape) - centre
    radius = np.hypot(x, y).astype(int)
    mean = np.bincount(radius.ravel(), spectrum.ravel()) / np.bincount(radius.ravel())
    inside = (radius > 8) & (radius < centre // 2)
    return float((spectrum / mean[radius])[inside].max())


def test_glass_has_contrast_but_no_reflections(crystals, pictures):
    from micrographia.stem.simulate import View, simulate

    # The second of each kind: molybdenum and sulphur, 30000 e/Å².
    glass = [case for case in pictures if case.kind == "amorphous"][1]
    blank = [case for case in pictures if case.kind == "blank"][1]
    assert glass.image.pixels.std() > 1.5 * blank.image.pixels.std()
    crystal = simulate(crystals[1][1], ImagingConditions(), View(field=40), dose=3e4)
    assert _sharpest(crystal.pixels) > 5 * _sharpest(glass.image.pixels)


def test_scattered_atoms_keep_their_distance_across_the_border():
    xy = scatter(20.0, 0.2, 1.4, np.random.default_rng(1))
    assert len(xy) == 80
    delta = xy[:, None] - xy[None]
    delta -= 20 * np.rint(delta / 20)
    apart = np.linalg.norm(delta, axis=-1)[~np.eye(80, dtype=bool)]
    assert apart.min() >= 1.4
    with pytest.raises(ValueError, match="no places"):
        scatter(20.0, 0.5, 1.4, np.random.default_rng(1))


def test_dirt_is_smooth_and_uneven():
    phase = dirt(200, 0.1, np.random.default_rng(3))
    assert np.ptp(phase) > 0.5
    assert np.abs(np.diff(phase, axis=0)).max() < 0.3
