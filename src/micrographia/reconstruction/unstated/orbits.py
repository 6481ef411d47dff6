"""Faint columns by symmetry: all images of a place under the group of the strong columns at once.

One light atom beside heavy ones may be lost in the noise where its images together are not; and
that they are images of each other leaves one place to be found instead of many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import map_coordinates

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import minimum_image
from micrographia.reconstruction.reflections import overlap_map
from micrographia.reconstruction.symmetry.averaging import Operations
from micrographia.reconstruction.symmetry.wallpaper import find_wallpaper
from micrographia.reconstruction.unstated.assigned import PLACE, Assigned, signals
from micrographia.reconstruction.unstated.data import GRID, LEAST_POINTS, Data, forms, vacant

_TOLERANCE = 0.15  # within which strong columns are images of each other [Å]
_STRETCH = 0.04  # of a vector, within which vectors count as equal
_SPECIAL = 0.4  # a place this near to its own image is on a point of symmetry [Å]
_APART = 0.6  # least distance of a new column from others [Å]
_AMPLITUDES = (0.5, 1.5)  # of an atom, which a fit of the optics may make right
_DISTINCT = 0.9  # images of a place that are nearer to each other share one atom [Å]
_SIMILAR = 0.2  # step in the logarithm of strengths from which on columns are of two kinds
_WORTH = 0.4  # of the price of a place, from which on an orbit is tried
_MOST = 12  # columns of one orbit


def map_of_overlap(data: Data, state: Assigned, number: int) -> tuple[FloatArray, float]:
    """How well an atom of an element fits the residual at each point of the cell.

    Returns
    -------
    overlap, power
        Overlap (rows, columns) on a fractional grid, and the atom's own power: adding it at a
        point lowers the misfit by twice the overlap less the power.
    """
    form = forms(data, state.optics, [(number,)])[0]
    residual = data.values - signals(data, state).sum(axis=1)
    overlap = overlap_map(data.fit, form, residual, GRID, LEAST_POINTS)
    return overlap, float(np.square(np.abs(form)).sum())


def _hoped(overlap: FloatArray, power: float) -> FloatArray:
    """What atoms could lower the misfit by, once gain and exponent are fitted with them."""
    amplitude = np.clip(overlap / power, *_AMPLITUDES)
    return np.asarray(2 * amplitude * overlap - amplitude**2 * power)


def with_column(data: Data, state: Assigned, number: int) -> Assigned | None:
    """One more column of an element where it helps most; None where it would not at all."""
    overlap, power = map_of_overlap(data, state, number)
    free = vacant(data.fit.cell, state.positions, overlap.shape, _APART)
    gain = np.where(free, _hoped(overlap, power), -np.inf)
    row, column = np.unravel_index(int(gain.argmax()), gain.shape)
    if not gain[row, column] > 0:
        return None
    place = np.array([row, column]) / gain.shape @ data.fit.cell
    return state.with_column(place, (number,))


def with_orbit(data: Data, state: Assigned, number: int) -> Assigned | None:
    """An orbit more of one element, where it helps most; None where none pays for its place."""
    group = _group(data.fit.cell, state)
    if group is None:
        return None
    rotations, translations = group
    overlap, power = map_of_overlap(data, state, number)
    shape = overlap.shape
    free = vacant(data.fit.cell, state.positions, shape, _APART)
    steps = [np.arange(count) / count for count in shape]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
    images = np.einsum("pi,oij->poj", points, rotations) + translations
    own = minimum_image(images - points[:, None]) @ data.fit.cell
    distance = np.linalg.norm(own, axis=2)
    stays = distance < _SPECIAL
    # Beside a point of symmetry more images, each a part of the atom there, would seem to gain.
    halved = ((distance >= _SPECIAL) & (distance < _DISTINCT)).any(axis=1)
    size = len(rotations) / stays.sum(axis=1)
    values = map_coordinates(
        overlap, (images * np.array(shape)).reshape(-1, 2).T, order=1, mode="grid-wrap"
    ).reshape(len(points), -1)
    gain = size * _hoped(values.mean(axis=1), power)
    gain[~free.ravel() | halved | (size > _MOST) | (np.abs(size - np.rint(size)) > 1e-6)] = -np.inf
    best = int(gain.argmax())
    if not gain[best] > _WORTH * PLACE:
        return None
    # A point that nearly stays is one that does: the mean of its near images.
    near = minimum_image(images[best] - points[best])[stays[best]]
    start = points[best] + near.mean(axis=0)
    places = _distinct(np.einsum("i,oij->oj", start, rotations) + translations, data.fit.cell)
    return state.with_columns(places @ data.fit.cell, (number,))


def with_ties(cell: FloatArray, state: Assigned) -> Assigned:
    """The state with as many columns tied as are images of others under its own symmetry.

    Whatever way a state was found, symmetric columns have one place to be found together.
    """
    places = _operations(cell, state).places
    orbits = {frozenset(int(place) for place in images) for images in places.T}
    return replace(state, tied=state.count - len(orbits))


def evened(cell: FloatArray, positions: FloatArray, strengths: FloatArray) -> FloatArray:
    """Strengths (n,) of columns, those of images of each other made equal.

    Columns that may be images are those of similar strength. Neighbours in atomic number differ
    by less than the noise of one column, and not by less than that of all of an orbit.
    """
    order = np.argsort(strengths)
    steps = np.diff(np.log(strengths[order])) > _SIMILAR
    labels = np.zeros(len(strengths), dtype=np.int64)
    labels[order[1:]] = np.cumsum(steps)
    stretch = _STRETCH * float(np.linalg.norm(cell, axis=1).max())
    found = find_wallpaper(cell, positions, labels, _TOLERANCE, stretch).operations
    return np.asarray(strengths[found.places].mean(axis=0))


def _group(cell: FloatArray, state: Assigned) -> tuple[IntArray, FloatArray] | None:
    """Rotations (o, 2, 2) and translations (o, 2) that map the columns on each other."""
    found = _operations(cell, state)
    return None if len(found.rotations) < 2 else (found.rotations, found.translations)


def _operations(cell: FloatArray, state: Assigned) -> Operations:
    codes = {kind: place for place, kind in enumerate(sorted(set(state.kinds)))}
    labels = np.array([codes[kind] for kind in state.kinds])
    stretch = _STRETCH * float(np.linalg.norm(cell, axis=1).max())
    return find_wallpaper(cell, state.positions, labels, _TOLERANCE, stretch).operations


def _distinct(places: FloatArray, cell: FloatArray) -> FloatArray:
    """Fractional places (n, 2), each once."""
    kept: list[FloatArray] = []
    for place in places:
        gaps = [np.linalg.norm(minimum_image(place - other) @ cell) for other in kept]
        if not gaps or min(gaps) > _SPECIAL / 2:
            kept.append(place)
    return np.array(kept)
