"""Columns with species under fitted optics: their model, its fit, and its evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.physics.waves import plane_waves
from micrographia.reconstruction.columns import Kind
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.chemistry import log_prior
from micrographia.reconstruction.unstated.data import Data
from micrographia.reconstruction.unstated.descent import descend, normal_equations, shortened
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import (
    EXPONENTS,
    SPREAD,
    Optics,
    exponent_weight,
    flex_spread,
)
from micrographia.reconstruction.unstated.pupil import ABERRATIONS

#: Squared deviations from which on a residual counts by its logarithm.
TAIL = 8.0
#: Log-odds that a column with a species must bring for its place: the cell's area over that in
#: which data hold it.
PLACE = 9.0
#: Distances of columns [Å], and log-odds against each pair that is nearer.
_NEAR = ((0.9, 1.5), (0.5, 4.0))


@dataclass(frozen=True)
class Assigned:
    """Columns of a cell: positions (n, 2) [Å], what each holds, and the optics with their gain.

    `tied` is how many columns are where symmetry puts them, images of others.
    """

    positions: FloatArray
    kinds: tuple[Kind, ...]
    optics: Optics
    tied: int = 0

    @property
    def count(self) -> int:
        """Number of columns."""
        return len(self.kinds)

    @property
    def atoms(self) -> list[int]:
        """Atomic numbers of all atoms."""
        return [number for kind in self.kinds for number in kind]

    def with_kind(self, column: int, kind: Kind) -> Assigned:
        """The same with another kind in one column."""
        kinds = list(self.kinds)
        kinds[column] = kind
        return replace(self, kinds=tuple(kinds))

    def without(self, column: int) -> Assigned:
        """The same less one column."""
        keep = [place for place in range(self.count) if place != column]
        return replace(
            self,
            positions=self.positions[keep],
            kinds=tuple(self.kinds[k] for k in keep),
            tied=max(0, self.tied - 1),
        )

    def stripped(self, number: int) -> Assigned:
        """The same without the columns that hold nothing but one element."""
        keep = [place for place, kind in enumerate(self.kinds) if set(kind) != {number}]
        return replace(
            self,
            positions=self.positions[keep],
            kinds=tuple(self.kinds[place] for place in keep),
            tied=0,
        )

    def with_column(self, position: FloatArray, kind: Kind) -> Assigned:
        """The same with one column more, at (2,) [Å]."""
        return self.with_columns(position[None], kind)

    def with_columns(self, positions: FloatArray, kind: Kind) -> Assigned:
        """The same with more columns of one kind, images of each other, at (k, 2) [Å]."""
        return replace(
            self,
            positions=np.vstack([self.positions, positions]),
            kinds=(*self.kinds, *(kind,) * len(positions)),
            tied=self.tied + len(positions) - 1,
        )


def signals(data: Data, state: Assigned) -> ComplexArray:
    """Signal of each column over the deviation (m, n)."""
    return np.asarray(_signals(data, state, plane_waves(state.positions, data.fit.g)).T)


def _signals(data: Data, state: Assigned, waves: ComplexArray) -> ComplexArray:
    """Signal of each column over the deviation (n, m), from the columns' waves (n, m)."""
    single = {number: data.strength(state.optics, number) for number in set(state.atoms)}
    shapes = np.array([np.sum([single[n] for n in kind], axis=0) for kind in state.kinds])
    return np.asarray(waves * (shapes * data.profile(state.optics)))


def misfit(data: Data, state: Assigned) -> float:
    """Minus the log-likelihood of the residuals over the deviation: Student's, near enough |r|².

    A line that crosses the picture, a grain at its edge or a scattering that no model knows puts
    much on a few reflections; these must not decide for all.
    """
    waves = plane_waves(state.positions, data.fit.g)
    residual = data.values - data.profile(state.optics) * _structure(data, state, waves).sum(
        axis=0
    )
    return float(TAIL * np.log1p(np.square(np.abs(residual)) / TAIL).sum())


def cost(data: Data, state: Assigned) -> float:
    """What a fit minimises: misfit, and how unusual the optics are."""
    return misfit(data, state) + state.optics.unusual()


def evidence(data: Data, state: Assigned, asked: Asked) -> float:
    """Log-posterior up to a constant; each column pays for its place."""
    area = abs(float(np.linalg.det(data.fit.cell)))
    chemistry = log_prior(list(state.kinds), area, frozenset(asked.numbers), asked.composition)
    chemistry += _crowding(data.fit.cell, state.positions)
    return -cost(data, state) + chemistry - PLACE * (state.count - state.tied)


def _crowding(cell: FloatArray, positions: FloatArray) -> float:
    """Log-odds against columns (n, 2) [Å] closer than those of crystals usually are."""
    gaps = (positions[:, None] - positions[None]) @ np.linalg.inv(cell)
    distance = np.linalg.norm(minimum_image(gaps) @ cell, axis=-1)
    pairs = distance[np.triu_indices(len(positions), 1)]
    return -sum(odds * float((pairs < near).sum()) for near, odds in _NEAR)


def settle(
    data: Data, state: Assigned, rounds: int, deadline: Deadline, probe: bool = True
) -> Assigned:
    """Fit positions and optics, species held; `probe`: its limit and aberrations, too."""
    deadline.check()
    return descend(
        state,
        lambda trial: cost(data, trial),
        lambda trial: _linearise(data, trial, probe),
        _step,
        rounds,
    )


def _step(state: Assigned, step: FloatArray) -> Assigned:
    count, fitted = state.count, len(SPREAD)
    rest = np.clip(step[2 * count :], -0.5, 0.5)
    optics = state.optics.moved(state.optics.parameters() + rest[1 : 1 + fitted])
    corrections = rest[2 + fitted :].reshape(-1, 3)
    flex = tuple(
        (number, a + float(da), b + float(db), c + float(dc))
        for (number, a, b, c), (da, db, dc) in zip(optics.flex, corrections, strict=True)
    )
    optics = replace(
        optics,
        gain=optics.gain * float(np.exp(rest[0])),
        exponent=optics.exponent + float(rest[1 + fitted]),
        flex=flex,
    )
    shift = shortened(step[: 2 * count].reshape(-1, 2), 0.2)
    return replace(state, positions=state.positions + shift, optics=optics)


def _linearise(data: Data, state: Assigned, probe: bool) -> tuple[FloatArray, FloatArray]:
    g, count, optics = data.fit.g, state.count, state.optics
    waves = plane_waves(state.positions, g)
    structure = _structure(data, state, waves)
    shares = data.profile(optics) * structure
    total = shares.sum(axis=0)
    columns = _signals(data, state, waves)
    first, last = 2 * count + 1, 2 * count + 2 + len(SPREAD)
    # A slope is a row, so that real and imaginary parts are numbers of it like all others.
    slopes = np.zeros((last + 3 * len(shares), len(g)), dtype=np.complex128)
    slopes[0 : 2 * count : 2] = columns * (-2j * np.pi * g[:, 0])
    slopes[1 : 2 * count : 2] = columns * (-2j * np.pi * g[:, 1])
    slopes[2 * count] = total
    if probe:
        bare = structure.sum(axis=0)
        slopes[first : first + 1 + ABERRATIONS] = data.probe_slopes(optics).T * bare
    slopes[last - 4 : last - 1] = data.blur_slopes * total
    if optics.mode != "phase":
        slopes[last - 1] = np.log(np.array([number for number, *_ in optics.flex]) / 20) @ shares
    slopes[last:] = (shares[:, None] * data.flex_terms).reshape(-1, len(g))
    residual = data.values - total
    trust = 1 / np.sqrt(1 + np.square(np.abs(residual)) / TAIL)
    normal, gradient = normal_equations(slopes * trust, residual * trust)
    weights, off = _prior(optics)
    places = np.arange(first, first + len(weights))
    normal[places, places] += weights
    gradient[places] -= weights * off
    if not probe:
        gradient[places[: 1 + ABERRATIONS]] = 0
    return normal, gradient


def _prior(optics: Optics) -> tuple[FloatArray, FloatArray]:
    """Weights of the prior of all that is fitted of the optics, and how far they are off."""
    usual, _ = EXPONENTS.get(optics.mode, (optics.exponent, 0.0))
    flex = [value for _, *values in optics.flex for value in values]
    spreads = [flex_spread(number) for number, *_ in optics.flex]
    off = [*(optics.parameters() - optics.usual), optics.exponent - usual, *flex]
    corrections = 0.5 / np.square(np.concatenate(spreads))
    weights = [0.5 / np.square(optics.spread), np.array([exponent_weight(optics)]), corrections]
    return np.concatenate(weights), np.array(off)


def _structure(data: Data, state: Assigned, waves: ComplexArray) -> ComplexArray:
    """Σ S exp(-2πi g·r) (e, m) over the atoms of each element: the signal without the optics.

    `waves` (n, m) are those of the columns.
    """
    numbers = [number for number, *_ in state.optics.flex]
    counts = np.array([[kind.count(number) for kind in state.kinds] for number in numbers])
    strengths = np.array([data.strength(state.optics, number) for number in numbers])
    return np.asarray((counts.astype(np.float64) @ waves) * strengths)
