"""Pictures of a crystal by the shared image models of the microscope, in place of Gaussians.

`incoherent` is a dark-field picture (HAADF, `physics.incoherent`), `phase-object` an iDPC picture
(`physics.imaging`). Both are Fourier series, so where the cell begins, a further blur and pixels
of any size cost nothing.
"""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.method_names import PictureEngine
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series, image_coefficients
from micrographia.physics.incoherent import incoherent_series


def draw_series(
    engine: PictureEngine,
    cell: FloatArray,
    positions: FloatArray,
    numbers: IntArray,
    conditions: ImagingConditions,
    side: int,
    pixel_size: float,
    blur: float = 0.0,
) -> FloatImage:
    """Draw a crystal with one of the microscope's image models.

    Parameters
    ----------
    engine
        `incoherent` or `phase-object`.
    cell, positions, numbers
        In-plane cell (2, 2) [Å], places (n, 2) [Å] and atomic numbers (n,); x runs along the
        rows, y down.
    conditions
        The microscope. The detector is that of the model: for `incoherent` always haadf.
    side, pixel_size
        Pixels along a side, and the size of one [Å]; the first has its centre half a pixel from
        the corner.
    blur
        Further Gaussian blur, standard deviation [Å].

    Returns
    -------
    (side, side): shares of the beam for `incoherent`, phase [rad] of mean 0 for `phase-object`.

    Raises
    ------
    ImageError
        The conditions are none of this model: a ring within the bright disc, or a ring for a
        phase.
    StructureError
        An element has no parametrization.
    """
    if engine == "incoherent":
        dark = conditions.model_copy(update={"detector": "haadf"})
        g, coefficients = incoherent_series(cell, positions, numbers, dark)
    else:
        g, coefficients = image_coefficients(cell, positions, numbers, conditions)
    # Pixel centres, not corners; the series is sampled from the corner on.
    shifted = coefficients * np.exp(2j * np.pi * (g @ np.full(2, pixel_size / 2)))
    if blur:
        shifted = shifted * np.exp(-2 * np.square(np.pi * blur) * np.square(g).sum(axis=1))
    return np.asarray(evaluate_series(g, shifted, (side, side), pixel_size), dtype=np.float32)
