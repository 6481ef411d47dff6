"""Choose the starting heights to relax by their energies without relaxation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray
from micrographia.config import Energy
from micrographia.energy.calculators import Potential
from micrographia.energy.heights import (
    distinct,
    flat_heights,
    perturb_heights,
    propose_heights,
    vary_bonds,
    with_heights,
)
from micrographia.errors import EnergyError

#: An energy below this is no energy of matter but a potential outside what it learnt [eV/atom].
LOWEST_ENERGY = -25.0
#: Candidates within these of a better one are most likely the same crystal [eV/atom, Å].
ALIKE_ENERGY, ALIKE_HEIGHT = 0.03, 0.25
#: Rounds of changes to the best heights, and how many of them are changed.
_ROUNDS, _PARENTS = 3, 6
#: Most energies of proposals, times atoms.
_BUDGET = 3000
#: Least atoms for which the proposals do not already hold every pattern.
_SMALL = 5


def choose_starts(
    layer: Atoms,
    potential: Potential,
    settings: Energy,
    seed: int,
    templates: Sequence[FloatArray] = (),
) -> list[tuple[str, FloatArray]]:
    """Choose heights to relax: the plane, the templates, then those of lowest energy.

    Parameters
    ----------
    layer
        Upright layer of which x, y and cell are measured; its own heights come first.
    potential
        What `load_potential` returns.
    settings
        How many candidates and starts.
    seed
        Of jitter and random changes.
    templates
        Heights (n,) [Å] that are tried before the patterns, best first.

    Returns
    -------
    Names and heights (n,) [Å]: the plane and the templates, then up to twice `n_starts` patterns,
    best first, no two of which are alike. Some will relax to the same crystal.
    """
    rng = np.random.default_rng([seed, 1])
    always = [("given", layer.positions[:, 2]), ("plane", flat_heights(layer))]
    if len(distinct([heights for _, heights in always], tolerance=0.01)) == 1:
        always.pop()
    # Half of the starts at most, or patterns would not come to their turn.
    given = templates[: settings.n_starts // 2]
    always += [(f"template-{place}", heights) for place, heights in enumerate(given)]
    # Large cells have more patterns than time; their energies cost more, too.
    count = max(4 * settings.n_starts, min(settings.candidates, _BUDGET // len(layer)))
    pool, levels = propose_heights(layer, count, seed)
    energies = _energies(layer, pool, potential)
    best = np.argsort(energies, kind="stable")[: max(count // 8, 40)]
    changes = vary_bonds(layer, levels[best])
    for _ in range(1 + (_ROUNDS if len(layer) > _SMALL else 0)):
        fresh = [place - len(pool) for place in distinct([*pool, *changes]) if place >= len(pool)]
        if not fresh:
            break
        found = [changes[place] for place in fresh]
        pool += found
        energies = np.concatenate([energies, _energies(layer, found, potential)])
        parents = [pool[place] for place in np.argsort(energies, kind="stable")[:_PARENTS]]
        changes = perturb_heights(layer, parents, count // 3, rng)
    return [*always, *_different(pool, energies, 2 * settings.n_starts)]


def _energies(layer: Atoms, heights: Sequence[FloatArray], potential: Potential) -> FloatArray:
    """Energies [eV/atom]; infinite where they are none of matter.

    Raises
    ------
    EnergyError
        The potential fails.
    """
    try:
        found = potential.energies([with_heights(layer, row, 20.0) for row in heights])
    except Exception as error:  # potentials and their graphs fail in every way there is
        raise EnergyError(
            f"The starts cannot be ranked by energy: {type(error).__name__}: {error}"
        ) from None
    found = found / len(layer)
    return np.where(np.isfinite(found) & (found > LOWEST_ENERGY), found, np.inf)


def _different(
    pool: list[FloatArray], energies: FloatArray, count: int
) -> list[tuple[str, FloatArray]]:
    """Those of lowest energy, of alike ones the first."""
    chosen: list[int] = []
    for place in np.argsort(energies, kind="stable"):
        if not np.isfinite(energies[place]) or len(chosen) >= count:
            break
        rivals = [other for other in chosen if energies[place] - energies[other] < ALIKE_ENERGY]
        if not any(alike(pool[place], pool[other], ALIKE_HEIGHT) for other in rivals):
            chosen.append(int(place))
    return [(f"pattern-{place}", pool[place]) for place in chosen]


def alike(first: FloatArray, second: FloatArray, tolerance: float) -> bool:
    """Whether two sets of heights could be one crystal, turned, shifted or mirrored.

    Symmetry of the plane exchanges atoms but keeps the sorted heights; reversal negates them. The
    sets may be of cells of different areas.
    """
    size = np.lcm(len(first), len(second))
    ordered = [
        np.sort(np.repeat(row - (row.max() + row.min()) / 2, size // len(row)))
        for row in (first, second)
    ]
    difference = np.abs(ordered[0] - ordered[1]).max()
    reversed_ = np.abs(ordered[0] + ordered[1][::-1]).max()
    return bool(min(difference, reversed_) < tolerance)
