"""Symmetry operations of a CIF: read from their text, and laid on sites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.errors import StructureError
from micrographia.io.crystals.spacing import LEAST, SAME_PLACE

_TERM = re.compile(r"([+-]?)(?:([xyz])|(\d+/\d+|\d*\.\d+|\d+))")
#: Translations are multiples of this share of the cell; written with decimals they come close.
_GRID = 24
_GRID_TOLERANCE = 1e-3
#: Coordinates of a point are equal within this, after rounding is dealt with.
_EQUAL = 1e-4


class Operations(NamedTuple):
    """Symmetry operations x' = R x + t of fractional coordinates.

    Attributes
    ----------
    rotations
        Whole numbers (n, 3, 3).
    translations
        Shares of the cell (n, 3).
    """

    rotations: IntArray
    translations: FloatArray


class Orbits(NamedTuple):
    """All atoms of a cell that the sites of a file stand for.

    Attributes
    ----------
    fractions
        Coordinates (n, 3), 0 ≤ x < 1.
    sites
        Index of the site that each atom comes from (n,).
    slack
        By how much the digits of the file leave each coordinate open (n, 3).
    spread
        Greatest distance of two images that were merged [Å].
    """

    fractions: FloatArray
    sites: IntArray
    slack: FloatArray
    spread: float


def read_operations(texts: Sequence[str], name: str) -> Operations:
    """Read operations such as `-x+y, -x, z+1/2`.

    Raises
    ------
    StructureError
        One of them is not an operation of a crystal.
    """
    rotations = np.zeros((len(texts), 3, 3), dtype=int)
    translations = np.zeros((len(texts), 3))
    for number, text in enumerate(texts):
        parts = str(text).strip("'\" ").lower().replace(" ", "").split(",")
        if len(parts) != 3 or not all(
            _read_row(part, number, row, rotations, translations) for row, part in enumerate(parts)
        ):
            raise _no_operation(text, name)
        if abs(round(np.linalg.det(rotations[number]))) != 1:
            raise _no_operation(text, name)
    on_grid = np.round(translations * _GRID) / _GRID
    close = np.abs(translations - on_grid) < _GRID_TOLERANCE
    return Operations(rotations, np.where(close, on_grid, translations) % 1.0)


def _read_row(
    part: str, number: int, row: int, rotations: IntArray, translations: FloatArray
) -> bool:
    terms = list(_TERM.finditer(part))
    for term in terms:
        sign = -1 if term[1] == "-" else 1
        if term[2]:
            rotations[number, row, "xyz".index(term[2])] += sign
        else:
            translations[number, row] += sign * float(Fraction(term[3]))
    signed = all(term[1] for term in terms[1:])
    return bool(part) and signed and "".join(term[0] for term in terms) == part


def _no_operation(text: str, name: str) -> StructureError:
    return StructureError(
        f"{name} has a symmetry operation that cannot be read",
        seen=text,
        allowed="three parts such as -x+y, -x, z+1/2",
        remedy="Write the operations again, or leave them out and name the group",
    )


def misfit(operations: Operations, cell: FloatArray) -> float:
    """How far the operations are from keeping lengths and angles of the cell.

    Returns
    -------
    Greatest change of a scalar product of two lattice vectors, relative to their lengths; about
    the change of an angle in radians, or twice that of a length.
    """
    metric = cell @ cell.T
    turned = np.swapaxes(operations.rotations, 1, 2) @ metric @ operations.rotations
    lengths = np.sqrt(np.diag(metric))
    return float((np.abs(turned - metric) / np.outer(lengths, lengths)).max())


def apply(
    operations: Operations, fractions: FloatArray, slack: FloatArray, cell: FloatArray
) -> Orbits:
    """Find all atoms of the cell.

    A site on an axis, a plane or a centre is its own image. Written with few digits (0.333 for a
    third) it is beside it, and its images lie side by side. Images of one site that the digits
    explain are therefore one atom, in the middle of them, which is where the symmetry wants it.

    Parameters
    ----------
    operations
        Of the whole group, the identity and centring included.
    fractions
        Sites (n, 3).
    slack
        One unit of the last digit written, per coordinate (n, 3): values are rounded or cut.
    cell
        Lattice vectors as rows (3, 3) [Å].
    """
    places, owners, open_, spread = [], [], [], 0.0
    for site, (point, loose) in enumerate(zip(fractions, slack, strict=True)):
        settled, apart = _settle(operations, point, loose, cell)
        spread = max(spread, apart)
        images = (operations.rotations @ settled + operations.translations) % 1.0
        kept = _first_of_each(images)
        places.append(images[kept] % 1.0)
        owners += [site] * int(kept.sum())
        open_.append((np.abs(operations.rotations) @ loose)[kept])
    return Orbits(np.concatenate(places), np.array(owners), np.concatenate(open_), spread)


def _settle(
    operations: Operations, point: FloatArray, loose: FloatArray, cell: FloatArray
) -> tuple[FloatArray, float]:
    """Middle of a site and those of its images that are it, and how far apart they were [Å]."""
    images = operations.rotations @ point + operations.translations
    step = images - point
    step -= np.round(step)
    length = np.linalg.norm(step @ cell, axis=1)
    # An error e of the site moves its image, as seen from the site, by (R - 1) e.
    bound = np.abs(operations.rotations - np.eye(3, dtype=int)) @ loose
    explained = (np.abs(step) <= bound + _EQUAL).all(axis=1) & (length < LEAST)
    one = explained | (length < SAME_PLACE)
    if one.sum() < 2:
        return point, 0.0
    images = step[one] @ cell
    apart = np.linalg.norm(images[:, None] - images[None], axis=-1).max()
    return point + step[one].mean(axis=0), float(apart)


def _first_of_each(points: FloatArray) -> BoolArray:
    """Which points (n, 3) repeat none before them, whole cells apart or not."""
    step = points[:, None] - points[None]
    same = (np.abs(step - np.round(step)) < _EQUAL).all(axis=-1)
    return np.asarray(same.argmax(axis=1) == np.arange(len(points)))
