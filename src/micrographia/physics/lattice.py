"""Two-dimensional lattices: reduction, parameters, primitive projection, mappings.

Rows are vectors. A reduced basis is Gauss's: a and b are the two shortest independent vectors.
Its lengths and the angle folded into 90°..120° (a lattice seen from the back has 180° - γ) do
not jump when a lattice is strained a little, so they can be compared without care for the
degenerate cases; what can jump is which vector is called a, which `lattice_mappings` covers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import FloatArray, IntArray

#: Relative difference below which two squared lengths are the same, for choices of convention.
_EQUAL = 1e-8
#: Stands for infinity in an assignment problem; infinity itself can make it unsolvable.
_FORBIDDEN = 1e6


def minimum_image(fractions: FloatArray) -> FloatArray:
    """Fractional vectors moved by whole lattice vectors so that each component is nearest to 0.

    Parameters
    ----------
    fractions
        Vectors (..., d) as fractions of a cell's vectors.

    Returns
    -------
    Vectors (..., d) with components in [-1/2, 1/2]. In a cell of `gauss_reduce` these are the
    shortest periodic images as far as they are shorter than √3/4 of the shortest lattice
    vector; a longer one may have a shorter image in a neighbouring cell.

    Examples
    --------
    >>> minimum_image(np.array([[0.9, -0.2], [1.25, 3.0]])).round(2).tolist()
    [[-0.1, -0.2], [0.25, 0.0]]
    """
    return fractions - np.rint(fractions)


def gauss_reduce(cell: FloatArray) -> tuple[FloatArray, IntArray]:
    """Reduce a basis to the two shortest vectors of its lattice (Lagrange-Gauss).

    Parameters
    ----------
    cell
        Two vectors as rows (2, 2), of either handedness.

    Returns
    -------
    reduced, transform
        The reduced basis and integers (2, 2) with `reduced = transform @ cell` and determinant
        ±1. The basis is right-handed with a ≤ b and 60° ≤ γ ≤ 120°; where both are open
        (a = b, or b as long as a + b) γ ≥ 90°.

    Raises
    ------
    ValueError
        The vectors are parallel, zero or not finite.

    Examples
    --------
    >>> gauss_reduce(np.array([[1.0, 0.0], [3.0, 2.0]]))[0].tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    basis = np.array(cell, dtype=np.float64)
    finite = bool(np.isfinite(basis).all())
    if not finite or abs(np.linalg.det(basis)) <= 1e-12 * np.abs(basis).max() ** 2:
        raise ValueError(f"no lattice: the vectors {basis.tolist()} do not span a plane")
    transform = np.eye(2, dtype=np.int64)
    while True:
        shorter, longer = np.argsort(np.square(basis).sum(axis=1), kind="stable")
        order = np.array([shorter, longer])
        basis, transform = basis[order], transform[order]
        norm, dot = float(basis[0] @ basis[0]), float(basis[0] @ basis[1])
        steps = int(np.rint(dot / norm))
        # Half a step either way is a tie, which rounding errors must not turn into a loop.
        if steps == 0 or abs(dot) <= (0.5 + _EQUAL) * norm:
            break
        transform[1] -= steps * transform[0]
        basis = transform @ cell
    transform = _choose(basis, transform)
    return np.asarray(transform @ cell, dtype=np.float64), transform


def _choose(basis: FloatArray, transform: IntArray) -> IntArray:
    """Make a reduced basis right-handed, and γ obtuse where the lattice leaves that open."""
    signs = np.array([1, 1 if np.linalg.det(basis) > 0 else -1])
    basis, transform = basis * signs[:, None], transform * signs[:, None]
    (aa, ab), (_, bb) = basis @ basis.T
    if ab > _EQUAL * aa:
        if bb - aa <= _EQUAL * aa:
            return np.array([[0, 1], [-1, 0]]) @ transform
        if aa - 2 * ab <= _EQUAL * aa:
            return np.array([[1, 0], [-1, 1]]) @ transform
    return transform


def repeats(whole: FloatArray | IntArray) -> IntArray:
    """Lattice points (k, 2) in one cell of a larger lattice, in units of the small one's vectors.

    Parameters
    ----------
    whole
        The larger lattice's vectors as whole multiples of the small one's (2, 2).

    Examples
    --------
    >>> repeats(np.array([[2, 0], [0, 1]])).tolist()
    [[0, 0], [1, 0]]
    """
    reach = int(np.abs(whole).sum()) + 1
    steps = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    places = grid @ np.linalg.inv(whole)
    return np.asarray(grid[np.all((places > -1e-6) & (places < 1 - 1e-6), axis=1)])


def cell_parameters(cell: FloatArray) -> tuple[float, float, float]:
    """Lengths a, b of a cell's rows and the angle γ between them [degree].

    Examples
    --------
    >>> cell_parameters(np.array([[2.0, 0.0], [0.0, 3.0]]))
    (2.0, 3.0, 90.0)
    """
    a, b = np.linalg.norm(cell, axis=1)
    cosine = float(np.clip(cell[0] @ cell[1] / (a * b), -1, 1))
    return float(a), float(b), math.degrees(math.acos(cosine))


def niggli_parameters(cell: FloatArray) -> tuple[float, float, float]:
    """Parameters a ≤ b and 90° ≤ γ ≤ 120° of a lattice, the same for its mirror image.

    They are continuous in the lattice. Input of any handedness and shape of cell.
    """
    a, b, gamma = cell_parameters(gauss_reduce(cell)[0])
    return min(a, b), max(a, b), max(gamma, 180 - gamma)


def lattice_mappings(
    a_cell: FloatArray,
    b_cell: FloatArray,
    length_tolerance: float = 0.05,
    angle_tolerance_deg: float = 3.0,
) -> list[IntArray]:
    """All ways to lay lattice b onto cell a.

    Parameters
    ----------
    a_cell, b_cell
        Cells (2, 2) [Å].
    length_tolerance
        Most relative difference of either length.
    angle_tolerance_deg
        Most difference of the angle [degree].

    Returns
    -------
    Integers (2, 2) of determinant ±1 with `M @ b_cell` congruent to `a_cell` within the
    tolerances, by a rotation or by a rotation and a mirror; the closest first. Empty when the
    lattices differ.
    """
    reduced, transform = gauss_reduce(b_cell)
    lengths = np.linalg.norm(a_cell, axis=1)
    target = cell_parameters(a_cell)[2]
    reach = lengths.max() * (1 + length_tolerance)
    limit = np.floor(reach * np.linalg.norm(np.linalg.inv(reduced), axis=0)).astype(int)
    grid = np.mgrid[-limit[0] : limit[0] + 1, -limit[1] : limit[1] + 1].reshape(2, -1).T
    norms = np.linalg.norm(grid @ reduced, axis=1)
    near = [grid[np.abs(norms / length - 1) <= length_tolerance] for length in lengths]
    found: list[tuple[float, IntArray]] = []
    for first in near[0]:
        for second in near[1]:
            if abs(first[0] * second[1] - first[1] * second[0]) != 1:
                continue
            rows = np.array([first, second], dtype=np.int64)
            a, b, gamma = cell_parameters(rows @ reduced)
            if abs(gamma - target) <= angle_tolerance_deg:
                strain = max(abs(a / lengths[0] - 1), abs(b / lengths[1] - 1))
                found.append((strain + math.radians(abs(gamma - target)), rows @ transform))
    found.sort(key=lambda item: (round(item[0], 9), item[1].ravel().tolist()))
    return [mapping for _, mapping in found]


@dataclass(frozen=True)
class _Layer:
    """A projected crystal: fractional positions (n, 2), numbers (n,), cell (2, 2), tolerance."""

    fractions: FloatArray
    numbers: IntArray
    cell: FloatArray
    tolerance: float

    def differences(self, shift: FloatArray, species: int) -> FloatArray:
        """Vectors (k, k, 2) [Å] from shifted atoms of a species (rows) to atoms of it."""
        points = self.fractions[self.numbers == species]
        delta = points[None, :] - points[:, None] - shift
        return np.asarray(minimum_image(delta) @ self.cell)


def primitive_projection(
    xy: FloatArray, numbers: NDArray[np.integer], cell: FloatArray, tolerance: float = 0.1
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Primitive cell of a crystal's projection.

    Parameters
    ----------
    xy
        Projected positions (n, 2) [Å]; z is dropped. Atoms above each other stay separate.
    numbers
        Atomic numbers (n,).
    cell
        In-plane cell (2, 2) [Å].
    tolerance
        How far an atom may be from where a translation wants it [Å].

    Returns
    -------
    cell, xy, numbers
        The reduced primitive cell (`gauss_reduce`) in the frame of the input, positions within
        it, averaged over the copies that were merged, sorted by number and position.

    Raises
    ------
    ValueError
        There are no atoms.
    """
    if len(numbers) == 0:
        raise ValueError("no atoms to project")
    reduced, _ = gauss_reduce(cell)
    kinds = np.asarray(numbers, dtype=np.int64)
    fractions = np.asarray(xy, dtype=np.float64) @ np.linalg.inv(reduced)
    layer = _Layer(fractions % 1.0, kinds, reduced, tolerance)
    order = math.gcd(*np.unique(kinds, return_counts=True)[1].tolist())
    group = _translations(layer, order)
    basis = _basis(group, order) / order @ reduced
    primitive, _ = gauss_reduce(basis)
    sites, species = _merge(layer, np.array(group) / order)
    inverse = np.linalg.inv(primitive)
    inside = (sites @ reduced @ inverse + 1e-9) % 1.0 - 1e-9
    # Rounded, so that noise below a picometre does not decide the order.
    rank = np.lexsort((np.round(inside[:, 1], 3), np.round(inside[:, 0], 3), species))
    return primitive, inside[rank] @ primitive, species[rank]


def _translations(layer: _Layer, order: int) -> list[tuple[int, int]]:
    """The group of pure translations, in units of 1/order of the cell.

    The number of translations divides the number of atoms of every species, so each is a
    multiple of 1/order: measured shifts are snapped to that and the group is exact.
    """
    trivial = [(0, 0)]
    if order == 1:
        return trivial
    species, counts = np.unique(layer.numbers, return_counts=True)
    species = species[np.argsort(counts, kind="stable")]
    rarest = layer.fractions[layer.numbers == species[0]]
    accepted: dict[tuple[int, int], float] = {(0, 0): 0.0}
    for shift in rarest - rarest[0]:
        snapped = _snap(layer, shift, order, species)
        if snapped is not None and snapped[0] not in accepted:
            accepted[snapped[0]] = snapped[1]
    group = trivial
    for element in sorted(accepted, key=lambda key: (accepted[key], key)):
        if element not in group:
            larger = _closure(group, element, order)
            if all(item in accepted for item in larger):
                group = larger
    return group


def _snap(
    layer: _Layer, shift: FloatArray, order: int, species: IntArray
) -> tuple[tuple[int, int], float] | None:
    """The exact translation nearest to a measured one and its worst miss [Å], if it is one."""
    # The measured shift carries the noise of two atoms; the mean over all has hardly any.
    found = _worst_miss(layer, shift, species, 2 * layer.tolerance)
    if found is None:
        return None
    better = shift + found[1] @ np.linalg.inv(layer.cell)
    steps = np.rint(better * order)
    found = _worst_miss(layer, steps / order, species, layer.tolerance)
    if found is None:
        return None
    return (int(steps[0]) % order, int(steps[1]) % order), found[0]


def _worst_miss(
    layer: _Layer, shift: FloatArray, species: IntArray, tolerance: float
) -> tuple[float, FloatArray] | None:
    """Match shifted atoms one to one; worst and mean displacement, or None beyond tolerance."""
    moves = []
    for kind in species:
        vectors = layer.differences(shift, int(kind))
        squared = np.square(vectors).sum(axis=-1)
        if squared.min(axis=1).max() > tolerance**2:
            return None
        rows = np.arange(len(squared))
        columns = squared.argmin(axis=1)
        if len(np.unique(columns)) < len(columns):
            # Stacked atoms: several have the same nearest one.
            allowed = np.where(squared <= tolerance**2, squared, _FORBIDDEN)
            rows, columns = linear_sum_assignment(allowed)
            if allowed[rows, columns].max() >= _FORBIDDEN:
                return None
        moves.append(vectors[rows, columns])
    every = np.concatenate(moves)
    return float(np.linalg.norm(every, axis=1).max()), every.mean(axis=0)


def _closure(
    group: list[tuple[int, int]], element: tuple[int, int], order: int
) -> list[tuple[int, int]]:
    """The group generated by a group and one more translation, modulo the cell."""
    larger = set(group)
    step = element
    while step not in group:
        larger |= {((x + step[0]) % order, (y + step[1]) % order) for x, y in group}
        step = ((step[0] + element[0]) % order, (step[1] + element[1]) % order)
    return sorted(larger)


def _basis(group: list[tuple[int, int]], order: int) -> IntArray:
    """Basis (Hermite normal form) of the lattice of all translations, in units of 1/order."""
    rows = [*group, (order, 0), (0, order)]
    height = math.gcd(*(y for _, y in rows))
    width = min(x for x, y in ((x % order or order, y) for x, y in rows) if y % order == 0)
    lean = next(x for x, y in rows if y % order == height % order)
    return np.array([[width, 0], [lean, height]], dtype=np.int64)


def _merge(layer: _Layer, shifts: FloatArray) -> tuple[FloatArray, IntArray]:
    """Average the copies that the translations map onto each other.

    Returns fractional positions in the layer's cell and atomic numbers of one copy.
    """
    sites, species = [], []
    for kind in np.unique(layer.numbers):
        points = layer.fractions[layer.numbers == kind]
        free = np.ones(len(points), dtype=bool)
        while free.any():
            start = points[np.flatnonzero(free)[0]]
            total = np.zeros(2)
            for shift in shifts:
                delta = points - start - shift
                delta = minimum_image(delta)
                distance = np.where(free, np.square(delta @ layer.cell).sum(axis=1), np.inf)
                nearest = int(distance.argmin())
                free[nearest] = False
                total += delta[nearest]
            sites.append(start + total / len(shifts))
            species.append(int(kind))
    return np.array(sites), np.array(species, dtype=np.int64)
