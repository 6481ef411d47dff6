"""The engines against each other, and the views."""

import abtem
import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.errors import ImageError, StructureError
from micrographia.method_names import ENGINES as ENGINE_NAMES
from micrographia.method_names import SLOW_ENGINES
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series, information_limit
from micrographia.stem.convolution import convolution_series
from micrographia.stem.multislice import multislice_series, orthogonal_cell
from micrographia.stem.phase_object import phase_object_series
from micrographia.stem.prism import prism_series
from micrographia.stem.simulate import ENGINES, View, draw_view, simulate


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


ODD = {"coma": 3000.0, "coma_angle": 20.0, "threefold": 2000.0, "threefold_angle": 10.0}


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["icom", "segments"])
def test_odd_aberrations_agree_with_multislice(detector: str) -> None:
    layer = mx2("WSe2", vacuum=5)
    layer.rotate(23, "z", rotate_cell=True)
    conditions = ImagingConditions(
        detector=detector, semiangle_mrad=20, roll_off_mrad=4, source_size=0.4, **ODD
    )
    mirrored = conditions.model_copy(update={"coma_angle": -160.0, "threefold_angle": 70.0})
    found, other = (
        evaluate_series(*phase_object_series(layer, each), (90, 90), 0.1)
        for each in (conditions, mirrored)
    )
    exact = evaluate_series(*multislice_series(layer, conditions), (90, 90), 0.1)
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] >= 0.995
    # The test can tell: the opposite sign of the odd aberrations is another picture.
    assert np.corrcoef(other.ravel(), exact.ravel())[0, 1] < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["segments", "abf"])
def test_prism_equals_multislice(detector: str) -> None:
    layer = graphene(vacuum=5)
    layer.rotate(11, "z", rotate_cell=True)
    conditions = ImagingConditions(detector=detector, semiangle_mrad=15, **ODD)
    pictures = [
        evaluate_series(*series(layer, conditions), (60, 60), 0.1)
        for series in (multislice_series, prism_series)
    ]
    assert abs(pictures[0] - pictures[1]).max() < 1e-3 * np.ptp(pictures[0])


@pytest.mark.parametrize("series", [multislice_series, prism_series])
def test_simulations_time_no_transforms(series) -> None:
    """FFTW's choice by time gives other last digits on a busy machine."""
    before = abtem.config.get("fftw.planning_effort")
    abtem.config.set({"fftw.planning_effort": "FFTW_MEASURE"})
    try:
        series(graphene(vacuum=2), ImagingConditions(detector="abf", semiangle_mrad=6))
        assert abtem.config.get("fftw.planning_effort") == "FFTW_ESTIMATE"
    finally:
        abtem.config.set({"fftw.planning_effort": before})


@pytest.mark.slow
@pytest.mark.parametrize("layer", [graphene(vacuum=5), mx2("MoS2", vacuum=5)], ids=["C", "MoS2"])
def test_one_tiled_cell_equals_a_scan_of_the_supercell(layer: Atoms) -> None:
    conditions = ImagingConditions(detector="icom", semiangle_mrad=10)
    cell, _ = orthogonal_cell(layer)
    lengths = 2 * cell.cell.lengths()[:2]
    expected = _scan_of_supercell(cell, conditions, lengths)
    g, coefficients = multislice_series(cell, conditions)
    columns, rows = expected.shape
    x, y = np.meshgrid(
        np.arange(columns) * lengths[0] / columns,
        np.arange(rows) * lengths[1] / rows,
        indexing="ij",
    )
    waves = np.exp(2j * np.pi * (x[..., None] * g[:, 0] + y[..., None] * g[:, 1]))
    # The deflection is the phase's gradient over 2π; abTEM holds x and y as a complex number.
    found = 2 * (waves @ (1j * coefficients[:, None] * g)).real @ np.array([1, 1j])
    expected = expected - expected.mean()
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    # Measured: 8e-5 (graphene) and 8e-4 (MoS2), all of it the deflection's curl, which no
    # picture holds.
    assert error <= 1e-3


def _scan_of_supercell(
    cell: Atoms, conditions: ImagingConditions, lengths: np.ndarray
) -> np.ndarray:
    """abTEM's own scan of 2 × 2 cells inside the supercell."""
    repeats = np.ceil(15 / (lengths / 2)).astype(int)
    assert (repeats >= 2).all()
    supercell = cell.repeat((int(repeats[0]), int(repeats[1]), 1))
    supercell.center(vacuum=2.0, axis=2)
    # On a grid that a cell does not divide, abTEM's own scan is periodic to 3e-3 only.
    samples = tuple(int(n) for n in repeats * np.ceil(lengths / 2 / 0.08).astype(int))
    potential = abtem.Potential(
        supercell, gpts=samples, slice_thickness=1.0, parametrization="kirkland"
    )
    heights = supercell.positions[:, 2]
    probe = abtem.Probe(
        energy=conditions.energy_keV * 1e3,
        semiangle_cutoff=conditions.semiangle_mrad,
        defocus=(heights.min() + heights.max()) / 2,
    )
    probe.grid.match(potential)
    points = tuple(int(n) for n in np.ceil(lengths * 2.2 * information_limit(conditions)))
    scan = abtem.GridScan(start=(0, 0), end=tuple(lengths), gpts=points, endpoint=False)
    detector = abtem.PixelatedDetector(max_angle="valid")
    shift = probe.scan(potential, scan=scan, detectors=detector).center_of_mass()
    return shift.compute().array


@pytest.mark.slow
def test_convolution_is_calibrated_against_multislice() -> None:
    # One heavy atom per cell: first Born is some 10 % above multislice.
    layer = Atoms("Mo", positions=[[0, 0, 5]], cell=[5, 5, 10], pbc=True)
    dark = ImagingConditions(
        detector="haadf", annular_inner_mrad=60, annular_outer_mrad=100, semiangle_mrad=10
    )
    exact, quick = (
        evaluate_series(*series(layer, dark), (50, 50), 0.1)
        for series in (multislice_series, convolution_series)
    )
    # The series ends at the probe's limit, so the dark between the columns rings a little.
    assert exact.min() > -0.01 * exact.max()
    assert quick.mean() == pytest.approx(exact.mean(), rel=0.25)


def test_names_are_those_of_the_engines() -> None:
    assert tuple(ENGINES) == ENGINE_NAMES
    assert set(ENGINES) >= SLOW_ENGINES


def test_phase_object_refuses_a_dark_field() -> None:
    with pytest.raises(ImageError, match="prism"):
        simulate(mx2("MoS2", vacuum=5), ImagingConditions(detector="haadf"), View(field=10.0))


def test_dark_field_from_crystal_to_counts() -> None:
    dark = ImagingConditions(detector="haadf")
    image = simulate(mx2("WSe2", vacuum=5), dark, View(field=20.0), "convolution", dose=1e5)
    assert image.metadata["unit"] == "fraction"
    counts = image.pixels * 1000
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-3)
    assert 0 < image.pixels.mean() < 0.1
