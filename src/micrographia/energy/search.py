"""The few height starts that are worth a relaxation, by the calculator's energies alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from micrographia.config import Energy
from micrographia.energy.calculators import Potential
from micrographia.energy.heights import (
    drop_repeats,
    flat_heights,
    perturb_heights,
    propose_heights,
    with_heights,
)
from micrographia.energy.plane_symmetry import FloatArray

#: An energy below this is no energy of matter but a potential outside what it learnt [eV/atom].
LOWEST_ENERGY = -25.0
#: Energies nearer than this are those of one structure, or of its mirror image [eV/atom].
SAME_ENERGY = 1e-4
#: Rounds of changes to the best heights, and how many of them are changed.
_ROUNDS, _PARENTS = 3, 6
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
        Heights (n,) [Å] that are always tried.

    Returns
    -------
    Names and heights (n,) [Å]; different in energy.
    """
    rng = np.random.default_rng([seed, 1])
    always = [("given", layer.positions[:, 2]), ("plane", flat_heights(layer))]
    if len(drop_repeats([heights for _, heights in always], tolerance=0.01)) == 1:
        always.pop()
    always += [(f"template-{place}", heights) for place, heights in enumerate(templates)]
    # Large cells have more patterns than time; their energies cost more, too.
    count = max(4 * settings.n_starts, min(settings.candidates, 2000 // len(layer)))
    pool = propose_heights(layer, count, seed)
    energies = _energies(layer, pool, potential)
    for _ in range(_ROUNDS if len(layer) > _SMALL else 0):
        parents = [pool[place] for place in np.argsort(energies, kind="stable")[:_PARENTS]]
        children = perturb_heights(layer, parents, count // 2, rng)
        fresh = drop_repeats([*pool, *children])[len(pool) :]
        if not fresh:
            break
        pool += fresh
        energies = np.concatenate([energies, _energies(layer, fresh, potential)])
    return _different(always, pool, energies, settings.n_starts)


def _energies(layer: Atoms, heights: Sequence[FloatArray], potential: Potential) -> FloatArray:
    """Energies [eV/atom]; infinite where they are none of matter."""
    found = potential.energies([with_heights(layer, row, 20.0) for row in heights]) / len(layer)
    return np.where(np.isfinite(found) & (found > LOWEST_ENERGY), found, np.inf)


def _different(
    always: list[tuple[str, FloatArray]],
    pool: list[FloatArray],
    energies: FloatArray,
    count: int,
) -> list[tuple[str, FloatArray]]:
    """Those of lowest energy, of equal energies one."""
    chosen: list[int] = []
    for place in np.argsort(energies, kind="stable"):
        if not np.isfinite(energies[place]) or len(chosen) + len(always) >= count:
            break
        if not (np.abs(energies[chosen] - energies[place]) < SAME_ENERGY).any():
            chosen.append(int(place))
    return [*always, *((f"pattern-{place}", pool[place]) for place in chosen)]
