"""Engine `incoherent`: dark-field images as the probe under each atom's own scattering."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics import incoherent
from micrographia.physics.conditions import ImagingConditions


def incoherent_series(
    atoms: Atoms, conditions: ImagingConditions
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's dark-field image, its atoms in thermal motion.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope; `detector` must be haadf, its ring outside the bright disc.

    Returns
    -------
    g, coefficients
        Frequencies (m, 2) [1/Å], zero first, and coefficients (m,) in shares of the beam.

    Raises
    ------
    ImageError
        The detector is no ring outside the bright disc.
    StructureError
        An element has no parametrization.
    """
    cell = np.asarray(atoms.cell[:2, :2], dtype=np.float64)
    positions = np.asarray(atoms.positions[:, :2], dtype=np.float64)
    return incoherent.incoherent_series(cell, positions, atoms.numbers, conditions)
