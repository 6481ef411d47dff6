"""Scan distortions: drift shears and stretches an image, jitter displaces its lines.

The fast scan is along rows; within a row the stage is taken to stand still.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from micrographia.arrays import FloatArray

_CORRELATION = 2.0  # rows over which the jitter stays alike, a Gaussian's standard deviation


def row_displacements(
    rows: int, drift: tuple[float, float], jitter: float, seed: list[int]
) -> FloatArray:
    """Displacement of each row's scan points.

    Parameters
    ----------
    rows
        Number of rows.
    drift
        Way (x, y) that the beam drifts over the crystal in one frame, evenly [Å].
    jitter
        Root mean square of the rows' smooth random displacement, along x and along y [Å].
    seed
        Same seed, same jitter.

    Returns
    -------
    (rows, 2) [Å]; x along the row.
    """
    even = np.linspace(0, 1, rows)[:, None] * np.asarray(drift, dtype=np.float64)
    if jitter == 0:
        return even
    rough = np.random.default_rng(seed).standard_normal((rows, 2))
    smooth = gaussian_filter1d(rough, _CORRELATION, axis=0, mode="wrap")
    # Variance that the filter leaves of white noise: 1 / (2 √π σ).
    return even + jitter * smooth * np.sqrt(2 * np.sqrt(np.pi) * _CORRELATION)
