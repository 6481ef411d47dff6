"""Beyond the first order: what strong atoms do on four quadrants."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2

from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series, image_coefficients
from micrographia.physics.strong_object import strong_response
from micrographia.stem.multislice import multislice_series


def _pictures(layer: Atoms, conditions: ImagingConditions) -> list[np.ndarray]:
    """Multislice, first order, and with what strength adds."""
    cell, xy = np.asarray(layer.cell[:2, :2]), layer.positions[:, :2]
    g, first = image_coefficients(cell, xy, layer.numbers, conditions)
    area = abs(np.linalg.det(cell))
    strong = first.copy()
    for place in np.unique(np.round(xy, 3), axis=0):
        here = np.linalg.norm(xy - place, axis=1) < 0.01
        kind = tuple(sorted(int(number) for number in layer.numbers[here]))
        strong += strong_response(kind, g, area, conditions) * np.exp(-2j * np.pi * (g @ place))
    series = (multislice_series(layer, conditions), (g, first), (g, strong))
    return [evaluate_series(*each, (80, 80), 0.1) for each in series]


@pytest.mark.slow
@pytest.mark.parametrize("defocus", [-45.0, 45.0])
def test_heavy_atoms_out_of_focus_agree_with_multislice(defocus: float) -> None:
    conditions = ImagingConditions(detector="segments", defocus=defocus, coma=150.0)
    exact, first, strong = _pictures(mx2("MoS2", vacuum=5), conditions)
    agreement = [np.corrcoef(exact.ravel(), each.ravel())[0, 1] for each in (first, strong)]
    scale = [exact.std() / each.std() for each in (first, strong)]
    assert agreement[1] > 0.998 and agreement[1] > agreement[0]
    assert abs(scale[1] - 1) < 0.06 < abs(scale[0] - 1)


def test_the_ideal_centre_of_mass_and_faint_atoms_need_nothing() -> None:
    g = np.array([[0.4, 0.1], [0.9, -0.6]])
    ideal = strong_response((42,), g, 9.0, ImagingConditions(detector="icom"))
    assert not ideal.any()
    quadrants = ImagingConditions(detector="segments", defocus=40.0)
    heavy, light = (np.abs(strong_response((z,), g, 9.0, quadrants)) for z in (74, 6))
    assert (heavy > 5 * light).all()


def test_response_scales_with_the_area_and_ends_at_the_limit() -> None:
    conditions = ImagingConditions(detector="segments", defocus=40.0)
    g = np.array([[0.4, 0.1], [2.9, 0.0]])
    one, two = (strong_response((42,), g, area, conditions) for area in (9.0, 18.0))
    np.testing.assert_allclose(one, 2 * two)
    assert abs(one[1]) < 1e-2 * abs(one[0])
