"""Patterns of up, middle and down for the sites of a layer.

Both rooms that look for heights start from them.
"""

from __future__ import annotations

import itertools

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray, IntArray
from micrographia.physics.plane_symmetry import (
    Sites,
    find_plane_group,
    find_sites,
    sign_patterns,
    site_orbits,
)

#: Orbits up to which every combination of their levels is listed: 3^6 = 729.
_ALL_LEVELS = 6
#: Combinations drawn at random where there are more.
_DRAWN = 400


def make_patterns(layer: Atoms, count: int, seed: int) -> tuple[FloatArray, IntArray]:
    """List patterns of levels, symmetric ones first.

    Parameters
    ----------
    layer
        Upright layer; its z are not looked at.
    count
        Most patterns.
    seed
        Of the random ones.

    Returns
    -------
    levels
        Of the atoms (patterns, atoms) in units of one step; atoms that share a site lie above
        one another around the level of the site. Of mirror images one is listed.
    orders
        How many of the projection's operations each pattern keeps (patterns,), with or without
        reversal of the heights.
    """
    rng = np.random.default_rng(seed)
    sites = find_sites(layer)
    group = find_plane_group(np.array(layer.cell[:2, :2]), sites)
    unique: dict[tuple[int, ...], int] = {}
    for members, signs in sign_patterns(group):
        for row in _combine(site_orbits(group, members, signs), len(sites.numbers), rng):
            unique.setdefault(_canonical(row), len(members))
        if len(unique) >= count:
            break
    for _ in range(count):
        if len(unique) >= count:
            break
        unique.setdefault(_canonical(rng.integers(-1, 2, size=len(sites.numbers))), 1)
    levels = np.array(list(unique), dtype=float)[:, sites.site_of]
    spreads = _spread_variants(sites)
    most = count // len(spreads)
    orders = np.tile(np.array(list(unique.values()))[:most], len(spreads))
    return np.concatenate([levels[:most] + spread for spread in spreads]), orders


def _spread_variants(sites: Sites) -> list[FloatArray]:
    """Ways to hold columns apart: all alike, or one species further out than the others."""
    spread = spread_in_sites(sites)
    shared = sorted({int(number) for number in sites.numbers[sites.site_of[spread != 0]]})
    if len(shared) < 2:
        return [spread]
    outside = [np.where(sites.numbers[sites.site_of] == number, 2.0, 1.0) for number in shared]
    return [spread, *(spread * factor for factor in outside)]


def _combine(orbits: list[IntArray], nsites: int, rng: np.random.Generator) -> list[IntArray]:
    """Give each orbit a level: up, middle or down."""
    if not orbits:
        return [np.zeros(nsites, dtype=np.int64)]
    basis = np.array(orbits)
    if len(orbits) <= _ALL_LEVELS:
        choices = np.array(list(itertools.product((0, 1, -1), repeat=len(orbits))))
    else:
        choices = rng.integers(-1, 2, size=(_DRAWN, len(orbits)))
    return list(choices @ basis)


def _canonical(row: IntArray) -> tuple[int, ...]:
    """Of a pattern and its mirror image the one whose first site off the middle is up."""
    off = row[row != 0]
    return tuple((row if not len(off) or off[0] > 0 else -row).tolist())


def spread_in_sites(sites: Sites) -> FloatArray:
    """Levels (atoms,) that hold the atoms of one site apart, centred on zero."""
    spread = np.zeros(len(sites.site_of))
    for site in range(len(sites.numbers)):
        members = np.flatnonzero(sites.site_of == site)
        spread[members] = 2.0 * np.arange(len(members)) - (len(members) - 1)
    return spread
