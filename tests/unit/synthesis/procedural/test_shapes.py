"""Solids seen from above against what geometry says of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from micrographia.synthesis.procedural.shapes import SOLIDS, Patch, blob, fibre, polyhedron, rod

SIZE = 200
CENTRE = (101.3, 97.6)


def _volume(patch: Patch | None) -> float:
    assert patch is not None
    return float(patch.thickness.sum())


@settings(max_examples=20, deadline=None)
@given(radius=st.floats(10, 50))
def test_sphere_has_a_spheres_area_and_volume(radius: float) -> None:
    patch = blob(CENTRE, radius, SIZE)
    assert patch is not None
    assert patch.inside.sum() == pytest.approx(np.pi * radius**2, rel=0.02)
    assert _volume(patch) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)


def test_shell_lacks_its_core() -> None:
    whole, shell = _volume(blob(CENTRE, 40, SIZE)), _volume(blob(CENTRE, 40, SIZE, core=0.5))
    assert shell / whole == pytest.approx(1 - 0.5**3, rel=0.01)


@settings(max_examples=20, deadline=None)
@given(aspect=st.floats(1, 2.5), angle=st.floats(0, 3.14))
def test_ellipse_area_does_not_depend_on_direction(aspect: float, angle: float) -> None:
    patch = blob(CENTRE, 25, SIZE, aspect=aspect, angle=angle)
    assert patch is not None
    assert patch.inside.sum() == pytest.approx(np.pi * 25**2 * aspect, rel=0.02)
    np.testing.assert_allclose(np.linalg.norm(patch.normal, axis=0), 1, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(length=st.floats(40, 120), width=st.floats(8, 30), angle=st.floats(0, 3.14))
def test_rod_is_a_capsule(length: float, width: float, angle: float) -> None:
    patch = rod(CENTRE, length, width, angle, SIZE)
    assert patch is not None
    area = (length - width) * width + np.pi * width**2 / 4
    # Counting pixel centres rounds the width of an axis-parallel rod to whole pixels.
    assert patch.inside.sum() == pytest.approx(area, abs=0.5 * length + 0.03 * area)


def test_straight_fibre_is_a_rod() -> None:
    line = np.column_stack([np.full(161, 100.0), np.arange(60, 140.5, 0.5)])
    patch = fibre(line, 12.0, SIZE)
    same = rod((100.0, 100.0), 92.0, 12.0, 0.0, SIZE)
    assert patch is not None
    assert same is not None
    assert _volume(patch) == pytest.approx(_volume(same), rel=0.01)
    assert patch.inside.sum() == pytest.approx(same.inside.sum(), rel=0.02)


@pytest.mark.parametrize("solid", SOLIDS)
def test_volume_of_a_crystal_does_not_depend_on_its_pose(solid: str) -> None:
    """A cube on a unit circumsphere has volume (2/√3)³, an octahedron 4/3."""
    turns = [Rotation.from_euler("zxy", angles) for angles in ((0.1, 0.4, 0.2), (1.1, 0.9, 2.0))]
    volumes = [
        _volume(polyhedron(CENTRE, 50, SIZE, solid=solid, rotation=turn)) / 50**3 for turn in turns
    ]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.02)
    known = {"cube": (2 / 3**0.5) ** 3, "octahedron": 4 / 3, "cuboctahedron": 2.357}
    if solid in known:
        assert volumes[0] == pytest.approx(known[solid], rel=0.02)


def test_outside_the_picture_there_is_nothing() -> None:
    assert blob((-100, 50), 10, SIZE) is None
    assert rod((400, 50), 30, 10, 0.0, SIZE) is None
    assert fibre(np.array([[500.0, 500.0], [500.0, 500.5]]), 4, SIZE) is None


def test_unknown_solid() -> None:
    with pytest.raises(ValueError, match="no solid 'sponge'"):
        polyhedron(CENTRE, 10, SIZE, solid="sponge", rotation=Rotation.identity())
