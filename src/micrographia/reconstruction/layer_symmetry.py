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

from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.averaging import (
    FloatArray,
    IntArray,
    Operations,
    average_sites,
)
from micrographia.reconstruction.wallpaper import find_wallpaper

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
        The space group in the basis of the cell; translations are halves.
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
        Layer with a primitive projected cell in the xy plane and c along z.
    tolerance, height_tolerance
        How far an operation may lay an atom from its image, in the plane and along z [Å].
    cell_tolerance
        How much two vectors may differ that symmetry makes equal [Å].
    """
    plane = np.array(atoms.cell[:2, :2])
    flat = find_wallpaper(plane, atoms.positions[:, :2], atoms.numbers, tolerance, cell_tolerance)
    # Only an exact lattice tells 60° from 120°: the conventional basis is chosen after averaging.
    cell, change = gauss_reduce(flat.cell)
    back = np.rint(np.linalg.inv(change)).astype(np.int64)
    rotations, shifts = flat.operations.rotations, flat.operations.translations
    shifts = np.rint(2 * (shifts - flat.origin + flat.origin @ rotations) @ back) / 2 % 1
    heights = atoms.positions[:, 2] - atoms.positions[:, 2].mean()
    box = np.zeros((3, 3))
    box[:2, :2] = np.linalg.cholesky(cell @ cell.T)  # a along x, b in the upper half
    box[2, 2] = np.linalg.norm(atoms.cell[2])
    fractions = np.column_stack(
        [flat.xy @ np.linalg.inv(cell) - flat.origin @ back, heights / box[2, 2]]
    )
    plane_group = (change @ rotations @ back, shifts)
    lifted = _lift(plane_group, fractions, box, atoms.numbers, height_tolerance)
    exact = average_sites(fractions, lifted)
    layer = Atoms(
        numbers=atoms.numbers,
        scaled_positions=(exact + np.array([0, 0, 0.5])) % 1.0,
        cell=box,
        pbc=True,
    )
    number, symbol = _space_group(box, lifted)
    moved = np.abs(exact[:, 2] * box[2, 2] - heights).max()
    return SymmetricLayer(
        layer, lifted, number, symbol, flat.name, flat.metric, flat.deviation, float(moved)
    )


def _lift(
    plane: tuple[IntArray, FloatArray],
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
    plane: tuple[IntArray, FloatArray],
    fractions: FloatArray,
    box: FloatArray,
    numbers: IntArray,
    tolerance: float,
) -> Operations:
    rotations, translations, places = [], [], []
    for flat, shift in zip(*plane, strict=True):
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
    gaps[..., :2] -= np.rint(gaps[..., :2])
    vectors = gaps @ box
    apart = np.linalg.norm(vectors[..., :2], axis=-1) > _EXACT
    rises = np.where(apart | (numbers[:, None] != numbers[None]), _FORBIDDEN, vectors[..., 2] ** 2)
    rows, columns = linear_sum_assignment(rises)
    worst = float(rises[rows, columns].max())
    return None if worst >= _FORBIDDEN else (columns.astype(np.int64), float(np.sqrt(worst)))


def _is_group(operations: Operations) -> bool:
    """Whether products of operations are among them and act on the sites as they should."""
    table = {
        rotation.tobytes(): places
        for rotation, places in zip(operations.rotations, operations.places, strict=True)
    }
    for first, inner in zip(operations.rotations, operations.places, strict=True):
        for second, outer in zip(operations.rotations, operations.places, strict=True):
            product = table.get((first @ second).tobytes())
            if product is None or (outer[inner] != product).any():
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
