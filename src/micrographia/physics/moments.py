"""Axes of flat shapes made of pixels, from their second moments."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray

#: Anisotropy up to which a shape has no axis; one pixel beside another has 0.6.
_MOST = 0.5


def directions(
    orientation: FloatArray, major: FloatArray, minor: FloatArray, area: FloatArray
) -> FloatArray:
    """Directions of the major axes; NaN for shapes that are round as far as pixels can tell.

    Parameters
    ----------
    orientation
        Angle from the downward axis to the major axis, as scikit-image `regionprops` gives it
        [rad], shape (n,). Of a disc it is π/4, which means nothing.
    major, minor
        Axes of the ellipse with the same second moments [px], shape (n,).
    area
        Areas [px²], shape (n,).

    Returns
    -------
    array
        Counter-clockwise from the x axis, 0 ≤ angle < 180 [degree], shape (n,).

    Notes
    -----
    The rim of a shape is known to the error of a uniform distribution over one pixel,
    1/√12 px, at each of about 2πR places. The second harmonic of R then has a standard
    deviation of √(2/(2πR))/√12, and the anisotropy (major² - minor²)/(major² + minor²) of a disc
    one of 2/R times that: 0.33/R^1.5. Beyond 1.5/R^1.5 there is an axis; of 400 discs of any
    place and size none has one.

    Examples
    --------
    >>> found = directions(np.array([np.pi / 4, np.pi / 2]), np.array([10.0, 20]),
    ...                    np.array([10.0, 10]), np.array([78.0, 157]))
    >>> found.tolist()
    [nan, 0.0]
    """
    # scikit-image takes pixels for points; the second moment of a unit square is 1/12, and an
    # axis is four standard deviations.
    squares = major**2 + minor**2 + 2 * 16 / 12
    anisotropy = (major**2 - minor**2) / squares
    radius = np.sqrt(np.asarray(area, np.float64) / np.pi)
    round_as_pixels = anisotropy <= np.minimum(1.5 * radius**-1.5, _MOST)
    return np.where(round_as_pixels, np.nan, (np.degrees(orientation) + 90.0) % 180.0)
