"""Scattering by atoms, against abTEM as an independent implementation."""

import numpy as np
import pytest

from micrographia.errors import StructureError
from micrographia.physics.scattering import (
    POTENTIAL,
    interaction_constant,
    scattering_factor,
    wavelength,
)


@pytest.mark.parametrize("energy", [60, 200, 300])
def test_constants_agree_with_abtem(energy: int) -> None:
    from abtem.core.energy import energy2sigma, energy2wavelength

    assert wavelength(energy) == pytest.approx(energy2wavelength(energy * 1e3), rel=1e-6)
    assert interaction_constant(energy) == pytest.approx(energy2sigma(energy * 1e3), rel=1e-6)


def test_table_is_kirklands_as_abtem_has_it() -> None:
    from abtem.parametrizations import KirklandParametrization
    from ase.data import chemical_symbols

    reference = KirklandParametrization()
    g = np.array([0.1, 0.5, 1.0, 2.0])
    for number in (1, 6, 14, 42, 74, 92, 103):
        expected = reference.projected_scattering_factor(chemical_symbols[number])(g**2)
        found = POTENTIAL * scattering_factor(number, g)
        np.testing.assert_allclose(found, expected, rtol=2e-5)


def test_unknown_element_names_the_range() -> None:
    with pytest.raises(StructureError, match="1 to 103"):
        scattering_factor(104, np.array([1.0]))
