"""Boundary F-score: agreement of outlines, whichever instances they belong to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import BoolArray

#: Outlines nearer to one another than this, or as near, are the same [px].
TOLERANCE = 2


def boundary_f(
    true: NDArray[np.integer], predicted: NDArray[np.integer], tolerance: int = TOLERANCE
) -> float:
    """Boundary F-score of two label masks.

    The harmonic mean of two shares: of the predicted outline that lies within `tolerance` of the
    true one, and of the true outline that lies so near to the predicted one (Csurka et al., BMVC
    2013). The lines between touching instances are outlines, the picture's border is none.

    Parameters
    ----------
    true, predicted
        Label masks of the same shape (H, W), 0 for background.
    tolerance
        [px].

    Returns
    -------
    float
        0 to 1; 1 where neither mask has an outline, 0 where one of them has.

    Examples
    --------
    >>> mask = np.kron([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.ones((9, 9), int))
    >>> boundary_f(mask, np.roll(mask, 2)), boundary_f(mask, 0 * mask)
    (1.0, 0.0)
    """
    one, other = outline(true), outline(predicted)
    if not one.any() or not other.any():
        return float(one.any() == other.any())
    reach = np.arange(-tolerance, tolerance + 1)
    disc = reach[:, None] ** 2 + reach**2 <= tolerance**2
    recall = float(ndimage.binary_dilation(other, disc)[one].mean())
    precision = float(ndimage.binary_dilation(one, disc)[other].mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: NDArray[np.integer]) -> BoolArray:
    """Pixels of instances that have a neighbour, above, below or beside, of another label.

    Examples
    --------
    >>> outline(np.array([[1, 1, 1, 2, 2, 0, 0]])).astype(int).tolist()
    [[0, 0, 1, 1, 1, 0, 0]]
    """
    found = np.zeros(mask.shape, dtype=bool)
    for first, second in (
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        differs = mask[first] != mask[second]
        found[first] |= differs
        found[second] |= differs
    return found & (mask > 0)
