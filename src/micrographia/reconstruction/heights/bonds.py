"""What bonds say of heights: a pair energy of any elements, and relaxation of z in it.

Bonds are as long as the sum of the covalent radii (Cordero et al., Dalton Trans. 2008, 2832) and
the stronger, the farther apart the ends are in electronegativity (Pauling); atoms on the same side
of the mean only repel. Charges of the same origin, screened, hold like ions apart beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import covalent_radii

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.lattice import minimum_image

#: Farthest pairs in the plane [Å].
_REACH = 7.0
#: Inverse width of a bond's well [1/Å]; its depth between equal atoms and per square of
#: electronegativity, and the largest; the least height of the wall.
_STEEPNESS, _DEPTH, _POLAR, _DEEPEST, _WALL = 1.3, 0.5, 3.0, 3.0, 0.5
#: Strength of the charges per square of electronegativity [Å], and their screening length [Å].
_CHARGE, _SCREENING = 20.0, 3.0
#: Steps of the relaxation, the largest of them [Å], and the first and last share of a slope.
_STEPS, _LARGEST, _PACES = 60, 0.2, (0.14, 0.02)
#: Middle of Pauling's scale, for elements that it leaves out.
_NO_SCALE = 2.4
#: Largest exponential: atoms within each other repel, but finitely.
_MOST = 30.0


@dataclass(frozen=True)
class Pairs:
    """Pairs of atoms of a layer, each once, with what acts between them.

    Attributes
    ----------
    first, second
        Atoms (p,).
    lateral
        Distance in the plane (p,) [Å].
    length
        Of a bond (p,) [Å].
    depth, wall, charge
        Of the well, of the wall, and product of the charges (p,).
    count
        How many atoms there are.
    """

    first: IntArray
    second: IntArray
    lateral: FloatArray
    length: FloatArray
    depth: FloatArray
    wall: FloatArray
    charge: FloatArray
    count: int

    def __len__(self) -> int:
        return len(self.first)


def find_pairs(cell: FloatArray, xy: FloatArray, numbers: IntArray) -> Pairs:
    """Find the pairs within 7 Å of each other in projection.

    Parameters
    ----------
    cell
        In-plane vectors (2, 2) [Å].
    xy
        Positions (n, 2) [Å].
    numbers
        Atomic numbers (n,).
    """
    gaps = minimum_image((xy[:, None] - xy[None]) @ np.linalg.inv(cell)) @ cell
    spacings = abs(np.linalg.det(cell)) / np.linalg.norm(cell, axis=1)[::-1]
    most = np.ceil(_REACH / spacings + 0.5).astype(int)
    steps = [[i, j] for i in range(-most[0], most[0] + 1) for j in range(-most[1], most[1] + 1)]
    lateral = np.linalg.norm(gaps[None] + (np.array(steps) @ cell)[:, None, None], axis=-1)
    # An atom's own images do not act on its height.
    image, first, second = np.nonzero((lateral < _REACH) & np.tri(len(xy), k=-1, dtype=bool))
    radii = covalent_radii[numbers]
    scale = _electronegativity(numbers)
    share = scale - scale.mean()
    product = share[first] * share[second]
    depth = np.clip(_DEPTH - _POLAR * product, 0, _DEEPEST)
    return Pairs(
        first, second, lateral[image, first, second], radii[first] + radii[second], depth,
        np.maximum(depth, _WALL), _CHARGE * product, len(xy),
    )  # fmt: skip


def relax(pairs: Pairs, heights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Relax many sets of heights.

    Parameters
    ----------
    pairs
        What `find_pairs` returns.
    heights
        Sets (m, n) [Å]. One that has a symmetry keeps it.

    Returns
    -------
    Relaxed sets (m, n) [Å], and their energies per atom (m,) in units of a well.
    """
    if not len(pairs):
        return heights, np.zeros(len(heights))
    onto = np.zeros((len(pairs), pairs.count))
    onto[np.arange(len(pairs)), pairs.first] = 1.0
    onto[np.arange(len(pairs)), pairs.second] -= 1.0
    for step in range(_STEPS):
        rise, distance, decay, screened = _terms(pairs, heights)
        force = 2 * _STEEPNESS * (pairs.depth * decay - pairs.wall * decay**2)
        force -= pairs.charge * screened * (1 / _SCREENING + 1 / distance)
        pace = _PACES[0] + (_PACES[1] - _PACES[0]) * step / _STEPS
        move = -pace * ((force * rise / distance) @ onto)
        heights = heights + np.clip(move, -_LARGEST, _LARGEST)
    _, _, decay, screened = _terms(pairs, heights)
    energies = pairs.wall * decay**2 - 2 * pairs.depth * decay + pairs.charge * screened
    return heights, energies.sum(axis=1) / pairs.count


def _terms(
    pairs: Pairs, heights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Rise and distance of each pair in each set (m, p) [Å], the well's decay and the charges'."""
    rise = heights[:, pairs.first] - heights[:, pairs.second]
    distance = np.sqrt(pairs.lateral**2 + rise**2 + 1e-4)
    decay = np.minimum(np.exp(-_STEEPNESS * (distance - pairs.length)), _MOST)
    return rise, distance, decay, np.exp(-distance / _SCREENING) / distance


def _electronegativity(numbers: IntArray) -> FloatArray:
    """Pauling's scale; a middle value for noble gases, which have none."""
    from pymatgen.core import Element

    values = np.array([float(Element.from_Z(int(number)).X) for number in numbers])
    return np.where(np.isfinite(values), values, _NO_SCALE)
