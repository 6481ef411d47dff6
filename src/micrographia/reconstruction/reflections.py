"""What every search among a cell's reflections needs: where a signal fits, how strong they are."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.reconstruction.lattice import Fit

_RING = 0.06  # half the width of a ring of reflections, over the largest |g|


def overlap_map(
    fit: Fit, form: ComplexArray, residual: ComplexArray, spacing: float, least: int
) -> FloatArray:
    """Overlap of a column's signal with a residual at each point of the cell.

    Parameters
    ----------
    fit
        The lattice and its half-plane of reflections.
    form
        Signal (m,) of the column at the origin.
    residual
        What is left to explain (m,), in the same units.
    spacing
        Of the points [Å]; they are closer where reflections need it.
    least
        Points along each vector.

    Returns
    -------
    Re Σ conj(form) · residual · exp(2πi g·r) at the points (rows, columns) of a fractional grid.
    A signal of strength s at r lowers the sum of squared residuals by twice s times this, less s²
    times the signal's own power.
    """
    shape = np.maximum(least, np.ceil(np.linalg.norm(fit.cell, axis=1) / spacing)).astype(int)
    reach = 2 * np.abs(fit.indices).max(axis=0) + 2
    rows, columns = (int(count) for count in np.maximum(shape, reach))
    grid = np.zeros((rows, columns), dtype=np.complex128)
    grid[fit.indices[:, 0] % rows, fit.indices[:, 1] % columns] = np.conj(form) * residual
    return np.asarray((np.fft.ifft2(grid) * rows * columns).real)


def usual_amplitude(fit: Fit) -> FloatArray:
    """Root mean square (m,) of the coefficients of about the same |g|.

    A model's error is a share of this and not of each reflection itself: an error in one column
    shows where the others cancel, too.
    """
    radius = np.linalg.norm(fit.g, axis=1)
    # From outside in: reflections grow inwards, and small ones would be lost in large sums.
    order = np.argsort(-radius)
    inwards, width = -radius[order], _RING * radius.max()
    sums = np.concatenate([[0.0], np.cumsum(np.square(np.abs(fit.coefficients))[order])])
    first = np.searchsorted(inwards, -radius - width, side="right")
    last = np.searchsorted(inwards, -radius + width, side="left")
    return np.asarray(np.sqrt((sums[last] - sums[first]) / (last - first)))
