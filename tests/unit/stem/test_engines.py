"""The engines against each other, and the views."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.errors import StructureError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.stem.multislice import multislice_series, orthogonal_cell
from micrographia.stem.phase_object import phase_object_series
from micrographia.stem.simulate import View, draw_view, simulate


@pytest.mark.slow
@pytest.mark.parametrize(
    ("detector", "defocus", "least"),
    [("icom", 0.0, 0.999), ("icom", 50.0, 0.999), ("segments", 0.0, 0.999)],
)
def test_phase_object_agrees_with_multislice(detector: str, defocus: float, least: float) -> None:
    layer = mx2("MoS2", vacuum=5)
    layer.rotate(23, "z", rotate_cell=True)  # quadrants are not round: orientation counts
    conditions = ImagingConditions(detector=detector, defocus=defocus)
    pictures = [
        evaluate_series(*series(layer, conditions), (90, 90), 0.1)
        for series in (phase_object_series, multislice_series)
    ]
    assert np.corrcoef(pictures[0].ravel(), pictures[1].ravel())[0, 1] >= least
    # The phase is calibrated, not only its shape.
    assert pictures[1].std() == pytest.approx(pictures[0].std(), rel=0.1)


def test_orthogonal_cell_holds_the_same_crystal() -> None:
    layer, angle = orthogonal_cell(graphene(vacuum=5))
    assert len(layer) == 4
    assert sorted(np.round(layer.cell.lengths()[:2], 3)) == [2.46, 4.261]
    turned = layer.copy()
    turned.rotate(np.rad2deg(angle), "z", rotate_cell=True)
    conditions = ImagingConditions(detector="icom")
    found = evaluate_series(*phase_object_series(turned, conditions), (50, 50), 0.1)
    expected = evaluate_series(*phase_object_series(graphene(vacuum=5), conditions), (50, 50), 0.1)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.3  # up to an origin
    assert found.std() == pytest.approx(expected.std(), rel=1e-3)


def test_oblique_crystal_without_orthogonal_cell_is_refused() -> None:
    cell = [[3.0, 0, 0], [0.731, 3.377, 0], [0, 0, 15]]
    oblique = Atoms("C", positions=[[0, 0, 7]], cell=cell, pbc=True)
    with pytest.raises(StructureError, match="phase-object"):
        orthogonal_cell(oblique)


def test_view_follows_from_the_seed_and_a_given_rotation_is_kept() -> None:
    assert draw_view(0.1, 40, None, [1, 2]) == draw_view(0.1, 40, None, [1, 2])
    assert draw_view(0.1, 40, None, [1, 2]) != draw_view(0.1, 40, None, [1, 3])
    assert draw_view(0.1, 40, 30.0, [1, 2]).rotation == 30.0


def test_metadata_says_nothing_of_the_crystal() -> None:
    image = simulate(mx2("MoS2", vacuum=5), ImagingConditions(), View(field=20.0), dose=1e4)
    text = str(image.metadata)
    assert "Mo" not in text and "3.18" not in text
    assert image.pixels.shape == (200, 200) and image.pixels.dtype == np.float32
