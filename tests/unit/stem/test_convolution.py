"""The convolution engine: Z^1.7 under a Gaussian, in shares of the beam."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2
from scipy.ndimage import gaussian_filter

from micrographia.errors import ImageError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.physics.incoherent import born_cross_section
from micrographia.stem.convolution import convolution_series

DARK = ImagingConditions(detector="haadf")


def _image(atoms: Atoms, conditions: ImagingConditions, side: int = 80) -> np.ndarray:
    return evaluate_series(*convolution_series(atoms, conditions), (side, side), 0.1)


def test_picture_is_the_atoms_under_a_gaussian_of_half_an_angstrom() -> None:
    atoms = Atoms("CW", positions=[[2, 2, 5], [6, 4, 5]], cell=[8, 8, 10], pbc=True)
    deltas = np.zeros((80, 80))
    deltas[20, 20], deltas[40, 60] = (6 / 42) ** 1.7 / 0.01, (74 / 42) ** 1.7 / 0.01
    expected = gaussian_filter(deltas, 5 / 2.3548, mode="wrap", truncate=8)
    expected *= born_cross_section(42, DARK)
    found = _image(atoms, DARK)
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())
    assert found[40, 60] / found[20, 20] == pytest.approx((74 / 6) ** 1.7, rel=1e-3)


def test_source_size_widens_the_columns() -> None:
    atoms = Atoms("W", positions=[[4, 4, 5]], cell=[8, 8, 10], pbc=True)
    wide = _image(atoms, DARK.model_copy(update={"source_size": 1.2}))
    sharp = _image(atoms, DARK)
    assert wide.max() / sharp.max() == pytest.approx(0.5**2 / (0.5**2 + 1.2**2), rel=0.01)
    assert wide.mean() == pytest.approx(sharp.mean(), rel=1e-4)


@pytest.mark.parametrize("detector", ["icom", "segments", "abf"])
def test_other_detectors_are_refused(detector: str) -> None:
    with pytest.raises(ImageError, match="haadf"):
        convolution_series(mx2("MoS2", vacuum=5), ImagingConditions(detector=detector))


def test_cross_section_grows_with_the_ring_and_with_the_atomic_number() -> None:
    wider = DARK.model_copy(update={"annular_inner_mrad": 50.0})
    assert (
        born_cross_section(42, wider)
        > born_cross_section(42, DARK)
        > born_cross_section(16, DARK)
        > 0
    )
