"""The best species for an outline, by evidence, with their rivals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import BoolArray, FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.assigned import (
    Assigned,
    evidence,
    settle,
    signals,
)
from micrographia.reconstruction.unstated.chemistry import Kind
from micrographia.reconstruction.unstated.labels import Asked, label
from micrographia.reconstruction.unstated.data import Data, forms
from micrographia.reconstruction.unstated.outline import Outline

_GRID = 0.1  # spacing of the search map [Å]
_FINISHED = 4  # labellings that go through the whole search
_ROUNDS = 8  # of exchanges
_TOGETHER = 8  # columns that are added together
_APART = 0.6  # least distance of a new column from others [Å]
_TRIED = 8  # exchanges of one column that are fitted
_HOPE = 60.0  # squared residual that a fit may win back


@dataclass(frozen=True)
class Read:
    """An answer with its evidence (log-posterior up to a constant)."""

    state: Assigned
    value: float


def assign(data: Data, outline: Outline, asked: Asked, deadline: Deadline) -> list[Read]:
    """Species and columns, the most probable first.

    Every state that was looked at is a rival, each composition once.
    """
    first: list[Read] = []
    for item in label(data, outline, asked):
        deadline.check()
        flex = tuple((number, 0.0, 0.0, 0.0) for number in asked.numbers)
        optics = replace(outline.optics, gain=item.gain, exponent=item.exponent, flex=flex)
        state = settle(data, Assigned(outline.positions, item.kinds, optics), 4, deadline)
        first.append(Read(state, evidence(data, state, asked)))
    first.sort(key=lambda read: -read.value)
    seen: dict[tuple[Kind, ...], Read] = {}
    for read in first:
        _keep(seen, read)
    for read in first[:_FINISHED]:
        _improve(data, read, asked, seen, deadline)
    return sorted(seen.values(), key=lambda read: -read.value)


def _keep(seen: dict[tuple[Kind, ...], Read], read: Read) -> None:
    key = tuple(sorted(read.state.kinds))
    if key not in seen or seen[key].value < read.value:
        seen[key] = read


def _improve(
    data: Data, read: Read, asked: Asked, seen: dict[tuple[Kind, ...], Read], deadline: Deadline
) -> None:
    """Change one column at a time, or add many alike, while that raises the evidence."""
    for _ in range(_ROUNDS):
        best = read
        for state in _promising(data, read.state, asked):
            trial = settle(data, state, 2, deadline, probe=False)
            other = Read(trial, evidence(data, trial, asked))
            _keep(seen, other)
            best = max(best, other, key=lambda item: item.value)
        if best.value < read.value + 1e-3:
            best = _filled(data, read, asked, seen, deadline)
        if best.value < read.value + 1e-3:
            break
        read = best
    final = settle(data, read.state, 10, deadline)
    _keep(seen, Read(final, evidence(data, final, asked)))


def _filled(
    data: Data, read: Read, asked: Asked, seen: dict[tuple[Kind, ...], Read], deadline: Deadline
) -> Read:
    """The best of the states with several more columns of one element.

    Light atoms beside heavy ones may each be too faint to pay for themselves, and pay together:
    as many as make the charges balance, or the formula that is known.
    """
    best = read
    for number in asked.numbers:
        state = read.state
        for _ in range(_TOGETHER):
            grown = _grown(data, state, number)
            if grown is None:
                break
            state = settle(data, grown, 1, deadline, probe=False)
            other = Read(state, evidence(data, state, asked))
            _keep(seen, other)
            best = max(best, other, key=lambda item: item.value)
    return best


def _promising(data: Data, state: Assigned, asked: Asked) -> list[Assigned]:
    """States that differ in one column and may be better: of another kind, absent, or new."""
    kinds = asked.kinds()
    columns = signals(data, state)
    residual = data.values - columns.sum(axis=1)
    now = float(np.square(np.abs(residual)).sum())
    g = data.fit.g
    shapes = dict(zip(kinds, forms(data, state.optics, kinds), strict=True))
    losses: list[tuple[float, Assigned]] = []
    for column in range(state.count):
        wave = np.exp(-2j * np.pi * (g @ state.positions[column]))
        rest = residual + columns[:, column]
        for kind in kinds:
            if kind != state.kinds[column]:
                loss = float(np.square(np.abs(rest - shapes[kind] * wave)).sum())
                losses.append((loss - now, state.with_kind(column, kind)))
        if state.count > 1:
            loss = float(np.square(np.abs(rest)).sum())
            losses.append((loss - now, state.without(column)))
    losses.sort(key=lambda item: item[0])
    # A refit seldom wins back more than half of what one exchange loses.
    hopeful = [other for loss, other in losses[:_TRIED] if loss < _HOPE + 0.5 * now]
    grown = [_grown(data, state, number) for number in asked.numbers]
    return hopeful + [other for other in grown if other is not None]


def _grown(data: Data, state: Assigned, number: int) -> Assigned | None:
    """One more column of an element where it helps most; None where it would not at all."""
    fit = data.fit
    shape = np.maximum(24, np.ceil(np.linalg.norm(fit.cell, axis=1) / _GRID)).astype(int)
    rows, columns = (
        int(n) for n in np.maximum(shape, 2 * np.abs(fit.indices).max(axis=0) + 2)
    )
    form = forms(data, state.optics, [(number,)])[0]
    residual = data.values - signals(data, state).sum(axis=1)
    grid = np.zeros((rows, columns), dtype=np.complex128)
    grid[fit.indices[:, 0] % rows, fit.indices[:, 1] % columns] = np.conj(form) * residual
    overlap = (np.fft.ifft2(grid) * rows * columns).real
    overlap[_occupied(fit.cell, state.positions, rows, columns)] = -np.inf
    row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
    gain = 2 * overlap[row, column] - np.square(np.abs(form)).sum()
    if not gain > 0:
        return None
    return state.with_column(np.array([row / rows, column / columns]) @ fit.cell, (number,))


def _occupied(cell: FloatArray, positions: FloatArray, rows: int, columns: int) -> BoolArray:
    """Points of a cell's grid (rows, columns) that are within another column."""
    grid = np.stack(
        np.meshgrid(np.arange(rows) / rows, np.arange(columns) / columns, indexing="ij"), axis=-1
    )
    gaps = grid[:, :, None] - positions @ np.linalg.inv(cell)
    distance = np.linalg.norm(minimum_image(gaps) @ cell, axis=-1)
    return np.asarray(distance.min(axis=2) < _APART)
