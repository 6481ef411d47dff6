"""Cells of twice the area, for layers whose projection has a smaller cell than they have.

A picture along z cannot tell a column of A over B from one of B over A. Where neighbours of such
columns take turns, as in rock salt, the projected cell holds half of the crystal.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import make_supercell

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.physics.plane_symmetry import COLUMN_WIDTH

#: Most atoms of a cell that is doubled; larger ones have room for columns of both kinds.
LARGEST = 4
#: The three sublattices of index two [rows of the new cell in the old one's].
_DOUBLINGS = (
    ((1, 1, 0), (-1, 1, 0), (0, 0, 1)),
    ((2, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((1, 0, 0), (0, 2, 0), (0, 0, 1)),
)


def doubled_cells(layer: Atoms) -> list[Atoms]:
    """Layers of twice the area with the same projection, if their columns could take turns.

    Parameters
    ----------
    layer
        Upright layer; its z are not looked at.

    Returns
    -------
    The doubled layers, atoms in the order of the layer, once for each cell; none where no column
    holds two species or the cell has more than four atoms. Of doubled lattices that are equal
    but for a rotation only the first is given, which for a cell of one column loses nothing.
    """
    if len(layer) > LARGEST or not _has_mixed_column(layer):
        return []
    doubled = [make_supercell(layer, doubling, order="cell-major") for doubling in _DOUBLINGS]
    shapes = [_shape(np.array(other.cell[:2, :2])) for other in doubled]
    return [
        other
        for place, other in enumerate(doubled)
        if not any(np.allclose(shapes[place], shape, rtol=0.02) for shape in shapes[:place])
    ]


def _shape(plane: FloatArray) -> FloatArray:
    """Lengths of the three shortest lattice vectors [Å], which fix a plane lattice."""
    steps = np.array([[i, j] for i in range(3) for j in range(-3, 4) if i > 0 or j > 0])
    steps = steps[np.gcd(steps[:, 0], steps[:, 1]) == 1]
    return np.sort(np.linalg.norm(steps @ plane, axis=1))[:3]


def _has_mixed_column(layer: Atoms) -> bool:
    plane = np.array(layer.cell[:2, :2])
    fractions = layer.positions[:, :2] @ np.linalg.inv(plane)
    gaps = fractions[:, None] - fractions[None]
    distances = np.linalg.norm(minimum_image(gaps) @ plane, axis=-1)
    unlike = layer.numbers[:, None] != layer.numbers[None]
    return bool((unlike & (distances < COLUMN_WIDTH)).any())
