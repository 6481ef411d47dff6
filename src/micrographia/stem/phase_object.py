"""Engine `phase-object`: a thin crystal's iDPC image as a Fourier series, in milliseconds."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import image_coefficients


def phase_object_series(
    atoms: Atoms, conditions: ImagingConditions
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's ideal iDPC image.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope.

    Returns
    -------
    g, coefficients
        Half-plane frequencies (m, 2) [1/Å] and coefficients (m,) [rad].
    """
    return image_coefficients(
        np.asarray(atoms.cell[:2, :2], dtype=np.float64),
        np.asarray(atoms.positions[:, :2], dtype=np.float64),
        np.asarray(atoms.numbers, dtype=np.int64),
        conditions,
    )
