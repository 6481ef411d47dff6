"""Small changes of a cell's columns, with what each does to its composition and to the misfit.

One change takes an atom from a column, adds one to it, exchanges one, or puts one in an empty
place. Two of them together keep the composition: atoms exchange places, or one moves. What pairs
cost follows from the changes' signals and their products, without a fit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.physics.waves import plane_waves
from micrographia.reconstruction.columns import Kind
from micrographia.reconstruction.unstated.assigned import PLACE, Assigned, signals
from micrographia.reconstruction.unstated.data import Data, vacant
from micrographia.reconstruction.unstated.orbits import map_of_overlap

_APART = 0.6  # least distance of a new column from others [Å]
_PLACES = 3  # empty places that are tried for each element
_SPACED = 0.8  # least distance of these from each other [Å]
_SHARED = 4.0  # log-odds against a column of several atoms where there is none of its kind
_MOST = 4  # atoms of one column


@dataclass(frozen=True)
class Edits:
    """Changes of a state.

    Attributes
    ----------
    columns
        Column that each changes (k,); -1: none, it adds one.
    kinds
        What the column then holds; () where it is gone.
    places
        Where columns are added (k, 2) [Å]; the column's own place for others.
    change
        Atoms of each element that are gained (k, e), elements as they were asked.
    signal
        Change of the signal over the deviation (k, m).
    price
        What each costs beside the misfit (k,).
    """

    columns: IntArray
    kinds: tuple[Kind, ...]
    places: FloatArray
    change: IntArray
    signal: ComplexArray
    price: FloatArray

    def __len__(self) -> int:
        return len(self.kinds)


def edits_of(data: Data, state: Assigned, elements: tuple[int, ...]) -> Edits:
    """Every change of one atom.

    Parameters
    ----------
    data, state
        Fourier data and the columns that are changed.
    elements
        Atomic numbers (e,) that columns may hold.
    """
    profile = data.profile(state.optics)
    single = {n: profile * data.strength(state.optics, n) for n in elements}
    waves = plane_waves(data.fit.g, state.positions)
    columns, kinds, places, change, signal = [], [], [], [], []
    for column, held in enumerate(state.kinds):
        for kind in _neighbours(held, elements):
            gained = Counter(kind)
            gained.subtract(held)
            columns.append(column)
            kinds.append(kind)
            places.append(state.positions[column])
            change.append([gained[n] for n in elements])
            shape = sum((count * single[n] for n, count in gained.items()), 0 * profile)
            signal.append(shape * waves[:, column])
    for index, number in enumerate(elements):
        for place in _empty_places(data, state, number):
            columns.append(-1)
            kinds.append((number,))
            places.append(place)
            change.append([int(index == other) for other in range(len(elements))])
            signal.append(single[number] * plane_waves(data.fit.g, place[None])[:, 0])
    return Edits(
        np.array(columns, dtype=np.int64),
        tuple(kinds),
        np.array(places, dtype=np.float64).reshape(-1, 2),
        np.array(change, dtype=np.int64).reshape(-1, len(elements)),
        np.array(signal, dtype=np.complex128).reshape(-1, len(data.fit.g)),
        np.array([_price(state, c, k) for c, k in zip(columns, kinds, strict=True)]),
    )


def losses(data: Data, state: Assigned, edits: Edits) -> tuple[FloatArray, FloatArray]:
    """Change of misfit and price by each edit (k,), and by pairs of them beyond their sum (k, k).

    A pair that changes one column twice is infinite.
    """
    residual = data.values - signals(data, state).sum(axis=1)
    products = edits.signal @ edits.signal.conj().T
    own = np.real(np.diag(products)) - 2 * np.real(edits.signal @ residual.conj())
    together = 2 * np.real(products)
    same = (edits.columns[:, None] == edits.columns[None]) & (edits.columns >= 0)[:, None]
    added = (edits.columns[:, None] < 0) & (edits.columns[None] < 0)
    together[same | added] = np.inf
    return np.asarray(own + edits.price), together


def applied(state: Assigned, edits: Edits, chosen: list[int]) -> Assigned:
    """The state after some edits of different columns."""
    kinds = list(state.kinds)
    added: list[int] = []
    for edit in chosen:
        if edits.columns[edit] < 0:
            added.append(edit)
        else:
            kinds[int(edits.columns[edit])] = edits.kinds[edit]
    for column in sorted((c for c, kind in enumerate(kinds) if not kind), reverse=True):
        state = state.without(column)
        del kinds[column]
    for column, kind in enumerate(kinds):
        state = state.with_kind(column, kind)
    for edit in added:
        state = state.with_column(edits.places[edit], edits.kinds[edit])
    return state


def _neighbours(held: Kind, elements: tuple[int, ...]) -> list[Kind]:
    """What a column may hold after a change of one atom, () if it is gone."""
    found: set[Kind] = set()
    for place in range(len(held)):
        rest = held[:place] + held[place + 1 :]
        found.add(rest)
        found |= {tuple(sorted((*rest, n))) for n in elements}
    if len(held) < _MOST:
        found |= {tuple(sorted((*held, n))) for n in elements}
    return sorted(found - {tuple(sorted(held))})


def _empty_places(data: Data, state: Assigned, number: int) -> list[FloatArray]:
    """The places (2,) [Å] where one more atom of an element lowers the misfit most."""
    overlap, _ = map_of_overlap(data, state, number)
    free = vacant(data.fit.cell, state.positions, overlap.shape, _APART)
    found: list[FloatArray] = []
    for _ in range(_PLACES):
        if not free.any():
            break
        best = int(np.where(free, overlap, -np.inf).argmax())
        row, column = np.unravel_index(best, overlap.shape)
        place = np.array([row, column]) / overlap.shape @ data.fit.cell
        found.append(place)
        free &= vacant(data.fit.cell, place[None], overlap.shape, _SPACED)
    return found


def _price(state: Assigned, column: int, kind: Kind) -> float:
    """What a change costs beside the misfit: places, and columns that crystals seldom have."""
    if column < 0:
        return PLACE
    if not kind:
        return -PLACE
    return _rare(state, kind) - _rare(state, state.kinds[column])


def _rare(state: Assigned, kind: Kind) -> float:
    if len(kind) < 2:
        return 0.0
    return _SHARED / max(1, state.kinds.count(kind)) + 0.4
