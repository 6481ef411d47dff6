"""Pictures by the microscope's image models: those of the STEM room, and the dials on them."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from scipy.ndimage import gaussian_filter

from micrographia.config import PictureDials
from micrographia.errors import ImageError
from micrographia.language.structure.pictures import PIXEL, SIDE, View, draw_picture, draw_view
from micrographia.language.structure.variants import Crystal
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.simulate import View as Place
from micrographia.stem.simulate import render

#: Dark field with a wide ring; iDPC of four quadrants and of the ideal detector.
CASES = {
    "incoherent": ImagingConditions(energy_keV=100, semiangle_mrad=30, defocus=20),
    "phase-object": ImagingConditions(energy_keV=80, semiangle_mrad=25, source_size=0.7),
    "icom": ImagingConditions(detector="icom"),
}


def generator() -> np.random.Generator:
    return np.random.default_rng(4)


def oblique() -> Atoms:
    """A layer without symmetry, so that no axis can be confused with another."""
    cell = [[4.1, 0, 0], [-1.3, 5.2, 0], [0, 0, 20]]
    places = [[0, 0, 10.0], [1.2, 1.0, 10.5], [0.3, 3.1, 9.5]]
    return Atoms("MoSO", positions=places, cell=cell, pbc=True)


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_those_of_the_stem_room(name: str) -> None:
    """Pixel for pixel: the same layer at the same place, half a pixel from the corner."""
    engine, conditions = ("phase-object" if name == "icom" else name), CASES[name]
    layer = oblique()
    plane = Crystal.of(layer).plane()
    assert plane.cell == pytest.approx(layer.cell[:2, :2])
    view = View(origin=(0.23, 0.61), engine=engine, conditions=conditions)  # type: ignore[arg-type]
    ours = draw_picture(plane, view, generator())
    place = np.array(view.origin) @ plane.cell - PIXEL / 2
    where = Place(PIXEL, SIDE * PIXEL, 0.0, (float(place[0]), float(place[1])))
    seen = conditions.model_copy(update={"detector": "haadf"}) if name == "incoherent" else None
    theirs = render(layer, seen or conditions, where, engine).pixels  # type: ignore[arg-type]
    assert ours.shape == (SIDE, SIDE) and ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=2e-4 * float(np.abs(theirs).max()))
    assert ours.std() > 1e-4


def test_a_rotated_crystal_is_imaged_as_the_stem_room_turns_it() -> None:
    layer = oblique()
    plane = Crystal.of(layer).plane()
    angle = 33.0
    view = View((0.1, 0.2), np.radians(angle), engine="incoherent")
    ours = draw_picture(plane, view, generator())
    place = np.array(view.origin) @ plane.cell @ view.turn() - PIXEL / 2
    where = Place(PIXEL, SIDE * PIXEL, angle, (float(place[0]), float(place[1])))
    theirs = render(layer, ImagingConditions(detector="haadf"), where, "incoherent").pixels
    np.testing.assert_allclose(ours, theirs, atol=2e-4 * float(theirs.max()))


@pytest.mark.parametrize("engine", ["incoherent", "phase-object"])
def test_dials_act_as_on_the_other_engine(engine: str) -> None:
    plane = Crystal.of(oblique()).plane()

    def draw(**dials: object) -> np.ndarray:
        return draw_picture(plane, View(engine=engine, **dials), generator())  # type: ignore[arg-type]

    plain = draw()
    noisy = draw(noise=0.4) - plain
    assert noisy.std() == pytest.approx(0.4 * plain.std(), rel=0.02)
    # Away from the borders, where a filter does not know what comes.
    inside = slice(30, -30), slice(30, -30)
    blurred = gaussian_filter(plain.astype(np.float64), 0.3 / PIXEL, truncate=6)
    np.testing.assert_allclose(draw(blur=0.3)[inside], blurred[inside], atol=1e-3 * plain.max())
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    drifted = plain * (1 + 0.2 * axis[None, :] - 0.1 * axis[:, None] ** 2)
    np.testing.assert_allclose(draw(drift=(0.2, 0, 0, 0, -0.1)), drifted, rtol=1e-4, atol=1e-6)


def test_dials_choose_the_engine_and_leave_the_draws_alone() -> None:
    usual = draw_view(PictureDials(), generator())
    assert usual.engine == "convolution"
    other = draw_view(PictureDials(engine="incoherent"), generator())
    assert other.engine == "incoherent"
    for name in ("origin", "rotation", "blur", "noise", "drift"):
        assert getattr(other, name) == getattr(usual, name)


def test_conditions_that_the_model_does_not_have_are_refused() -> None:
    plane = Crystal.of(oblique()).plane()
    ring = ImagingConditions(detector="haadf")
    with pytest.raises(ImageError, match="no picture on an annular detector"):
        draw_picture(plane, View(engine="phase-object", conditions=ring), generator())
    inside = ImagingConditions(annular_inner_mrad=10)
    with pytest.raises(ImageError, match="reaches into the bright disc"):
        draw_picture(plane, View(engine="incoherent", conditions=inside), generator())
