"""The wallpaper group of a projected crystal, and the crystal made exactly symmetric.

Candidate rotations and mirrors are those of the lattice. Each is tried with every translation
that lays the rarest columns on each other; the largest set of operations that is a group and
moves no column by more than the tolerance is taken. Translations are then made exact: seen from
a suitable origin they are halves of the primitive vectors in all seventeen groups
(International Tables A, part 6).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.physics.lattice import lattice_mappings, minimum_image
from micrographia.reconstruction.symmetry.averaging import (
    Operations,
    average_cell_metric,
    average_sites,
)

#: Names in the order of International Tables A: number is place + 1.
NAMES = (
    *("p1", "p2", "pm", "pg", "cm", "p2mm", "p2mg", "p2gg", "c2mm"),
    *("p4", "p4mm", "p4gm", "p3", "p3m1", "p31m", "p6", "p6mm"),
)
_FORBIDDEN = 1e6
_MOST_TURNS = 12  # of a point group of the plane: 6mm

Key = tuple[int, ...]


@dataclass(frozen=True)
class Wallpaper:
    """A projected crystal with its symmetry.

    Attributes
    ----------
    name
        Short Hermann–Mauguin symbol, one of `NAMES`.
    metric
        What the group asks of the lattice: oblique, rectangular, rhombic, square or hexagonal.
    operations
        The group in the basis of `cell`, and its action on the sites.
    origin
        Fractional position (2,) from which all translations are halves.
    cell, xy
        Symmetric cell (2, 2) and positions (n, 2) [Å], in the frame and order of the input.
    deviation
        Farthest that a site was moved [Å].
    """

    name: str
    metric: str
    operations: Operations
    origin: FloatArray
    cell: FloatArray
    xy: FloatArray
    deviation: float

    @property
    def number(self) -> int:
        """Number in International Tables A, 1 to 17."""
        return NAMES.index(self.name) + 1


@dataclass(frozen=True)
class _Candidate:
    """One operation that the columns allow: miss is the worst distance it leaves [Å]."""

    rotation: IntArray
    translation: FloatArray
    places: IntArray
    miss: float


def find_wallpaper(
    cell: FloatArray,
    xy: FloatArray,
    labels: IntArray,
    tolerance: float,
    cell_tolerance: float = 0.01,
) -> Wallpaper:
    """Find the wallpaper group and symmetrise.

    Parameters
    ----------
    cell
        Primitive vectors (2, 2) [Å], as `physics.lattice.primitive_projection` gives them.
    xy
        Columns (n, 2) [Å]. Atoms with the same label that lie within the tolerance of each
        other are one column.
    labels
        What is in a column (n,): atomic numbers or any other code.
    tolerance
        How far an operation may lay a column from its image [Å]; some four deviations of the
        columns' positions.
    cell_tolerance
        How much two vectors may differ that symmetry makes equal [Å].

    Raises
    ------
    ValueError
        There are no columns.
    """
    if len(labels) == 0:
        raise ValueError("no columns to find the symmetry of")
    fractions = np.asarray(xy, dtype=np.float64) @ np.linalg.inv(cell)
    column, heads, codes = _stack(fractions, np.asarray(labels), cell, tolerance)
    points = _means(fractions, column, heads)
    strain = cell_tolerance / float(np.linalg.norm(cell, axis=1).min())
    found: dict[Key, _Candidate] = {}
    for mapping in lattice_mappings(cell, cell, strain, float(np.degrees(2 * strain))):
        candidate = _operation(mapping, points, codes, cell, tolerance)
        if candidate is not None:
            found[_key(mapping)] = candidate
    for group in _groups(found):
        made = _symmetrise([found[key] for key in group], points, cell, tolerance)
        if made is not None:
            operations, origin, exact_cell, exact, deviation = made
            halves = _seen_from(operations, origin)
            name = _name(operations.rotations, halves, exact_cell)
            operations = _of_atoms(operations, column)
            moved = exact[column] + np.rint(fractions - points[column])
            return Wallpaper(
                name, _metric(name), operations, origin, exact_cell, moved @ exact_cell, deviation
            )
    raise AssertionError("the identity is always a group")


def _key(rotation: IntArray) -> Key:
    return tuple(int(value) for value in rotation.ravel())


def _stack(
    fractions: FloatArray, labels: IntArray, cell: FloatArray, tolerance: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Put atoms of one label above each other into one column.

    Returns
    -------
    Column of each atom (n,), first atom (c,) and code (c,) of each column; the code tells label
    and number of atoms.
    """
    column = np.full(len(labels), -1)
    heads: list[int] = []
    for atom in range(len(labels)):
        for place, head in enumerate(heads):
            gap = fractions[atom] - fractions[head]
            gap = minimum_image(gap) @ cell
            if labels[atom] == labels[head] and np.linalg.norm(gap) <= tolerance:
                column[atom] = place
                break
        else:
            column[atom] = len(heads)
            heads.append(atom)
    sizes = np.bincount(column)
    pairs = np.stack([labels[heads], sizes], axis=1)
    codes = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    return column.astype(np.int64), np.array(heads, dtype=np.int64), codes.astype(np.int64)


def _means(fractions: FloatArray, column: IntArray, heads: IntArray) -> FloatArray:
    """Mean position (c, 2) of the atoms of each column, near its first one."""
    gaps = fractions - fractions[heads][column]
    total = np.zeros((len(heads), 2))
    np.add.at(total, column, minimum_image(gaps))
    return np.asarray(fractions[heads] + total / np.bincount(column)[:, None], dtype=np.float64)


def _of_atoms(operations: Operations, column: IntArray) -> Operations:
    """The action on columns as one on atoms: the m-th of a column goes to the m-th."""
    members = [np.flatnonzero(column == place) for place in range(int(column.max()) + 1)]
    rank = np.array([int(np.searchsorted(members[c], i)) for i, c in enumerate(column)])
    places = np.array(
        [
            [members[image[c]][r] for c, r in zip(column, rank, strict=True)]
            for image in operations.places
        ],
        dtype=np.int64,
    )
    return Operations(operations.rotations, operations.translations, places)


def _operation(
    rotation: IntArray, points: FloatArray, codes: IntArray, cell: FloatArray, tolerance: float
) -> _Candidate | None:
    """The translation that goes best with a rotation, or None beyond the tolerance."""
    turned = points @ rotation
    kinds, counts = np.unique(codes, return_counts=True)
    rare = np.flatnonzero(codes == kinds[counts.argmin()])
    best: _Candidate | None = None
    for target in points[rare]:
        shift = target - turned[rare[0]]
        places, moves = _assign(turned + shift, points, codes, cell)
        better = shift + moves.mean(axis=0) @ np.linalg.inv(cell)
        places, moves = _assign(turned + better, points, codes, cell)
        miss = float(np.linalg.norm(moves, axis=1).max())
        if miss <= tolerance and (best is None or miss < best.miss):
            best = _Candidate(rotation, better, places, miss)
    return best


def _assign(
    images: FloatArray, points: FloatArray, codes: IntArray, cell: FloatArray
) -> tuple[IntArray, FloatArray]:
    """One-to-one partners (n,) of equal code and the vectors (n, 2) [Å] to them."""
    gaps = points[None] - images[:, None]
    vectors = minimum_image(gaps) @ cell
    squared = np.square(vectors).sum(axis=-1)
    squared[codes[:, None] != codes[None]] = _FORBIDDEN
    places = squared.argmin(axis=1)
    if len(np.unique(places)) < len(places):
        places = linear_sum_assignment(squared)[1]
    return places.astype(np.int64), vectors[np.arange(len(places)), places]


def _groups(found: dict[Key, _Candidate]) -> list[list[Key]]:
    """Point groups made of allowed rotations, the largest first, then the best fitting."""
    pairs = itertools.combinations_with_replacement(found, 2)
    generated = {group for pair in pairs if (group := _generated(*pair)) is not None}
    groups = [group for group in generated if group <= found.keys()]
    ordered = [sorted(group) for group in groups]
    ordered.sort(key=lambda group: (-len(group), sum(found[key].miss for key in group), group))
    return ordered


@cache
def _generated(*generators: Key) -> frozenset[Key] | None:
    """All products of some rotations; two generate every point group of the plane.

    None where there are more than a plane lattice can have: with a wide tolerance shears of a
    long cell pass for turns, and their products never end.
    """
    group = {_key(np.eye(2, dtype=np.int64))}
    pending = list(group)
    while pending:
        current = np.reshape(pending.pop(), (2, 2))
        for generator in generators:
            product = _key(current @ np.reshape(generator, (2, 2)))
            if product not in group:
                group.add(product)
                pending.append(product)
        if len(group) > _MOST_TURNS:
            return None
    return frozenset(group)


def _symmetrise(
    group: list[_Candidate], points: FloatArray, cell: FloatArray, tolerance: float
) -> tuple[Operations, FloatArray, FloatArray, FloatArray, float] | None:
    """Exact operations, origin, cell, fractional positions, and farthest move, or None."""
    rotations = np.array([candidate.rotation for candidate in group])
    measured = np.array([candidate.translation for candidate in group])
    exact_cell = average_cell_metric(cell, rotations)
    located = _locate(rotations, measured, cell, tolerance)
    if located is None:
        return None
    origin, halves = located
    translations = halves + origin - origin @ rotations
    places = np.array([candidate.places for candidate in group])
    operations = Operations(rotations, translations, places)
    exact = average_sites(points, operations)
    deviation = float(np.linalg.norm((exact - points) @ cell, axis=1).max())
    return None if deviation > tolerance else (operations, origin, exact_cell, exact, deviation)


def _locate(
    rotations: IntArray, measured: FloatArray, cell: FloatArray, tolerance: float
) -> tuple[FloatArray, FloatArray] | None:
    """Origin (2,) from which the translations are halves (k, 2), with those halves.

    Of all such origins the one with the fewest fractions, since that is the conventional one.
    """
    identity = np.eye(2)
    stack = np.concatenate([identity - rotation for rotation in rotations], axis=1)
    solve = np.linalg.pinv(stack)
    table = {_key(rotation): place for place, rotation in enumerate(rotations)}
    products = np.array([[table[_key(a @ b)] for b in rotations] for a in rotations])
    origins = np.array(_origins(rotations, measured))
    for _ in range(3):
        halves = np.rint(2 * (measured - _moved(origins, rotations))) / 2
        origins = (measured - halves).reshape(len(origins), -1) @ solve
    left = (measured - halves - _moved(origins, rotations)) @ cell
    near = np.linalg.norm(left, axis=2).max(axis=1) <= tolerance
    best: tuple[float, FloatArray, FloatArray] | None = None
    for place in np.flatnonzero(near & _closed(rotations, halves, products)):
        fractions = float((halves[place] % 1).sum())
        if best is None or fractions < best[0] - 1e-9:
            best = (fractions, origins[place] % 1, halves[place] % 1)
    return None if best is None else (best[1], best[2])


def _moved(origins: FloatArray, rotations: IntArray) -> FloatArray:
    """By how much rotations (k, 2, 2) about the corner move origins (s, 2) back: (s, k, 2)."""
    return np.asarray(origins[:, None] - np.einsum("si,kij->skj", origins, rotations))


def _origins(rotations: IntArray, measured: FloatArray) -> list[FloatArray]:
    """Fixed points of the rotation of highest order, or points on a mirror line."""
    traces = np.array([np.trace(rotation) for rotation in rotations])
    proper = np.array([round(float(np.linalg.det(rotation))) == 1 for rotation in rotations])
    turning = np.flatnonzero(proper & (traces < 2))
    lines = np.flatnonzero(~proper)
    if len(turning):
        # Traces 1, 0, -1, -2 belong to the orders 6, 4, 3, 2.
        chosen = int(turning[traces[turning].argmax()])
    elif len(lines):
        chosen = int(lines[0])
    else:
        return [np.zeros(2)]
    solve = np.linalg.pinv(np.eye(2) - rotations[chosen])
    steps = [np.array([i, j]) / 2 for i in range(-2, 3) for j in range(-2, 3)]
    if len(turning):
        steps = [step for step in steps if np.allclose(step, np.rint(step))]
    return [(measured[chosen] - step) @ solve for step in steps]


def _closed(rotations: IntArray, halves: FloatArray, products: IntArray) -> BoolArray:
    """Whether operations are a group modulo the lattice, for each of some sets (s,).

    Translations are `halves` (s, k, 2); `products` (k, k) is the place of each two rotations'.
    """
    turned = np.einsum("sai,bij->sabj", halves, rotations)
    gaps = turned + halves[:, None] - halves[:, products]
    return np.asarray(np.abs(minimum_image(gaps)).max(axis=(1, 2, 3)) <= 1e-6)


def _seen_from(operations: Operations, origin: FloatArray) -> FloatArray:
    """Translations (k, 2) in halves, seen from the origin."""
    moved = operations.translations - origin + origin @ operations.rotations
    return np.asarray(np.rint(2 * moved) / 2, dtype=np.float64)


def _name(rotations: IntArray, halves: FloatArray, cell: FloatArray) -> str:
    """Symbol of a group whose translations are seen from its origin."""
    signs = np.rint(np.linalg.det(rotations)).astype(int)
    order = int((signs == 1).sum())
    mirrors = np.flatnonzero(signs == -1)
    if not len(mirrors):
        return f"p{order}"
    if order == 6:
        return "p6mm"
    if order == 3:
        return "p31m" if _fixes_shortest(rotations[mirrors], cell) else "p3m1"
    # A mirror that is the identity modulo 2 keeps a rectangular basis, others a rhombic one.
    straight = [int(m) for m in mirrors if not ((rotations[m] - np.eye(2)) % 2).any()]
    glides = sum(bool(_glides(rotations[m], halves[m])) for m in straight)
    if order == 4:
        return "p4gm" if glides else "p4mm"
    if not straight:
        return "cm" if order == 1 else "c2mm"
    if order == 1:
        return "pg" if glides else "pm"
    return ("p2mm", "p2mg", "p2gg")[glides]


def _glides(rotation: IntArray, half: FloatArray) -> bool:
    """Whether a mirror of a rectangular basis comes with half a vector along its line."""
    along = np.rint(half @ (np.eye(2) + rotation)).astype(int)
    return bool((along % 2).any())


def _fixes_shortest(mirrors: IntArray, cell: FloatArray) -> bool:
    """Whether some mirror line runs along a shortest lattice vector."""
    grid = np.array([[i, j] for i in range(-3, 4) for j in range(-3, 4) if (i, j) != (0, 0)])
    lengths = np.linalg.norm(grid @ cell, axis=1)
    shortest = grid[lengths < 1.1 * lengths.min()]
    return any(bool((vector @ m == vector).all()) for m in mirrors for vector in shortest)


def _metric(name: str) -> str:
    """The lattice that a group needs."""
    if name in ("p1", "p2"):
        return "oblique"
    if name.startswith("c"):
        return "rhombic"
    if name.startswith("p4"):
        return "square"
    return "hexagonal" if name[1] in "36" else "rectangular"
