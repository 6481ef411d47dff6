"""Starting heights for a layer whose x, y and cell are measured.

A picture along z does not hold z. Candidates come from patterns that put each site up, down or in
the middle, those with the symmetry of the projection first. A cheap pair potential turns a pattern
into heights with plausible bonds; the calculator's energies then choose the few to relax.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.height_patterns import make_patterns, spread_in_sites
from micrographia.physics.lattice import minimum_image
from micrographia.physics.plane_symmetry import find_plane_group, find_sites

#: Height of one step of a pattern before bonds are relaxed [Å].
LEVEL = 1.0
#: Spread that keeps flat crystals off the exact plane, where potentials can be singular [Å].
JITTER = 0.03
#: Patterns per proposal that are relaxed in the pair potential.
_OVERSAMPLING = 10
#: Bonds as shares of the sum of the covalent radii, and steps of the relaxation. Every pattern is
#: tried with the first; then alloys and covalent crystals have the second, salts of large cations
#: the fourth, and the last keeps levels.
_FAMILIES = ((1.1, 25), (1.0, 100), (1.2, 100), (1.4, 100), (1.2, 10))
#: Inverse width of the pair potential [1/Å], and the largest step in it [Å].
_STEEPNESS, _LARGEST_STEP = 1.6, 0.15


def propose_heights(layer: Atoms, count: int, seed: int) -> tuple[list[FloatArray], FloatArray]:
    """Propose different heights, one set for each pattern.

    Parameters
    ----------
    layer
        Upright layer; its z are not looked at.
    count
        Most proposals.
    seed
        Of the jitter, and of the random patterns of large cells.

    Returns
    -------
    heights
        Sets (n,) [Å], each centred on zero. The first is flat but for atoms of one column and a
        small jitter. Where patterns are many, mirror images and repeats are dropped.
    levels
        The patterns behind them (proposals, n) [Å], for `vary_bonds`.
    """
    rng = np.random.default_rng(seed)
    levels = LEVEL * make_patterns(layer, _OVERSAMPLING * count, seed)[0]
    levels += rng.normal(scale=JITTER, size=levels.shape)
    relaxed, energies = relax_pairs(layer, levels, *_FAMILIES[0])
    relaxed -= relaxed.mean(axis=1, keepdims=True)
    # The most symmetric patterns and those of the best bonds in turn, each only once.
    ordered = [np.arange(len(levels)), np.argsort(energies, kind="stable")]
    turns = list(dict.fromkeys(np.column_stack(ordered).ravel().tolist()))
    flat = flat_heights(layer) + rng.normal(scale=JITTER, size=len(layer))
    proposals = np.vstack([flat - flat.mean(), relaxed[turns]])
    levels = np.vstack([flat, levels[turns]])
    # Where patterns are few, none is lost because its bonds made it flat.
    few = len(levels) <= count // 3
    kept = list(range(len(levels))) if few else distinct(proposals, count)
    return [proposals[place] for place in kept], levels[kept]


def vary_bonds(layer: Atoms, levels: FloatArray) -> list[FloatArray]:
    """Heights of patterns (m, n) [Å] with bonds of other lengths."""
    if not len(levels):
        return []
    varied = np.concatenate([relax_pairs(layer, levels, *family)[0] for family in _FAMILIES[1:]])
    return list(varied - varied.mean(axis=1, keepdims=True))


def flat_heights(layer: Atoms) -> FloatArray:
    """Heights (n,) [Å] that are zero, but for the atoms of one column: they are a bond apart."""
    sites = find_sites(layer)
    return spread_in_sites(sites) * covalent_radii[layer.numbers]


def distinct(
    heights: Sequence[FloatArray] | FloatArray, count: int | None = None, tolerance: float = 0.15
) -> list[int]:
    """Places of the heights that do not agree with an earlier set or with its mirror image.

    Parameters
    ----------
    heights
        Sets (n,) [Å]; what is not finite is left out.
    count
        Most places; None for all.
    tolerance
        Largest difference of one atom [Å], the middles laid on each other.
    """
    kept: list[int] = []
    centred = np.empty((len(heights), len(heights[0]) if len(heights) else 0))
    for place, row in enumerate(heights):
        if count is not None and len(kept) >= count:
            break
        middle = row - (row.max() + row.min()) / 2
        others = centred[: len(kept)]
        same = np.minimum(np.abs(others - middle).max(axis=1), np.abs(others + middle).max(axis=1))
        if np.isfinite(middle).all() and not (same < tolerance).any():
            centred[len(kept)] = middle
            kept.append(place)
    return kept


def perturb_heights(
    layer: Atoms, parents: Sequence[FloatArray], count: int, rng: np.random.Generator
) -> list[FloatArray]:
    """Turn over parts of a layer: each site, and each orbit of the projection's symmetry.

    Parameters
    ----------
    layer
        Upright layer; its z are not looked at.
    parents
        Heights (n,) [Å] to change.
    count
        Most results; a random choice where there are more.
    rng
        Of that choice.
    """
    sites = find_sites(layer)
    group = find_plane_group(np.array(layer.cell[:2, :2]), sites)
    parts = {tuple(np.unique(group.images[:, site])) for site in range(len(sites.numbers))}
    parts |= {(site,) for site in range(len(sites.numbers))}
    masks = [np.isin(sites.site_of, part) for part in sorted(parts)]
    children = []
    for parent in parents:
        middle = parent - (parent.max() + parent.min()) / 2
        for mask in masks:
            turned = np.where(mask, -middle, middle)
            # What lies in the middle goes up, which turning over would not do.
            lifted = np.where(mask & (np.abs(middle) < 0.3), middle + LEVEL, turned)
            children.append(lifted)
            children.append(np.where(mask, 0.3 * middle, middle))
    chosen = np.sort(rng.permutation(len(children))[:count])
    relaxed = relax_pairs(layer, np.array(children)[chosen], *_FAMILIES[-1])[0]
    return list(relaxed - relaxed.mean(axis=1, keepdims=True))


def with_heights(layer: Atoms, heights: FloatArray, vacuum: float) -> Atoms:
    """Give a layer these heights, in the middle of a cell with a vacuum [Å] along c."""
    cell = np.array(layer.cell[:])
    cell[2] = [0.0, 0.0, float(np.ptp(heights)) + vacuum]
    positions = layer.positions.copy()
    positions[:, 2] = heights - (heights.max() + heights.min()) / 2 + cell[2, 2] / 2
    # The potentials want periods along all three axes.
    return Atoms(layer.numbers, positions=positions, cell=cell, pbc=True)


def relax_pairs(
    layer: Atoms, heights: FloatArray, bond: float, steps: int
) -> tuple[FloatArray, FloatArray]:
    """Relax many sets of heights (m, n) [Å] in a Morse potential; return them with its energies.

    Bonds are `bond` times the sum of the covalent radii long and the stronger, the more the
    electronegativities of their ends differ; atoms of the same side of the mean only repel.
    """
    first, second, lateral = _pairs(layer)
    if not len(first):
        return heights, np.zeros(len(heights))
    radii = covalent_radii[layer.numbers]
    length = bond * (radii[first] + radii[second])
    chi = _electronegativity(layer.numbers)
    charge = chi - chi.mean()
    depth = np.clip(0.5 - 3 * charge[first] * charge[second], 0, 3)
    wall = np.maximum(depth, 0.5)
    onto = np.zeros((len(first), len(layer)))
    onto[np.arange(len(first)), first] = 1.0
    for step in range(steps):
        rise = heights[:, first] - heights[:, second]
        distance = np.sqrt(lateral**2 + rise**2 + 1e-6)
        decay = np.exp(-_STEEPNESS * (distance - length))
        slope = 2 * _STEEPNESS * (depth * decay - wall * decay**2)
        pace = 0.1 * (1 - step / steps) + 0.01
        move = -pace * ((slope * rise / distance) @ onto)
        heights = heights + np.clip(move, -_LARGEST_STEP, _LARGEST_STEP)
    return heights, (wall * decay**2 - 2 * depth * decay).sum(axis=1)


def _pairs(layer: Atoms) -> tuple[IntArray, IntArray, FloatArray]:
    """Atoms and in-plane distances [Å] of all pairs that could be bonds, both ways round."""
    plane = np.array(layer.cell[:2, :2])
    fractions = layer.positions[:, :2] @ np.linalg.inv(plane)
    gaps = fractions[:, None] - fractions[None, :]
    gaps = minimum_image(gaps) @ plane
    images = np.array([[i, j] for i in range(-2, 3) for j in range(-2, 3)]) @ plane
    lateral = np.linalg.norm(gaps[None] + images[:, None, None], axis=-1)
    radii = covalent_radii[layer.numbers]
    near = lateral < 1.9 * (radii[:, None] + radii[None, :])
    # An atom's own images do not act on its height.
    near &= ~np.eye(len(layer), dtype=bool)
    image, first, second = np.nonzero(near)
    return first, second, lateral[image, first, second]


def _electronegativity(numbers: IntArray) -> FloatArray:
    """Pauling's scale; 2.4, a middle value, for noble gases, which have none."""
    from pymatgen.core import Element

    values = np.array([float(Element.from_Z(int(number)).X) for number in numbers])
    return np.where(np.isfinite(values), values, 2.4)
