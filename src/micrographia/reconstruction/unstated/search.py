"""The best species for an outline, by evidence, with their rivals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.physics.waves import plane_waves
from micrographia.reconstruction.columns import Kind
from micrographia.reconstruction.composition.fill import fill, is_right
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.assigned import (
    Assigned,
    evidence,
    settle,
    signals,
)
from micrographia.reconstruction.unstated.data import Data, forms
from micrographia.reconstruction.unstated.labels import Asked, label
from micrographia.reconstruction.unstated.orbits import evened, with_column, with_orbit, with_ties
from micrographia.reconstruction.unstated.outline import Outline

_LABELS = 96  # labellings that are looked at
_SETTLED = 16  # of these are fitted
_FINISHED = 4  # labellings that go through the whole search
_FILLED = 3  # readings that are brought to a known composition
_ROUNDS = 8  # of exchanges
_ORBITS = 3  # orbits that are added one after another
_TOGETHER = 8  # columns that are added together
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
    for begun in _begun(data, outline, asked):
        state = with_ties(data.fit.cell, settle(data, begun, 4, deadline))
        first.append(Read(state, evidence(data, state, asked)))
    first.sort(key=lambda read: -read.value)
    seen: dict[tuple[Kind, ...], Read] = {}
    for read in first:
        _keep(seen, read)
    visited: set[tuple[tuple[Kind, ...], float]] = set()
    for read in first[:_FINISHED]:
        _improve(data, read, asked, seen, visited, deadline)
    if asked.composition is not None:
        for read in sorted(seen.values(), key=lambda read: -read.value)[:_FILLED]:
            for state in fill(data, read.state, asked, deadline):
                _keep(seen, Read(state, evidence(data, state, asked)))
    # What is known comes first: that another composition explains more is left as a rival.
    return sorted(seen.values(), key=lambda read: (not is_right(read.state, asked), -read.value))


def _begun(data: Data, outline: Outline, asked: Asked) -> list[Assigned]:
    """The most probable labellings by their evidence where the outline has its columns.

    Strengths alone are a rough guide: elements differ in shape, too, and the gain is free.
    """
    flex = tuple((number, 0.0, 0.0, 0.0) for number in asked.numbers)
    found: list[Read] = []
    evenly = evened(data.fit.cell, outline.positions, outline.strengths)
    items = label(data, outline, asked, _LABELS)
    items += label(data, replace(outline, strengths=evenly), asked, _LABELS)
    kinds: set[tuple[Kind, ...]] = set()
    for item in items:
        if item.kinds in kinds:
            continue
        kinds.add(item.kinds)
        optics = replace(outline.optics, gain=item.gain, exponent=item.exponent, flex=flex)
        state = Assigned(outline.positions, item.kinds, optics)
        model = signals(data, state).sum(axis=1)
        scale = float((model.conj() @ data.values).real / (model.conj() @ model).real)
        if scale > 0:
            state = replace(state, optics=replace(optics, gain=scale * item.gain))
        state = with_ties(data.fit.cell, state)
        found.append(Read(state, evidence(data, state, asked)))
    found.sort(key=lambda read: -read.value)
    return [read.state for read in found[:_SETTLED]]


def _keep(seen: dict[tuple[Kind, ...], Read], read: Read) -> None:
    key = tuple(sorted(read.state.kinds))
    if key not in seen or seen[key].value < read.value:
        seen[key] = read


def _improve(
    data: Data,
    read: Read,
    asked: Asked,
    seen: dict[tuple[Kind, ...], Read],
    visited: set[tuple[tuple[Kind, ...], float]],
    deadline: Deadline,
) -> None:
    """Change one column at a time, or add many alike, while that raises the evidence."""
    for turn in range(_ROUNDS):
        best = read
        for state in _promising(data, read.state, asked):
            trial = settle(data, state, 2, deadline, probe=False)
            other = Read(trial, evidence(data, trial, asked))
            _keep(seen, other)
            best = max(best, other, key=lambda item: item.value)
        if turn == 0 or best.value < read.value + 1e-3:
            filled = _filled(data, read, asked, seen, deadline)
            best = max(best, filled, key=lambda item: item.value)
        if best.value < read.value + 1e-3:
            break
        read = best
        here = (tuple(sorted(read.state.kinds)), round(read.value, 1))
        if here in visited:
            # Another labelling came through this state, and the way from here was gone.
            return
        visited.add(here)
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
        bare = read.state.stripped(number)
        for add, state, most in (
            (with_orbit, bare, _ORBITS),
            (with_column, read.state, _TOGETHER),
        ):
            for _ in range(most if state.count else 0):
                grown = add(data, state, number)
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
    shapes = forms(data, state.optics, kinds)
    power = np.square(np.abs(shapes)).sum(axis=1)
    backward = np.conj(plane_waves(state.positions, data.fit.g))
    losses: list[tuple[float, Assigned]] = []
    for column in range(state.count):
        rest = residual + columns[:, column]
        without = float(np.square(np.abs(rest)).sum())
        overlap = (np.conj(shapes) @ (rest * backward[column])).real
        for kind, loss in zip(kinds, without + power - 2 * overlap, strict=True):
            if kind != state.kinds[column]:
                losses.append((float(loss) - now, state.with_kind(column, kind)))
        if state.count > 1:
            losses.append((without - now, state.without(column)))
    losses.sort(key=lambda item: item[0])
    # A refit seldom wins back more than half of what one exchange loses.
    hopeful = [other for loss, other in losses[:_TRIED] if loss < _HOPE + 0.5 * now]
    grown = [with_column(data, state, number) for number in asked.numbers]
    return hopeful + [other for other in grown if other is not None]
