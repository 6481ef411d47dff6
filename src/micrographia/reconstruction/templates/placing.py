"""A known crystal laid on a picture: strained to its lattice, moved to where it fits, compared.

The likelihood is that of the search for columns (`columns.score`), so a template and the answer
of the search compete on equal terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from scipy.ndimage import maximum_filter
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.physics.lattice import gauss_reduce, lattice_mappings, minimum_image
from micrographia.reconstruction.columns import (
    GAIN_SPREAD,
    Columns,
    Problem,
    least_squares_scale,
    model,
    refine,
)
from micrographia.reconstruction.templates.library import Template

_GRID = 0.08  # spacing of the map of translations [Å]
_STACKED = 0.12  # atoms nearer than this in projection are one column [Å]
_PEAKS = 4  # translations that are tried for each mapping of the lattices
_SETTLED = 10  # placements whose translation is refined, the most promising first
_REFINED = 2  # of those, placements whose columns are refined
_ROUNDS = 8
_HALVINGS = 6
_NEAR = 0.6  # of places that are the same in two templates [Å]
_FAR = 1e3
_LARGEST_INDEX = 4  # of the picture's cell over the template's


@dataclass(frozen=True)
class Placed:
    """A template on a picture.

    Attributes
    ----------
    template
        The known crystal.
    mapping
        Integers (2, 2): the template's projected cell, times this, lies on the picture's cell.
    state
        Its columns, refined against the picture.
    sites
        Site of the template's projection of each atom of each column, as many as columns.
    offsets
        Lattice vector of the template, in its projected cell, that each column was moved by.
    evidence
        Log-likelihood less ln(2 m) for each column's two coordinates, m complex data.
    displacement
        Root mean square move of the columns from the strained template [Å].
    strain
        Largest relative change of the template's lattice vectors along any direction.
    """

    template: Template
    mapping: IntArray
    state: Columns
    sites: list[tuple[int, ...]]
    offsets: IntArray
    evidence: float
    displacement: float
    strain: float

    def composition(self, problem: Problem) -> tuple[int, ...]:
        """Atomic numbers in the picture's cell, sorted."""
        return tuple(sorted(n for kind in self.state.kinds for n in problem.kinds[kind]))


@dataclass(frozen=True)
class _Start:
    mapping: IntArray
    state: Columns
    sites: list[tuple[int, ...]]
    offsets: IntArray
    gain: float


def schwarz_evidence(problem: Problem, state: Columns) -> float:
    """Log-likelihood of columns less what their coordinates cost (Schwarz's criterion).

    The penalties of `columns.score` pay for the search over places and kinds, which a template
    does not make; both sides of a comparison are given this one instead. The contrast is as free
    as where the elements are given, also when the problem is that of the blind track.
    """
    residual = problem.data - model(problem, state)
    prior = 0.5 * (np.log(state.scale) / GAIN_SPREAD) ** 2
    cost = state.count * np.log(2 * len(problem.data))
    return float(-np.square(np.abs(residual)).sum() - cost - prior)


def place(problem: Problem, template: Template, strain: float) -> Placed | None:
    """Lay a template on a picture in the best way.

    Parameters
    ----------
    problem
        The picture's coefficients and the signals of the columns, from `columns.set_up`.
    template
        Known crystal; its elements must be among the problem's.
    strain
        Most relative change of its lattice vectors; angles may change by as many radians.

    Returns
    -------
    The placement with the most evidence over all mappings of the lattices, mirrors included,
    and translations; None where the lattices differ, or where the template has a column that the
    problem does not know.
    """
    best: Placed | None = None
    for start, settled in _promising(problem, _starts(problem, template, strain)):
        state = refine(problem, settled, rounds=_ROUNDS)
        state = refine(problem, _scaled(problem, state), rounds=_ROUNDS)
        value = schwarz_evidence(problem, state)
        if best is None or value > best.evidence:
            moves = state.positions - settled.positions
            moves -= moves.mean(axis=0)
            best = Placed(
                template=template,
                mapping=start.mapping,
                state=state,
                sites=start.sites,
                offsets=start.offsets,
                evidence=value,
                displacement=float(np.sqrt(np.square(moves).sum(axis=1).mean())),
                strain=_strain(start.mapping @ template.projection.cell, problem.fit.cell),
            )
    return best


def _promising(problem: Problem, starts: list[_Start]) -> list[tuple[_Start, Columns]]:
    """Placements with their translation refined, the few best."""
    settled: dict[str, tuple[float, _Start, Columns]] = {}
    for start in sorted(starts, key=lambda item: -item.gain):
        # Mappings that the template's own symmetry makes equal have equal gains.
        name = f"{start.gain:.5e}"
        if name not in settled:
            state = _settle(problem, start.state)
            settled[name] = (_miss(problem, state), start, state)
        if len(settled) == _SETTLED:
            break
    ordered = sorted(settled.values(), key=lambda item: item[0])
    return [(start, state) for _, start, state in ordered[:_REFINED]]


def _strain(own: FloatArray, target: FloatArray) -> float:
    stretches = np.linalg.svd(np.linalg.inv(own) @ target, compute_uv=False)
    return float(np.abs(stretches - 1).max())


def _starts(problem: Problem, template: Template, strain: float) -> list[_Start]:
    target = problem.fit.cell
    own = template.projection.cell
    index = round(abs(float(np.linalg.det(target) / np.linalg.det(own))))
    if not 1 <= index <= _LARGEST_INDEX:
        return []
    if not (columns := _columns(problem, template)):
        return []
    starts = []
    for multiple in _multiples(index):
        for turn in lattice_mappings(target, multiple @ own, strain, math.degrees(strain)):
            mapping = turn @ multiple
            starts += _aligned(problem, template, columns, mapping)
    return starts


def _multiples(index: int) -> list[IntArray]:
    """Bases of all sublattices with an index (Hermite normal forms)."""
    return [
        np.array([[a, b], [0, index // a]], dtype=np.int64)
        for a in range(1, index + 1)
        if index % a == 0
        for b in range(index // a)
    ]


def _columns(problem: Problem, template: Template) -> list[tuple[tuple[int, ...], int]]:
    """Columns of the template with their kind, pairs where known; none if one is unknown."""
    projection = template.projection
    kinds = {kind: place for place, kind in enumerate(problem.kinds)}
    inverse = np.linalg.inv(projection.cell)
    free = list(range(len(projection.numbers)))
    columns = []
    while free:
        site = free.pop(0)
        members: tuple[int, ...] = (site,)
        for other in free:
            gap = (projection.xy[other] - projection.xy[site]) @ inverse
            gap = minimum_image(gap) @ projection.cell
            pair = tuple(sorted(int(projection.numbers[s]) for s in (site, other)))
            if np.linalg.norm(gap) < _STACKED and pair in kinds:
                members = (site, other)
                free.remove(other)
                break
        kind = tuple(sorted(int(projection.numbers[s]) for s in members))
        if kind not in kinds:  # an element that the search found only above others
            return []
        columns.append((members, kinds[kind]))
    return columns


def _aligned(
    problem: Problem,
    template: Template,
    columns: list[tuple[tuple[int, ...], int]],
    mapping: IntArray,
) -> list[_Start]:
    """The template strained by a mapping and moved to where its signal overlaps most."""
    own, target = template.projection.cell, problem.fit.cell
    inverse = np.linalg.inv(mapping)
    shifts = _cosets(mapping)
    fractions, kinds, sites, offsets = [], [], [], []
    for members, kind in columns:
        start = template.projection.xy[members[0]] @ np.linalg.inv(own)
        for shift in shifts:
            fractions.append((start + shift) @ inverse)
            kinds.append(kind)
            sites.append(members)
            offsets.append(shift)
    state = Columns(np.array(fractions) @ target, np.array(kinds, dtype=np.int64))
    unit = model(problem, state)
    power = float(np.square(np.abs(unit)).sum())
    starts = []
    for overlap, move in _best_translations(problem, unit):
        scale = float(np.clip(overlap / power, 0.3, 3.0))
        moved = replace(state, positions=state.positions + move, scale=scale)
        gain = 2 * scale * overlap - scale**2 * power
        starts.append(_Start(mapping, moved, sites, np.array(offsets), gain))
    return starts


def _cosets(mapping: IntArray) -> list[IntArray]:
    """One lattice vector of each coset of the lattice over its sublattice."""
    index = abs(round(float(np.linalg.det(mapping))))
    inverse = np.linalg.inv(mapping)
    found: dict[tuple[float, ...], IntArray] = {}
    for step in np.ndindex(index, index):
        fraction = np.round(np.array(step) @ inverse % 1.0, 6) % 1.0
        found.setdefault(tuple(fraction.tolist()), np.array(step, dtype=np.int64))
    return list(found.values())


def _best_translations(problem: Problem, unit: ComplexArray) -> list[tuple[float, FloatArray]]:
    """Largest overlaps of data and moved signal, with the moves (2,) [Å]."""
    cell, indices = problem.fit.cell, problem.fit.indices
    problem.deadline.check()
    steps = np.maximum(16, np.ceil(np.linalg.norm(cell, axis=1) / _GRID)).astype(int)
    rows, columns = (int(n) for n in np.maximum(steps, 2 * np.abs(indices).max(axis=0) + 2))
    grid = np.zeros((rows, columns), dtype=np.complex128)
    grid[indices[:, 0] % rows, indices[:, 1] % columns] = np.conj(unit) * problem.data
    overlaps = (np.fft.ifft2(grid) * rows * columns).real
    tops = np.argwhere(overlaps == maximum_filter(overlaps, size=5, mode="wrap"))
    values = overlaps[tops[:, 0], tops[:, 1]]
    best = np.argsort(-values, kind="stable")[:_PEAKS]
    return [(float(values[k]), tops[k] / (rows, columns) @ cell) for k in best]


def _settle(problem: Problem, state: Columns) -> Columns:
    """Move the rigid template, and fit its contrast, until neither raises the likelihood.

    The map of translations is coarser than the likelihood's peak is wide at high doses, and
    columns that are refined one by one from there can stray.
    """
    g = problem.fit.g
    miss = _miss(problem, state)
    for _ in range(_ROUNDS):
        problem.deadline.check()
        signal = model(problem, state)
        slopes = -2j * np.pi * signal[:, None] * g
        normal = (slopes.conj().T @ slopes).real
        step = np.linalg.solve(normal, (slopes.conj().T @ (problem.data - signal)).real)
        for _ in range(_HALVINGS):
            moved = _scaled(problem, replace(state, positions=state.positions + step))
            if (better := _miss(problem, moved)) < miss:
                break
            step = step / 2
        else:
            return state
        state, miss = moved, better
    return state


def _miss(problem: Problem, state: Columns) -> float:
    return float(np.square(np.abs(problem.data - model(problem, state))).sum())


def _scaled(problem: Problem, state: Columns) -> Columns:
    """Least-squares contrast, within a factor of ten."""
    scale = least_squares_scale(problem, state)
    return replace(state, scale=float(np.clip(scale, 0.1, 10.0)))


def placed_layer(placed: Placed, cell: FloatArray, vacuum: float) -> Atoms:
    """The template as the crystal of the picture: measured plane, known heights.

    A template that lies on the picture as its mirror image is one that is seen from below, so
    its heights are reversed.

    Parameters
    ----------
    placed
        From `place`.
    cell
        The picture's cell (2, 2) [Å], that of the problem's fit.
    vacuum
        Along c [Å].

    Returns
    -------
    Layer with the template's own number of atoms, a along x and c along z.
    """
    larger, plane, heights = _in_picture(placed, cell)
    return upright(larger, plane, heights, placed.template.numbers, vacuum)


def heights_on(answer: Placed, other: Placed, cell: FloatArray) -> FloatArray | None:
    """Heights (n,) [Å] of one placed template for the atoms of another, in their order.

    None where the layers have not the same atoms in the same places, within 0.6 Å.
    """
    larger, plane, _ = _in_picture(answer, cell)
    _, others, heights = _in_picture(other, cell)
    mine, theirs = answer.template.numbers, other.template.numbers
    if sorted(mine.tolist()) != sorted(theirs.tolist()):
        return None
    gaps = (plane[:, None] - others[None]) @ np.linalg.inv(larger)
    apart = np.linalg.norm(minimum_image(gaps) @ larger, axis=-1)
    # Atoms above each other go in the order of their heights in both.
    rises = answer.template.positions[:, 2][:, None] * np.sign(np.linalg.det(answer.mapping))
    apart = np.where(mine[:, None] == theirs[None], apart, _FAR) + 1e-3 * np.abs(
        rises - rises.mean() - heights + heights.mean()
    )
    rows, columns = linear_sum_assignment(apart)
    return None if apart[rows, columns].max() > _NEAR else heights[columns]


def _in_picture(placed: Placed, cell: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cell (2, 2), positions in the plane (n, 2) and heights (n,) of the template's atoms [Å]."""
    template = placed.template
    own = template.projection.cell
    basis = np.linalg.inv(placed.mapping) @ cell
    origin = placed.state.positions[0] - _fraction(template, placed.sites[0][0]) @ basis
    origin = origin - placed.offsets[0] @ basis
    moves = np.zeros((len(template.projection.numbers), 2))
    copies = np.zeros(len(moves))
    for position, members, offset in zip(
        placed.state.positions, placed.sites, placed.offsets, strict=True
    ):
        ideal = (_fraction(template, members[0]) + offset) @ basis + origin
        for site in members:
            moves[site] += position - ideal
            copies[site] += 1
    moves /= copies[:, None]
    fractions = template.positions[:, :2] @ np.linalg.inv(own)
    sites = [_site(template, atom) for atom in range(len(template.numbers))]
    larger = np.rint(template.cell @ np.linalg.inv(own)) @ basis
    side = np.sign(np.linalg.det(placed.mapping))
    plane = fractions @ basis + origin + moves[sites]
    return larger, plane, side * template.positions[:, 2]


def _fraction(template: Template, site: int) -> FloatArray:
    projection = template.projection
    return np.asarray(projection.xy[site] @ np.linalg.inv(projection.cell), dtype=np.float64)


def _site(template: Template, atom: int) -> int:
    """The site of the projection that an atom of the layer is a copy of."""
    projection = template.projection
    gaps = (projection.xy - template.positions[atom, :2]) @ np.linalg.inv(projection.cell)
    distances = np.linalg.norm(minimum_image(gaps) @ projection.cell, axis=1)
    distances[projection.numbers != template.numbers[atom]] = np.inf
    return int(distances.argmin())


def upright(
    cell: FloatArray, xy: FloatArray, z: FloatArray, numbers: IntArray, vacuum: float
) -> Atoms:
    """A layer in its Gauss cell with a along x, c along z and its middle at c/2."""
    reduced, _ = gauss_reduce(cell)
    fractions = xy @ np.linalg.inv(reduced)
    lengths = np.linalg.norm(reduced, axis=1)
    cosine = float(reduced[0] @ reduced[1] / lengths.prod())
    box = np.zeros((3, 3))
    box[0, 0] = lengths[0]
    box[1, :2] = lengths[1] * cosine, lengths[1] * np.sqrt(1 - cosine**2)
    box[2, 2] = float(np.ptp(z)) + vacuum
    heights = z - (z.max() + z.min()) / 2 + box[2, 2] / 2
    positions = np.column_stack([(fractions % 1.0) @ box[:2, :2], heights])
    return Atoms(numbers=numbers, positions=positions, cell=box, pbc=True)
