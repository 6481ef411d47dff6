"""The part of a picture inside its frame: without data bars and margins along the edges.

Pictures of one instrument carry the same data bar, and pictures of one article the same margin;
either can hold nearly all the contrast of a thumbnail. What tells copies from different pictures
is the part inside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import GreyImage

#: Rows and columns that are looked at, at most: every n-th pixel along a bar will do.
_ALONG = 512
#: Grey levels about that of the ground which JPEG makes of it.
_NEAR = 6
#: Least share of a bar's row, and of the whole bar, that is ground; the rest is text and the like.
_GROUND, _MEAN = 0.45, 0.6
#: Greatest share of that level in the part inside: a picture on black ground is no bar.
_INSIDE = 0.3
#: Least and greatest depth of a bar, and of a line or of dense text in it [share of the side].
_LEAST, _MOST, _GAP = 0.025, 0.35, 0.02

Part = tuple[int, int, int, int]


def inside(pixels: GreyImage) -> Part | None:
    """Return the part of a picture inside bars and margins.

    A bar reaches along a whole edge, 2.5 to 35 % deep, and most of each of its rows is one grey
    level, which is rare in the rest of the picture. All four edges are looked at.

    Parameters
    ----------
    pixels
        Grey picture of 8 bits, shape (H, W).

    Returns
    -------
    x0, y0, x1, y1 with exclusive ends [px]; None where there is no bar.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(60, 200, (200, 300)).astype(np.uint8)
    >>> noise[180:] = 0
    >>> inside(noise)
    (0, 0, 300, 180)
    """
    height, width = pixels.shape
    bottom = height - _depth(pixels[::-1])
    top = _depth(pixels[:bottom])
    right = width - _depth(pixels[top:bottom].T[::-1])
    left = _depth(pixels[top:bottom, :right].T)
    found = (left, top, right, bottom)
    return found if found != (0, 0, width, height) else None


def _depth(rows: NDArray[np.uint8]) -> int:
    """Return how many rows, from the first on, are a bar."""
    length, width = rows.shape
    edge = max(round(_LEAST * length), 4)
    if length < 8 * edge or width < 16:
        return 0
    ground = int(np.bincount(rows[:edge].ravel(), minlength=256).argmax())
    level = rows[:, :: max(1, width // _ALONG)].astype(np.int16)
    beside = rows[:, 1 :: max(1, width // _ALONG)].astype(np.int16)
    count = min(level.shape[1], beside.shape[1])
    off = np.abs(level - ground)[:, :count]
    near = off <= _NEAR
    share = (near & (np.abs(level[:, :count] - beside[:, :count]) <= 1)).mean(axis=1)
    # The first row is flat or soon follows; the bar ends before the first wide gap.
    flat = np.append(-1, np.flatnonzero(share >= _GROUND))
    wide = np.flatnonzero(np.diff(flat) > max(round(_GAP * length), 2))
    depth = int(flat[wide[0] if len(wide) else -1]) + 1
    if not edge <= depth <= _MOST * length or share[:depth].mean() < _MEAN:
        return 0
    # A bar ends at once; a slope goes on.
    beyond = (off[depth + 2 : depth + 2 + edge] <= 2 * _NEAR).mean()
    return depth if beyond <= _INSIDE and near[depth:].mean() <= _INSIDE else 0
