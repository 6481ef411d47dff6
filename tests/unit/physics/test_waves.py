"""Cosines, sines and waves against those of the mathematics library."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from micrographia.physics.waves import cos_sin, plane_waves, turned

ANGLES = [0.0, 1e-9, 0.3, math.pi / 2, 3.0, math.pi, -math.pi, 4.0, -7.5, 2 * math.pi, 1234.5]


@pytest.mark.parametrize("angle", ANGLES)
def test_cosine_sine_and_turn_are_those_of_the_library(angle):
    cosine, sine = cos_sin(np.array([angle]))
    assert cosine[0] == pytest.approx(math.cos(angle), abs=1e-14)
    assert sine[0] == pytest.approx(math.sin(angle), abs=1e-14)
    assert turned(np.array([[angle]]))[0, 0] == pytest.approx(cmath.exp(-1j * angle), abs=1e-14)


def test_plane_waves_turn_with_frequency_and_place():
    g = np.array([[0.5, 0.0], [0.0, 0.25], [1.0, 1.0]])
    waves = plane_waves(g, np.array([[0.0, 0.0], [0.5, 1.0]]))
    # A quarter turn for 0.5/Å at 0.5 Å and for 0.25/Å at 1 Å; one and a half for both together.
    assert waves == pytest.approx(np.array([[1, -1j], [1, -1j], [1, -1]]), abs=1e-14)
