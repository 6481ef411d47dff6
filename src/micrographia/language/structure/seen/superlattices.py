"""Cells that are larger than the one that was found: waves between those of its lattice.

The highest peaks of the autocorrelation are those of heavy atoms. Where light ones repeat only
every second or third cell, the peaks are nearly as high, and the smaller cell, a pseudo-cell, is
found. In the spectrum its superlattice stands apart: between the waves of the lattice there is
nothing but noise, unless the true cell is larger. Where the picture is so small that a wave
cannot be told from its neighbours, nothing is said.
"""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.language.structure.seen.repeats import (
    STEP,
    Repeats,
    find_repeats,
    flatten,
    repeats_on,
    set_cell,
    without_mean,
)
from micrographia.physics.lattice import gauss_reduce

#: The superlattices of two and of three cells.
SUPERLATTICES = np.array([
    [[2, 0], [0, 1]], [[1, 0], [0, 2]], [[1, 1], [-1, 1]],
    [[3, 0], [0, 1]], [[1, 0], [0, 3]], [[1, 1], [-1, 2]], [[1, -1], [1, 2]],
])  # fmt: skip
#: Shortest wave that is looked at [1/Å].
_FINEST = 1.3
#: A superlattice is offered where its waves hold so much of the power of the lattice's, and the
#: strongest of a thousand is so far above the noise (by chance: in one picture of 400).
_SHARE, _ABOVE = 1e-4, 13.0
#: Least distance of waves that are told apart, in units of the reciprocal side: the window's.
_APART = 2.05


def several(picture: FloatImage, most: int) -> list[Repeats]:
    """Find what repeats on each cell that a picture may have.

    Parameters
    ----------
    picture
        (2 n, 2 n), pixels of 0.1 Å.
    most
        Cells that are offered.

    Returns
    -------
    First that of `find_repeats`; then those on superlattices, the strongest first, and a
    superlattice of each of these.
    """
    found = [find_repeats(picture)]
    flat = flatten(picture)
    place = 0
    while place < len(found) < most:
        cell = found[place].cell
        larger = [] if cell is None else larger_cells(flat, cell)
        # Of a superlattice only its own superlattice is asked for, else alternatives crowd.
        for one in larger[: 1 if place else most - 1]:
            found.append(repeats_on(flat, found[0].peaks, one))
        place += 1
    return found[:most]


def larger_cells(flat: FloatImage, cell: FloatArray) -> list[FloatArray]:
    """Find superlattices whose waves are seen.

    Parameters
    ----------
    flat
        (n, n), of `repeats.flatten`.
    cell
        Vectors (2, 2) [Å].

    Returns
    -------
    Reduced cells (2, 2) [Å], the one with the most power first.
    """
    side = len(flat) * STEP
    # Strong waves of the lattice leak through the window, so they are taken off first.
    rest = without_mean(flat, cell)
    powers = [_power(rest, _between(change, cell, side)) for change in SUPERLATTICES]
    every = np.concatenate(powers)
    if not len(every):
        return []
    whole = float(_power(flat, _waves(cell)).sum())
    # Half of the powers of noise are below this: most superlattices have nothing else.
    floor = float(np.median(every)) / np.log(2)
    shares = [float((power - floor).sum()) / max(whole, 1e-12) for power in powers]
    seen = [
        bool(len(power)) and share > _SHARE and float(power.max()) > _ABOVE * floor
        for power, share in zip(powers, shares, strict=True)
    ]
    order = sorted(np.flatnonzero(seen).tolist(), key=lambda place: -shares[place])
    return [set_cell(gauss_reduce(SUPERLATTICES[place] @ cell)[0]) for place in order]


def _waves(cell: FloatArray) -> FloatArray:
    """Half of the waves of a lattice (n, 2) [1/Å]; the other half is the same."""
    inverse = np.linalg.inv(cell).T
    reach = int(_FINEST * np.hypot(*cell.T).max()) + 1
    h, k = np.meshgrid(np.arange(reach + 1), np.arange(-reach, reach + 1))
    steps = np.stack([h.ravel(), k.ravel()], axis=1)
    steps = steps[(steps[:, 0] > 0) | (steps[:, 1] > 0)]
    waves = steps @ inverse
    return np.asarray(waves[np.hypot(*waves.T) < _FINEST])


def _between(change: FloatArray, cell: FloatArray, side: float) -> FloatArray:
    """Waves of a superlattice that are told from those of the lattice (n, 2) [1/Å]."""
    inverse = np.linalg.inv(cell).T
    waves = _waves(change @ cell)
    low = np.floor(waves @ cell.T)
    corners = [low + step for step in ((0, 0), (0, 1), (1, 0), (1, 1))]
    apart = np.min([np.hypot(*(corner @ inverse - waves).T) for corner in corners], axis=0)
    return np.asarray(waves[apart * side > _APART])


def _power(flat: FloatImage, waves: FloatArray) -> FloatArray:
    """Power of a picture at waves (n,), under a window of Hann."""
    window = np.hanning(len(flat) + 2)[1:-1]
    places = (np.arange(len(flat)) + 0.5) * STEP
    across, down = (np.exp(-2j * np.pi * np.outer(places, waves[:, axis])) for axis in (0, 1))
    sums = (((flat * np.outer(window, window)) @ across) * down).sum(axis=0)
    return np.asarray(np.abs(sums) ** 2)
