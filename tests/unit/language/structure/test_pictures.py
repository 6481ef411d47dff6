"""Pictures: intensity, width and place of an atom; the STEM room's own engine beside ours."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import mx2

from micrographia.config import PictureDials
from micrographia.io.structures import orient_layer
from micrographia.language.structure.pictures import (
    PIXEL,
    SIDE,
    Plane,
    View,
    draw_picture,
    draw_view,
)
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.convolution import convolution_series

GENERATOR = np.random.default_rng(0)


def lone(number: int, x: float, y: float) -> Plane:
    """One atom in a cell so large that the field holds it alone, at (x, y) [Å]."""
    return Plane(np.eye(2) * 60.0, np.array([[x / 60, y / 60]]), np.array([number]))


def test_an_atom_adds_its_number_to_the_power_of_1_7() -> None:
    for number in (6, 42):
        picture = draw_picture(lone(number, 11.3, 15.7), View(), GENERATOR)
        assert picture.shape == (256, 256) and picture.dtype == np.float32
        assert picture.sum() * PIXEL**2 == pytest.approx(number**1.7, rel=1e-4)


def test_an_atom_is_half_an_angstrom_wide_and_where_it_should_be() -> None:
    picture = draw_picture(lone(6, 11.3, 15.7), View(), GENERATOR)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    # Pixel k covers 0.1 k … 0.1 (k + 1) Å: 11.3 and 15.7 are edges between two.
    assert (row in (156, 157)) and (column in (112, 113))
    centres = (np.arange(SIDE) + 0.5) * PIXEL
    profile = picture[row]
    assert (profile @ centres) / profile.sum() == pytest.approx(11.3, abs=1e-3)
    above = np.interp([0.25], [abs(c - 11.3) for c in centres[113:120]], profile[113:120])
    assert above[0] == pytest.approx(profile.max() / 2, rel=0.05)


def test_the_stem_room_draws_the_same_picture() -> None:
    """Its engine `convolution` sums a Fourier series; scale and mean are its own."""
    layer = mx2("MoS2", "2H", a=3.18, thickness=3.16)
    layer.center(vacuum=8.0, axis=2)
    layer = orient_layer(layer)
    cell = np.array(layer.cell[:2, :2])
    fractions = layer.positions[:, :2] @ np.linalg.inv(cell)
    ours = draw_picture(Plane(cell, fractions, layer.numbers), View(), GENERATOR)
    # No blur of the source, so that only the stated Gaussian is left.
    conditions = ImagingConditions(detector="haadf", source_size=0.0)
    g, coefficients = convolution_series(layer, conditions)
    centres = (np.arange(SIDE) + 0.5) * PIXEL
    waves_x = np.exp(2j * np.pi * np.outer(g[:, 0], centres))
    waves_y = np.exp(2j * np.pi * np.outer(centres, g[:, 1]))
    theirs = 2 * np.real((waves_y * coefficients) @ waves_x)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999
    np.testing.assert_allclose(ours / ours.mean(), theirs / theirs.mean(), atol=0.02)


def test_dials_at_zero_spoil_nothing_and_others_what_they_say() -> None:
    still = PictureDials(blur=0, noise=0, drift=0)
    view = draw_view(still, GENERATOR)
    assert (view.rotation, view.blur, view.noise, set(view.drift)) == (0, 0, 0, {0.0})
    plane = lone(30, 12.05, 12.05)
    plain = draw_picture(plane, View(), GENERATOR)
    noisy = draw_picture(plane, View(noise=0.5), GENERATOR)
    assert (noisy - plain).std() == pytest.approx(0.5 * plain.std(), rel=0.02)
    blurred = draw_picture(plane, View(blur=0.4), GENERATOR)
    assert blurred.sum() == pytest.approx(plain.sum(), rel=1e-3)
    # Peak of a Gaussian: one over its variance, 0.2123² alone and with 0.4².
    ratio = 0.2123**2 / (0.2123**2 + 0.4**2)
    assert blurred.max() / plain.max() == pytest.approx(ratio, rel=0.03)
    bright = draw_picture(plane, View(drift=(0.5, 0, 0, 0, 0)), GENERATOR)
    assert bright.max() / plain.max() == pytest.approx(1 + 0.5 * (12.05 / 12.8 - 1), rel=0.01)


def test_same_seed_same_view() -> None:
    views = [draw_view(PictureDials(rotation=10), np.random.default_rng(5)) for _ in range(2)]
    assert views[0] == views[1]
