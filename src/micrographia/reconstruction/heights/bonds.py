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
#: Pairs times sets that are relaxed together: as many as stay in a processor's cache.
_AT_ONCE = 16384
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
    onto = np.zeros((pairs.count, len(pairs)))
    onto[pairs.first, np.arange(len(pairs))] = 1.0
    onto[pairs.second, np.arange(len(pairs))] -= 1.0
    size = max(1, _AT_ONCE // len(pairs))
    parts = [
        _relaxed(pairs, onto, heights[start : start + size].T)
        for start in range(0, len(heights), size)
    ]
    sets = np.concatenate([part for part, _ in parts], axis=1).T
    return np.ascontiguousarray(sets), np.concatenate([part for _, part in parts])


def _relaxed(pairs: Pairs, onto: FloatArray, heights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same for sets (n, m); `onto` (n, p) brings what acts on pairs to their atoms."""
    depth, wall, charge = pairs.depth[:, None], pairs.wall[:, None], pairs.charge[:, None]
    for step in range(_STEPS):
        rise, near, decay, screened = _terms(pairs, heights)
        force = (2 * _STEEPNESS) * decay * (depth - wall * decay)
        force -= charge * screened * (near + 1 / _SCREENING)
        force *= rise
        force *= near
        pace = _PACES[0] + (_PACES[1] - _PACES[0]) * step / _STEPS
        heights = heights + np.clip(-pace * (onto @ force), -_LARGEST, _LARGEST)
    _, _, decay, screened = _terms(pairs, heights)
    energies = decay * (wall * decay - 2 * depth) + charge * screened
    return heights, energies.sum(axis=0) / pairs.count


def _terms(
    pairs: Pairs, heights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Of each pair in each set (p, m): rise [Å], inverse distance [1/Å], and two decays.

    The first is the well's, the second that of the charges.
    """
    rise = heights[pairs.first]
    rise -= heights[pairs.second]
    distance = rise * rise
    distance += (pairs.lateral**2 + 1e-4)[:, None]
    np.sqrt(distance, out=distance)
    near = 1 / distance
    decay = distance - pairs.length[:, None]
    decay *= -_STEEPNESS
    np.minimum(np.exp(decay, out=decay), _MOST, out=decay)
    distance *= -1 / _SCREENING
    screened = np.exp(distance, out=distance)
    screened *= near
    return rise, near, decay, screened


def _electronegativity(numbers: IntArray) -> FloatArray:
    """Pauling's scale; a middle value for noble gases, which have none."""
    from pymatgen.core import Element

    values = np.array([float(Element.from_Z(int(number)).X) for number in numbers])
    return np.where(np.isfinite(values), values, _NO_SCALE)
