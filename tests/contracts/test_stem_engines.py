"""What every engine of STEM images must do: one that joins the registry is tested here."""

from __future__ import annotations

from functools import cache
from typing import get_args

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.errors import ImageError
from micrographia.method_names import SLOW_ENGINES, Engine
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.stem.simulate import ENGINES, View, render

DETECTORS = get_args(ImagingConditions.model_fields["detector"].annotation)
PIXEL = 0.2


def layer() -> Atoms:
    """Graphene with one atom replaced, so that no symmetry hides a mistake."""
    atoms = graphene(vacuum=4)
    atoms.numbers[1] = 7
    return atoms


def conditions(detector: str) -> ImagingConditions:
    """A probe and rings that are cheap to simulate."""
    return ImagingConditions(
        detector=detector, semiangle_mrad=10, annular_inner_mrad=12, annular_outer_mrad=30
    )


@cache
def series(engine: Engine, detector: str) -> tuple[FloatArray, ComplexArray] | ImageError:
    """What an engine makes of the layer, or why it does not."""
    try:
        return ENGINES[engine](layer(), conditions(detector))
    except ImageError as error:
        return error


def imaged_by(engine: Engine) -> str:
    """The first detector that an engine images with."""
    for detector in ("segments", *DETECTORS):
        if not isinstance(series(engine, detector), ImageError):
            return detector
    raise AssertionError(f"{engine} images with no detector")


@pytest.mark.parametrize("engine", ENGINES)
def test_pictures_have_the_field_and_the_pixels_that_were_asked_for(engine: Engine) -> None:
    atoms, detector = layer(), imaged_by(engine)
    image = render(atoms, conditions(detector), View(pixel_size=PIXEL, field=12.0), engine)
    assert image.pixels.shape == (60, 60) and image.pixel_size == PIXEL
    assert image.pixels.dtype == np.float32 and np.isfinite(image.pixels).all()
    assert image.pixels.std() > 0
    assert image.metadata["engine"] == engine
    assert image.metadata["conditions"]["detector"] == detector
    assert atoms == layer()  # the caller's crystal stays as it is
    # The same crystal gives the same bytes again.
    before = evaluate_series(*series(engine, detector), (60, 60), PIXEL)
    assert image.pixels.tobytes() == before.tobytes()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_crystal_that_moves_takes_its_picture_along(engine: Engine) -> None:
    detector, moved, step = imaged_by(engine), layer(), np.array([3 * PIXEL, 2 * PIXEL])
    moved.positions[:, :2] += step
    g, coefficients = series(engine, detector)
    expected = evaluate_series(g, coefficients * np.exp(-2j * np.pi * (g @ step)), (40, 40), PIXEL)
    still = evaluate_series(g, coefficients, (40, 40), PIXEL)
    found = evaluate_series(*ENGINES[engine](moved, conditions(detector)), (40, 40), PIXEL)
    # The potential of the slow engines is sampled, so a move by part of a sample shows a little.
    tolerance = 1e-2 if engine in SLOW_ENGINES else 1e-5
    assert abs(found - expected).max() < tolerance * np.ptp(expected)
    assert abs(still - expected).max() > 0.3 * np.ptp(expected)  # it did move


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_detector_is_imaged_or_refused_with_what_is_allowed(
    engine: Engine, detector: str
) -> None:
    made = series(engine, detector)
    if isinstance(made, ImageError):
        assert f"saw \"detector '{detector}'\"" in str(made)
        assert imaged_by(engine) in str(made).partition("allowed: ")[2]
        assert "engine" in str(made)  # the remedy
    else:
        g, coefficients = made
        assert g.shape == (len(coefficients), 2) and len(g) >= 3
        assert np.isfinite(g).all() and np.isfinite(coefficients).all()
