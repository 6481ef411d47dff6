"""Engine `convolution`: dark-field images as columns of Z^1.7 under a Gaussian, in milliseconds.

The approximation that MicroscopyGPT's pictures are made with (Choudhary, J. Phys. Chem. Lett. 16
(2025) 7028; JARVIS-tools' STEMConv): every atom adds Z^1.7 times a normalised Gaussian whose full
width at half maximum is 0.5 Å. The microscope enters through the scale and the blur alone.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.errors import ImageError
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import blur, gaussian_envelope, reciprocal_vectors
from micrographia.physics.incoherent import born_cross_section

POWER = 1.7
WIDTH = 0.5  # full width at half maximum of the point spread [Å]

_LIMIT = 4.0  # [1/Å]; there the Gaussian has fallen below 10⁻⁶
_REFERENCE = 42  # molybdenum, the element at which the power law meets the cross-section


def convolution_series(
    atoms: Atoms, conditions: ImagingConditions
) -> tuple[FloatArray, ComplexArray]:
    """Fourier series of a layer's dark-field image.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope; `detector` must be haadf.

    Returns
    -------
    g, coefficients
        Frequencies (m, 2) [1/Å], zero first, and coefficients (m,) in shares of the beam.

    Raises
    ------
    ImageError
        Another detector than haadf is asked for.
    """
    if conditions.detector != "haadf":
        raise ImageError(
            "Engine convolution makes dark-field images only",
            seen=f"detector '{conditions.detector}'",
            allowed="haadf",
            remedy="Set conditions.detector to haadf, or choose another engine",
        )
    cell = np.asarray(atoms.cell[:2, :2], dtype=np.float64)
    _, half = reciprocal_vectors(cell, _LIMIT)
    g = np.concatenate([np.zeros((1, 2)), half])
    waves = np.exp(-2j * np.pi * (g @ np.asarray(atoms.positions[:, :2]).T))
    weights = born_cross_section(_REFERENCE, conditions) * (atoms.numbers / _REFERENCE) ** POWER
    coefficients = waves @ weights / abs(np.linalg.det(cell))
    coefficients[0] /= 2  # a series is evaluated as twice its real part
    return g, coefficients * gaussian_envelope(g, WIDTH) * blur(g, conditions)
