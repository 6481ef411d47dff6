"""Pieces joined into fibres: through crossings first, then across gaps, by direction and width."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from micrographia.arrays import BoolArray, FloatArray
from micrographia.segmentation.fibres.pieces import Piece

#: An end of a piece: the piece's number, and 0 for its start, 1 for its end.
End = tuple[int, int]


@dataclass(frozen=True)
class JoiningLimits:
    """What two ends may have between them.

    Attributes
    ----------
    turn
        Largest turn from one end into the other through a crossing [degree].
    gap_turn
        The same across a gap.
    gap
        Longest gap [widths].
    covered_gap
        Longest gap that lies wholly in the foreground, under other fibres [widths].
    """

    turn: float = 50.0
    gap_turn: float = 20.0
    gap: float = 6.0
    covered_gap: float = 15.0


#: Cost of a difference of widths, in radians for a factor e.
_WIDTH_COST = 2
#: Cost of a gap that is in no foreground, in radians for a gap as long as a width.
_GAP_COST = 0.05
#: More ends at one crossing are matched greedily.
_MOST_ENDS = 12


def join(pieces: Sequence[Piece], foreground: BoolArray, limits: JoiningLimits) -> list[list[End]]:
    """Return chains of pieces, each entered at the end that is given.

    Parameters
    ----------
    pieces
        What `pieces_of` returned.
    foreground
        What they were found in, shape (H, W).
    limits
        What may be joined.
    """
    led = {
        (number, end): piece.leads(end) for number, piece in enumerate(pieces) for end in (0, 1)
    }
    partner: dict[End, End] = {}
    groups = defaultdict(list)
    for end in led:
        node = pieces[end[0]].nodes[end[1]]
        if node >= 0:
            groups[node].append(end)
    for ends in groups.values():
        costs = _costs(ends, pieces, led, np.radians(limits.turn))
        for first, second in _matched(costs, np.radians(limits.turn) / 2):
            partner[ends[first]], partner[ends[second]] = ends[second], ends[first]
    for one, end in _across_gaps(pieces, led, set(partner), foreground, limits):
        partner[one], partner[end] = end, one
    return _chains(len(pieces), partner)


def _turn(
    one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray], slack: float
) -> float:
    """How much a smooth line from one end into the other has to bend [rad].

    2 √(a² + ab + b²) of the slopes a and b that a cubic has at its ends against its chord, the
    root of its bending energy: of an arc its turn, of an S more. Up to `slack` px to a side are
    put down to the skeleton.
    """
    chord = other[0] - one[0]
    length = float(np.hypot(*chord))
    turn = _angle(one[1], -other[1])
    if length < 1e-6:
        return abs(turn)
    sideways = chord[1] * one[1][0] - chord[0] * one[1][1]
    along = float(chord @ one[1])
    if along < -slack:
        return np.pi  # it would have to turn back
    moved = np.sign(sideways) * max(0.0, abs(sideways) - slack)
    first = float(np.arctan2(moved, max(along, 1e-6)))
    second = first - turn  # what is left of the whole turn after the chord
    return float(2 * np.sqrt(max(0.0, first**2 + second**2 + first * second)))


def _angle(one: FloatArray, other: FloatArray) -> float:
    """Signed angle from one unit vector to another [rad]."""
    return float(np.arctan2(one[0] * other[1] - one[1] * other[0], one @ other))


def _pair_cost(
    one: End,
    other: End,
    pieces: Sequence[Piece],
    led: dict[End, tuple[FloatArray, FloatArray]],
) -> float:
    radii = pieces[one[0]].radius, pieces[other[0]].radius
    turn = _turn(led[one], led[other], 0.25 * (radii[0] + radii[1]))
    return float(np.hypot(turn, _WIDTH_COST * np.log(radii[0] / radii[1])))


def _costs(
    ends: Sequence[End],
    pieces: Sequence[Piece],
    led: dict[End, tuple[FloatArray, FloatArray]],
    limit: float,
) -> FloatArray:
    """Cost of joining every two ends, infinite where it may not be."""
    costs = np.full((len(ends), len(ends)), np.inf)
    for i, one in enumerate(ends):
        for j in range(i + 1, len(ends)):
            if ends[j][0] != one[0]:
                cost = _pair_cost(one, ends[j], pieces, led)
                if cost <= limit:
                    costs[i, j] = costs[j, i] = cost
    return costs


def _matched(costs: FloatArray, alone: float) -> list[tuple[int, int]]:
    """Pairs of least cost in sum, where an end that stays alone costs something, too.

    Examples
    --------
    >>> no = np.inf
    >>> costs = np.array([[no, 1, 2, 9], [1, no, 9, 2], [2, 9, no, 8], [9, 2, 8, no]])
    >>> _matched(costs, 5.0)
    [(0, 2), (1, 3)]
    """
    n = len(costs)
    if n > _MOST_ENDS:
        return _greedy(costs)
    best: dict[int, tuple[float, list[tuple[int, int]]]] = {0: (0.0, [])}
    # By sets of ends that are settled: the highest end of a set is alone or has one partner.
    for chosen in range(1, 1 << n):
        last = chosen.bit_length() - 1
        rest = chosen ^ (1 << last)
        found = (best[rest][0] + alone, best[rest][1])
        for other in range(last):
            if rest >> other & 1 and np.isfinite(costs[other, last]):
                cost, pairs = best[rest ^ (1 << other)]
                if cost + costs[other, last] < found[0]:
                    found = (cost + costs[other, last], [*pairs, (other, last)])
        best[chosen] = found
    return best[(1 << n) - 1][1]


def _greedy(costs: FloatArray) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for place in np.argsort(costs, axis=None):
        i, j = divmod(int(place), len(costs))
        if not np.isfinite(costs[i, j]):
            break
        if i < j and not {i, j} & taken:
            pairs.append((i, j))
            taken |= {i, j}
    return pairs


def _across_gaps(
    pieces: Sequence[Piece],
    led: dict[End, tuple[FloatArray, FloatArray]],
    taken: set[End],
    foreground: BoolArray,
    limits: JoiningLimits,
) -> list[tuple[End, End]]:
    """Pairs of ends that face each other across a gap, the best first."""
    free = [end for end in led if end not in taken]
    if len(free) < 2:
        return []
    widest = 2 * max(piece.radius for piece in pieces)
    near = cKDTree([led[end][0] for end in free]).query_pairs(limits.covered_gap * widest)
    found = []
    for i, j in sorted(near):
        one, other = free[i], free[j]
        if one[0] == other[0]:
            continue
        cost = _pair_cost(one, other, pieces, led)
        if cost > np.radians(limits.gap_turn):
            continue
        width = pieces[one[0]].radius + pieces[other[0]].radius
        start, stop = led[one][0], led[other][0]
        gap = float(np.hypot(*(stop - start))) / width
        bare = gap * (1 - _share_inside(start, stop, foreground))
        if gap <= limits.covered_gap and bare <= limits.gap:
            found.append((cost + _GAP_COST * bare, one, other))
    pairs, used = [], set(taken)
    for _, one, other in sorted(found):
        if not {one, other} & used:
            pairs.append((one, other))
            used |= {one, other}
    return pairs


def _share_inside(start: FloatArray, stop: FloatArray, foreground: BoolArray) -> float:
    """Share of a straight line that lies in the foreground."""
    steps = max(2, round(float(np.hypot(*(stop - start)))))
    x, y = np.linspace(start, stop, steps).round().astype(np.int64).T
    height, width = foreground.shape
    return float(foreground[y.clip(0, height - 1), x.clip(0, width - 1)].mean())


def _chains(count: int, partner: dict[End, End]) -> list[list[End]]:
    """Follow partners from piece to piece; a ring is opened at its first piece."""
    left = set(range(count))
    chains = []
    # Those that begin freely first: what is left then are rings.
    starts = [(n, end) for n in range(count) for end in (0, 1) if (n, end) not in partner]
    for entry in [*starts, *((n, 0) for n in range(count))]:
        chain: list[End] = []
        place: End | None = entry
        while place is not None and place[0] in left:
            left.discard(place[0])
            chain.append(place)
            place = partner.get((place[0], 1 - place[1]))
        if chain:
            chains.append(chain)
    return chains
