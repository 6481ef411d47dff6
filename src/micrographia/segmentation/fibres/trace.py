"""Fibres traced in a foreground, through the crossings with others."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from micrographia.arrays import BoolArray
from micrographia.segmentation.fibres.centre_line import Fibre, fibre_of
from micrographia.segmentation.fibres.joining import JoiningLimits, join
from micrographia.segmentation.fibres.pieces import pieces_of
from micrographia.segmentation.fibres.skeleton import skeleton_of

#: What is shorter than so many of its widths is no fibre.
LEAST_ASPECT = 3.0
#: Holes up to this area are noise [px]; larger ones may lie between fibres that cross.
_SPECK = 8


def trace(
    foreground: BoolArray,
    limits: JoiningLimits | None = None,
    least_aspect: float = LEAST_ASPECT,
) -> list[Fibre]:
    """Trace the fibres of a foreground, joined through crossings by direction and width.

    Parameters
    ----------
    foreground
        Pixels that lie on any fibre, shape (H, W); of a label mask all above 0.
    limits
        What may be joined; None for the defaults of `JoiningLimits`.
    least_aspect
        Fibres are at least so many widths long.

    Returns
    -------
    list of Fibre
        The longest first.

    Examples
    --------
    >>> cross = np.zeros((60, 60), bool)
    >>> cross[28:33, 5:55] = cross[5:55, 28:33] = True
    >>> found = trace(cross)
    >>> [abs(one.length - 50) < 1 and round(float(np.median(one.widths))) == 5 for one in found]
    [True, True]
    """
    if not foreground.any():
        return []
    filled = _without_specks(foreground)
    skeleton = skeleton_of(filled)
    values = filled.astype(np.float64)
    pieces = pieces_of(skeleton, values)
    fibres = []
    for chain in join(pieces, filled, limits or JoiningLimits()):
        fibre = fibre_of(chain, pieces, values, skeleton.reach)
        if fibre is not None and fibre.length >= least_aspect * float(np.median(fibre.widths)):
            fibres.append(fibre)
    return sorted(fibres, key=lambda fibre: -fibre.length)


def _without_specks(foreground: BoolArray) -> BoolArray:
    holes, count = ndimage.label(~foreground)
    if not count:
        return foreground
    small = np.bincount(holes.ravel()) <= _SPECK
    small[0] = False
    return np.asarray(foreground | small[holes])
