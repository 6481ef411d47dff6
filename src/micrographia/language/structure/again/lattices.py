"""Superlattices and sublattices of a measured lattice that have a written shape."""

from __future__ import annotations

from functools import cache

import numpy as np

from micrographia.arrays import FloatArray, IntArray

#: Lengths [relative] and angle [degree] by which a written cell is one that was measured.
LENGTHS, ANGLES = 0.03, 2.0
#: Most cells in one, and the largest whole number in a change of cell.
MOST, _LARGEST = 4, 3
_TRIED = 24  # bases of about the right shape that are looked at


def changes_between(cell: FloatArray, shape: FloatArray) -> list[FloatArray]:
    """Find how a measured cell becomes a written one.

    Parameters
    ----------
    cell
        Measured vectors (2, 2) [Å].
    shape
        Lengths a, b [Å] and angle γ [degree] of the written cell.

    Returns
    -------
    Matrices (2, 2), one for each lattice with a cell of that shape: of the lattice itself; else
    of its superlattices of 2 to `MOST` cells; else of the lattices of which it is one. `change @
    cell` has the shape. None: nothing fits.
    """
    for changes, names in _changes():
        cells = changes @ cell
        lengths = np.hypot(cells[..., 0], cells[..., 1])
        products = (cells[:, 0] * cells[:, 1]).sum(axis=-1)
        gamma = np.degrees(np.arccos(np.clip(products / lengths.prod(axis=-1), -1, 1)))
        away = np.maximum(
            np.abs(lengths / shape[:2] - 1).max(axis=-1) / LENGTHS,
            np.abs(gamma - shape[2]) / ANGLES,
        )
        found: dict[bytes, FloatArray] = {}
        for place in np.argsort(away, kind="stable")[:_TRIED].tolist():
            if away[place] <= 1:
                found.setdefault(names[place].tobytes(), np.asarray(changes[place]))
        if found:
            return list(found.values())
    return []


@cache
def _changes() -> tuple[tuple[FloatArray, IntArray], ...]:
    """Changes to the cell itself, to superlattices, to sublattices; each with its lattice."""
    whole = np.arange(-_LARGEST, _LARGEST + 1)
    rows = np.array(np.meshgrid(whole, whole, whole, whole)).reshape(4, -1).T.reshape(-1, 2, 2)
    # The identity first: of equal changes it is the one that is taken.
    rows = rows[np.argsort(np.abs(rows - np.eye(2)).sum(axis=(1, 2)), kind="stable")]
    sizes = np.abs(np.rint(np.linalg.det(rows)).astype(np.int64))
    found = []
    for least, most, finer in ((1, 1, False), (2, MOST, False), (2, MOST, True)):
        kept = rows[(sizes >= least) & (sizes <= most)]
        names = np.array([_hermite(one.T if finer else one) for one in kept])
        found.append((np.linalg.inv(kept) if finer else kept.astype(np.float64), names))
    return tuple(found)


def _hermite(matrix: IntArray) -> tuple[int, int, int]:
    """Name the lattice that the rows of a matrix span: p, q, r of its Hermite form p q, 0 r."""
    (a, b), (c, d) = matrix.tolist()
    while c:
        steps = a // c
        a, b, c, d = c, d, a - steps * c, b - steps * d
    if a < 0:
        a, b = -a, -b
    return a, b % abs(d), abs(d)
