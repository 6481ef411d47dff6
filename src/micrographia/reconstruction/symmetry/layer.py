"""The space group of a layer whose plane is measured and whose heights may be nominal.

The wallpaper group of the projection comes first. Each of its operations becomes one of the
layer where keeping or reversing the heights lays the atoms on each other. A layer in a box has
no other symmetry, and heights, which are the least known, get a tolerance of their own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import spglib
from ase import Atoms
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import gauss_reduce, minimum_image, primitive_projection
from micrographia.reconstruction.symmetry.averaging import Operations, average_sites
from micrographia.reconstruction.symmetry.wallpaper import Wallpaper, find_wallpaper

#: Distance in the plane within which sites of a symmetrised projection are the same [Å].
_EXACT = 1e-3
_HALVINGS = 6
_FORBIDDEN = 1e6


@dataclass(frozen=True)
class SymmetricLayer:
    """A layer made symmetric.

    Attributes
    ----------
    atoms
        Species in the order of the input; right-handed Gauss cell with a along x, origin on a
        symmetry element, mean height at c/2.
    operations
        The space group in the basis of the cell.
    number, symbol
        Of the three-dimensional space group of the layer in its box, 1 to 230; short symbol in
        its standard setting.
    wallpaper, metric
        Symbol of the projection's group, and what that asks of the plane's lattice.
    deviation, height_deviation
        Farthest that an atom was moved in the plane and along z [Å].
    """

    atoms: Atoms
    operations: Operations
    number: int
    symbol: str
    wallpaper: str
    metric: str
    deviation: float
    height_deviation: float


def symmetrise_layer(
    atoms: Atoms, tolerance: float, height_tolerance: float, cell_tolerance: float = 0.01
) -> SymmetricLayer:
    """Find the symmetry of a layer and average over it.

    Parameters
    ----------
    atoms
        Primitive layer in the xy plane, c along z. The projection can have a smaller cell, as
        where atoms of one kind alternate up and down; half of it with a flip is then a symmetry.
    tolerance, height_tolerance
        How far an operation may lay an atom from its image, in the plane and along z [Å].
    cell_tolerance
        How much two vectors may differ that symmetry makes equal [Å].
    """
    plane = np.array(atoms.cell[:2, :2])
    projection = primitive_projection(atoms.positions[:, :2], atoms.numbers, plane, tolerance)
    if abs(np.linalg.det(projection[0]) / np.linalg.det(plane)) > 0.75:
        projection = (plane, atoms.positions[:, :2], np.asarray(atoms.numbers, dtype=np.int64))
    flat = find_wallpaper(*projection, tolerance, cell_tolerance)
    multiple = np.rint(plane @ np.linalg.inv(projection[0])).astype(np.int64)
    # Only an exact lattice tells 60° from 120°: the conventional basis is chosen after averaging.
    cell, change = gauss_reduce(multiple @ flat.cell)
    multiple = change @ multiple
    fractions, deviation = _on_sites(atoms, projection, flat)
    heights = atoms.positions[:, 2] - atoms.positions[:, 2].mean()
    box = np.zeros((3, 3))
    box[:2, :2] = np.linalg.cholesky(cell @ cell.T)  # a along x, b in the upper half
    box[2, 2] = np.linalg.norm(atoms.cell[2])
    spatial = np.column_stack([fractions @ np.linalg.inv(multiple), heights / box[2, 2]])
    operations = _lift(_in_cell(flat, multiple), spatial, box, atoms.numbers, height_tolerance)
    operations, centre = _about_inversion(operations)
    exact = average_sites(spatial - centre, operations)
    layer = Atoms(
        numbers=atoms.numbers,
        scaled_positions=(exact + np.array([0, 0, 0.5])) % 1.0,
        cell=box,
        pbc=True,
    )
    number, symbol = _space_group(box, operations)
    moved = float(np.abs(exact[:, 2] * box[2, 2] - heights).max())
    return SymmetricLayer(
        layer, operations, number, symbol, flat.name, flat.metric, deviation, moved
    )


def _on_sites(
    atoms: Atoms, projection: tuple[FloatArray, FloatArray, IntArray], flat: Wallpaper
) -> tuple[FloatArray, float]:
    """Atoms put on the exact sites of the projection.

    Returns
    -------
    Positions (n, 2) in the projection's cell, seen from its origin, and the farthest move [Å].
    """
    cell, xy, numbers = projection
    gaps = (atoms.positions[:, None, :2] - xy[None]) @ np.linalg.inv(cell)
    steps = np.rint(gaps)
    apart = np.linalg.norm((gaps - steps) @ cell, axis=-1)
    apart[atoms.numbers[:, None] != numbers[None]] = np.inf
    sites = apart.argmin(axis=1)
    exact = (flat.xy @ np.linalg.inv(flat.cell))[sites] + steps[np.arange(len(sites)), sites]
    # The projection's own averaging counts too.
    moves = (exact - atoms.positions[:, :2] @ np.linalg.inv(cell)) @ cell
    return exact - flat.origin, float(np.linalg.norm(moves, axis=1).max())


def _in_cell(flat: Wallpaper, multiple: IntArray) -> list[tuple[IntArray, FloatArray]]:
    """Operations of a projection in the cell of a layer that is a multiple of it.

    Those that do not keep the layer's lattice are left out; each of the others comes with every
    translation of the projection that is none of the layer.
    """
    inverse = np.linalg.inv(multiple)
    index = abs(round(float(np.linalg.det(multiple))))
    steps = {
        tuple(np.round(np.array(step) @ inverse % 1.0, 6) % 1.0): np.array(step)
        for step in np.ndindex(index, index)
    }
    rotations = flat.operations.rotations
    shifts = flat.operations.translations - flat.origin + flat.origin @ rotations
    found = []
    for rotation, shift in zip(rotations, np.rint(2 * shifts) / 2, strict=True):
        turned = multiple @ rotation @ inverse
        if np.abs(turned - np.rint(turned)).max() < 1e-6:
            whole = np.rint(turned).astype(np.int64)
            found += [(whole, (shift + step) @ inverse % 1.0) for step in steps.values()]
    return found


def _lift(
    plane: list[tuple[IntArray, FloatArray]],
    fractions: FloatArray,
    box: FloatArray,
    numbers: IntArray,
    tolerance: float,
) -> Operations:
    """Operations of the layer over those of its projection, with the widest tolerance that
    gives a group."""
    for halving in range(_HALVINGS):
        made = _lifted(plane, fractions, box, numbers, tolerance / 2**halving)
        if _is_group(made):
            return made
    sites = np.arange(len(numbers), dtype=np.int64)[None]
    return Operations(np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)), sites)


def _lifted(
    plane: list[tuple[IntArray, FloatArray]],
    fractions: FloatArray,
    box: FloatArray,
    numbers: IntArray,
    tolerance: float,
) -> Operations:
    rotations, translations, places = [], [], []
    for flat, shift in plane:
        for sign in (1, -1):
            rotation = np.zeros((3, 3), dtype=np.int64)
            rotation[:2, :2], rotation[2, 2] = flat, sign
            translation = np.append(shift, 0.0)
            image = _partners(fractions @ rotation + translation, fractions, box, numbers)
            if image is not None and image[1] <= tolerance:
                rotations.append(rotation)
                translations.append(translation)
                places.append(image[0])
    return Operations(np.array(rotations), np.array(translations), np.array(places))


def _partners(
    images: FloatArray, fractions: FloatArray, box: FloatArray, numbers: IntArray
) -> tuple[IntArray, float] | None:
    """Partner of each atom (n,) with the worst difference in height [Å], or None."""
    gaps = fractions[None] - images[:, None]
    gaps[..., :2] = minimum_image(gaps[..., :2])
    vectors = gaps @ box
    apart = np.linalg.norm(vectors[..., :2], axis=-1) > _EXACT
    rises = np.where(apart | (numbers[:, None] != numbers[None]), _FORBIDDEN, vectors[..., 2] ** 2)
    rows, columns = linear_sum_assignment(rises)
    worst = float(rises[rows, columns].max())
    return None if worst >= _FORBIDDEN else (columns.astype(np.int64), float(np.sqrt(worst)))


def _about_inversion(operations: Operations) -> tuple[Operations, FloatArray]:
    """The same group seen from its centre of inversion, if it has one, and that centre (3,).

    Some readers take for granted that an inversion is one through the origin.
    """
    turns = operations.rotations
    found = np.flatnonzero((turns == -np.eye(3, dtype=np.int64)).all(axis=(1, 2)))
    if not len(found):
        return operations, np.zeros(3)
    centre = operations.translations[found[0]] / 2
    moved = (operations.translations - centre + centre @ turns + 1e-9) % 1.0 - 1e-9
    return Operations(turns, moved, operations.places), centre


def _is_group(operations: Operations) -> bool:
    """Whether there is one operation for each rotation and their products are among them."""
    steps = zip(operations.rotations, operations.translations, operations.places, strict=True)
    parts = list(steps)
    table = {rotation.tobytes(): (shift, places) for rotation, shift, places in parts}
    if len(table) < len(parts):
        return False
    for first, step, inner in parts:
        for second, further, outer in parts:
            product = table.get((first @ second).tobytes())
            if product is None or (outer[inner] != product[1]).any():
                return False
            gap = step @ second + further - product[0]
            if np.abs(minimum_image(gap)).max() > 1e-6:
                return False
    return True


def _space_group(box: FloatArray, operations: Operations) -> tuple[int, str]:
    """Number and short symbol of a space group given by its operations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # spglib, of its error handling
        found = spglib.get_spacegroup_type_from_symmetry(
            # spglib's operations act on columns.
            np.ascontiguousarray(np.swapaxes(operations.rotations, 1, 2), dtype="intc"),
            operations.translations,
            lattice=box,
            symprec=1e-4,
        )
    return int(found.number), str(found.international_short)
