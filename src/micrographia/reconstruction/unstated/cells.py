"""Which of two cells of one picture is right: a small one, or a superlattice of it.

The autocorrelation finds cells under distortion but misses weak superlattices; the reflections
find these but take distortion for them. Each gives a reading; the answer in the small cell,
repeated, and the answer in the large one then explain the same data, and the evidence decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import repeats
from micrographia.reconstruction.composition.fill import is_right
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.assigned import Assigned, evidence, settle, signals
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.orbits import with_ties
from micrographia.reconstruction.unstated.read import Reading
from micrographia.reconstruction.unstated.search import Read

_MOST = 6  # cells of a small lattice in a large one
_WHOLE = 0.06  # by which vectors in units of the small lattice's may miss whole numbers
_JUDGED = 12  # reflections of the large cell alone from which on their noise is judged
_LOUDER, _STRAY = 4.0, 3.5  # factor on the noise's power, and how far its largest may stray
_MARGIN = 2.0  # log-evidence that a larger cell must bring


def multiple(large: FloatArray, small: FloatArray) -> FloatArray | None:
    """Vectors (2, 2) of a large cell in units of a small one's; None if they are no whole numbers.

    Examples
    --------
    >>> multiple(np.array([[2.0, 0], [0, 1]]), np.eye(2))
    array([[2., 0.],
           [0., 1.]])
    """
    ratio = large @ np.linalg.inv(small)
    whole = np.rint(ratio)
    index = abs(round(float(np.linalg.det(whole))))
    if np.abs(ratio - whole).max() > _WHOLE or not 1 <= index <= _MOST:
        return None
    return np.asarray(whole)


@dataclass(frozen=True)
class Choice:
    """Which of two cells is right: the small one, or not; and whether it leaves much unexplained.

    `unexplained`: reflections that only the large cell has stand out of their noise.
    """

    small: bool
    unexplained: bool = False


def choose(small: Reading, large: Reading, asked: Asked, deadline: Deadline) -> Choice:
    """Whether the small cell's answer, repeated, explains the large cell's data as well.

    Where its columns must be moved apart for that, they are one more answer in the large cell,
    which `large` then holds.
    """
    whole = multiple(large.data.fit.cell, small.data.fit.cell)
    if whole is None:
        return Choice(True)
    cell, state = large.data.fit.cell, small.answers[0].state
    tiled = _tiled(state, small.data.fit.cell, whole)
    index = tiled.count // state.count
    # The large cell is the small one's multiple but for the errors of both.
    places = tiled.positions @ np.linalg.inv(whole @ small.data.fit.cell) @ cell
    free = settle(large.data, replace(tiled, positions=places), 8, deadline)
    shift = (free.positions - places).reshape(index, -1, 2).mean(axis=0)
    tied = (index - 1) * state.count + index * state.tied
    rigid = replace(
        free, positions=places + np.tile(shift, (index, 1)), tied=min(tied, free.count - 1)
    )
    if _is_noise(large, rigid, whole):
        return Choice(True)
    moved = with_ties(cell, free)
    large.answers.append(Read(moved, evidence(large.data, moved, asked)))
    large.answers.sort(key=lambda answer: (not is_right(answer.state, asked), -answer.value))
    better = evidence(large.data, rigid, asked) > large.answers[0].value - _MARGIN
    return Choice(better, unexplained=better)


def _is_noise(large: Reading, tiled: Assigned, whole: FloatArray) -> bool:
    """Whether the reflections that only the large cell has are like noise of one strength.

    Their noise is known from what surrounds them, within a factor: a little more of it on all is
    no superlattice, whatever the sum of it may seem to prove.
    """
    data = large.data
    orders = data.fit.indices @ np.linalg.inv(whole).T
    between = np.abs(orders - np.rint(orders)).max(axis=1) > _WHOLE
    if between.sum() < _JUDGED:
        return False
    residual = data.values - signals(data, tiled).sum(axis=1)
    power = np.square(np.abs(residual[between]))
    mean = float(np.median(power) / np.log(2))
    return mean < _LOUDER and float(power.max()) < mean * (np.log(between.sum()) + _STRAY)


def _tiled(state: Assigned, cell: FloatArray, whole: FloatArray) -> Assigned:
    """The columns of a cell (2, 2) repeated over a multiple of it."""
    shifts = repeats(whole) @ cell
    positions = (state.positions[None] + shifts[:, None]).reshape(-1, 2)
    return replace(state, positions=positions, kinds=state.kinds * len(shifts))
