"""Relaxation of a layer from several height starts, and the choice among them.

First only z moves, x, y and the in-plane cell held as measured; then all of them are free, c held.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixCartesian
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from micrographia.arrays import FloatArray
from micrographia.config import Energy
from micrographia.energy.calculators import Potential, quiet, refuse_unknown
from micrographia.energy.heights import with_heights
from micrographia.energy.search import LOWEST_ENERGY, alike, choose_starts
from micrographia.energy.supercells import doubled_cells
from micrographia.errors import EnergyError
from micrographia.io.structures import orient_layer

logger = logging.getLogger(__name__)


#: Nearest distance of two atoms that a relaxed crystal can have [Å]; H2 has 0.74.
NEAREST = 0.6
#: Relaxed starts nearer than this are one structure or its mirror image [eV/atom, Å].
_SAME_ENERGY, _SAME_HEIGHT = 0.003, 0.15
#: Steps of the first round of every start, and how far above the best one is then given up.
_FIRST_STEPS, _HOPELESS = 15, 0.3


@dataclass
class Start:
    """One height start and what became of it.

    Attributes
    ----------
    name
        `given`, `plane`, `template-2`, `pattern-17`.
    atoms
        The crystal in its last state, without a calculator.
    held_energy
        Energy with x, y and cell held [eV/atom]; NaN before.
    energy
        Energy with all free [eV/atom]; NaN when it was never freed.
    lateral_shift, strain
        In-plane displacement on freeing, root mean square [Å], and largest principal strain.
    steps
        Steps of all stages.
    stayed
        Whether shift and strain are within the settings' limits.
    converged
        Whether the last stage converged.
    failure
        Why it was given up; empty when it was not.
    """

    name: str
    atoms: Atoms
    held_energy: float = float("nan")
    energy: float = float("nan")
    lateral_shift: float = float("nan")
    strain: float = float("nan")
    steps: int = 0
    stayed: bool = False
    converged: bool = False
    failure: str = ""

    def score(self, settings: Energy) -> float:
        """Energy as measured, plus the penalty of one that does not stay there [eV/atom]."""
        return self.held_energy + (0.0 if self.stayed else settings.walk_penalty)


@dataclass
class Relaxed:
    """Outcome for one crystal: the chosen start first among all that were tried."""

    best: Start
    starts: list[Start]


def relax_layer(
    atoms: Atoms,
    potential: Potential,
    settings: Energy,
    *,
    seed: int = 0,
    trust_heights: bool = False,
    templates: Sequence[FloatArray] = (),
) -> Relaxed:
    """Relax a layer from several height starts.

    Parameters
    ----------
    atoms
        Crystal whose x, y and in-plane cell are measured.
    potential
        What `load_potential` returns.
    settings
        Limits of the search.
    seed
        Of the starts.
    trust_heights
        Take the crystal's own heights as the only start: a true structure.
    templates
        Further heights (n,) [Å] to start from, in the order of the atoms.

    Returns
    -------
    All starts, and the one with the lowest energy as measured: z relaxed, x, y and cell held. Of
    the wrong heights that is high, since they would have another cell. A start that leaves the
    measured plane on freeing pays `walk_penalty`. Small cells of columns with several species are
    also tried at twice their area, and have twice the atoms where that is better.

    Raises
    ------
    EnergyError
        An element is unknown to the potential, or no start could be relaxed; the message names
        the reasons.
    StructureError
        The crystal is bulk.
    """
    refuse_unknown(potential, atoms)
    layer = orient_layer(atoms)
    with quiet():
        if trust_heights:
            named = [("given", layer.positions[:, 2])]
            return _relax_named(named, layer, potential, settings)
        relaxed = _relax_named(
            choose_starts(layer, potential, settings, seed, templates), layer, potential, settings
        )
        for place, doubled in enumerate(doubled_cells(layer)):
            try:
                starts = choose_starts(doubled, potential, settings, seed)
                named = [(f"doubled-{place}-{name}", heights) for name, heights in starts]
                rival = _relax_named(named, doubled, potential, settings)
            except EnergyError as error:
                logger.info("A cell of twice the area is skipped: %s", error)
                continue
            relaxed = _prefer(relaxed, rival, settings)
    return relaxed


def _relax_named(
    named: Sequence[tuple[str, FloatArray]],
    layer: Atoms,
    potential: Potential,
    settings: Energy,
) -> Relaxed:
    """Relax a layer from these heights, and choose the best."""
    starts = [
        Start(name, with_heights(layer, heights, settings.vacuum)) for name, heights in named
    ]
    starts = _hold_and_relax(starts, potential, settings)
    freed = _free(starts, layer, potential, settings)
    if not freed:
        reasons = sorted({start.failure for start in starts if start.failure})
        raise EnergyError(f"None of {len(starts)} starts could be relaxed: {'; '.join(reasons)}")
    return Relaxed(min(freed, key=lambda start: start.score(settings)), starts)


def _prefer(relaxed: Relaxed, rival: Relaxed, settings: Energy) -> Relaxed:
    """Choose the better best; the rival, of a larger cell, must be another structure than that."""
    gain = relaxed.best.score(settings) - rival.best.score(settings)
    best = rival.best if gain > _SAME_ENERGY else relaxed.best
    return Relaxed(best, relaxed.starts + rival.starts)


def _hold_and_relax(proposed: list[Start], potential: Potential, settings: Energy) -> list[Start]:
    """Relax z in two rounds; return the starts that were relaxed.

    The first round goes on until `n_starts` different crystals were met. In the second, starts
    far above the best so far are given up.
    """
    first = min(_FIRST_STEPS, settings.steps)
    starts: list[Start] = []
    for start in proposed:
        if len(drop_equal(_alive(starts))) >= settings.n_starts:
            break
        _relax_z(start, potential, settings.fmax, first)
        starts.append(start)
    lowest = np.inf
    for start in drop_equal(sorted(_alive(starts), key=lambda start: start.held_energy)):
        if start.held_energy > lowest + _HOPELESS:
            start.failure = f"{start.held_energy - lowest:.1f} eV/atom above the best start"
        elif not start.converged and settings.steps > first:
            _relax_z(start, potential, settings.fmax, settings.steps - first)
        if not start.failure:
            lowest = min(lowest, start.held_energy)
    return starts


def _free(
    starts: list[Start], layer: Atoms, potential: Potential, settings: Energy
) -> list[Start]:
    """Free the best starts in turn, until no other can be better than the best of them."""
    alive = drop_equal(sorted(_alive(starts), key=lambda start: start.held_energy))
    freed: list[Start] = []
    for start in alive:
        best = min((other.score(settings) for other in freed), default=np.inf)
        if start.held_energy >= best:
            break
        _free_and_relax(start, layer, potential, settings)
        if not start.failure:
            freed.append(start)
    return freed


def relax_heights(atoms: Atoms, potential: Potential, fmax: float, steps: int) -> Start:
    """Relax a layer's z from its own heights, plane and cell held.

    Parameters
    ----------
    atoms
        Upright layer; it is not changed.
    potential
        What `load_potential` returns.
    fmax
        Force at which it ends [eV/Å].
    steps
        Most steps.

    Returns
    -------
    The start with its `held_energy` [eV/atom], or with its `failure`.
    """
    start = Start("given", atoms.copy())
    _relax_z(start, potential, fmax, steps)
    return start


def _relax_z(start: Start, potential: Potential, fmax: float, steps: int) -> None:
    atoms = start.atoms
    atoms.set_constraint(FixCartesian(list(range(len(atoms))), mask=(True, True, False)))
    _run(start, atoms, potential, fmax, steps)
    atoms.set_constraint()
    if not start.failure:
        start.held_energy = start.energy
    start.energy = float("nan")


def _free_and_relax(start: Start, layer: Atoms, potential: Potential, settings: Energy) -> None:
    # Strain of a, b and gamma; c stays, and with it the vacuum.
    moving = FrechetCellFilter(start.atoms, mask=[True, True, False, False, False, True])
    _run(start, moving, potential, settings.fmax, settings.free_steps)
    if not start.failure:
        start.lateral_shift, start.strain = compare_in_plane(layer, start.atoms)
        start.stayed = (
            start.lateral_shift <= settings.max_shift and start.strain <= settings.max_strain
        )


def _run(start: Start, moving: Any, potential: Potential, fmax: float, steps: int) -> None:
    """Run ASE's BFGS; whatever goes wrong becomes the start's failure."""
    atoms = start.atoms
    atoms.calc = potential.calculator
    try:
        optimizer = BFGS(moving, logfile=None, maxstep=0.15)
        for _ in optimizer.irun(fmax=fmax, steps=steps):
            start.failure = _fault(atoms)
            if start.failure:
                break
        start.steps += int(optimizer.nsteps)
        start.converged = not start.failure and bool(optimizer.converged())
        start.energy = float(atoms.get_potential_energy()) / len(atoms)
    except Exception as error:  # potentials and their graphs fail in every way there is
        start.failure = f"{type(error).__name__}: {error}"
    finally:
        atoms.calc = None


def _fault(atoms: Atoms) -> str:
    energy = atoms.get_potential_energy() / len(atoms)
    if not np.isfinite(energy) or not np.isfinite(atoms.get_forces()).all():
        return "the potential gives no number"
    if energy < LOWEST_ENERGY:
        return f"an energy of {energy:.0f} eV/atom is none of matter"
    if len(atoms) > 1:
        distances = atoms.get_all_distances(mic=True)
        nearest = distances[np.triu_indices(len(atoms), 1)].min()
        if nearest < NEAREST:
            return f"atoms {nearest:.2f} Å apart"
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
    if not 0.5 * len(atoms) < area < 1e5:
        return f"the cell shrank or grew to {area:.1f} Å²"
    return ""


def _alive(starts: Sequence[Start]) -> list[Start]:
    return [start for start in starts if not start.failure]


def drop_equal(ordered: list[Start]) -> list[Start]:
    """Drop starts that ended in the structure of one before, by energy and heights."""
    kept: list[Start] = []
    for start in ordered:
        heights = start.atoms.positions[:, 2]
        if not any(
            abs(start.held_energy - other.held_energy) < _SAME_ENERGY
            and alike(heights, other.atoms.positions[:, 2], _SAME_HEIGHT)
            for other in kept
        ):
            kept.append(start)
    return kept


def compare_in_plane(measured: Atoms, relaxed: Atoms) -> tuple[float, float]:
    """Compare a relaxed layer with the one it came from, in the plane.

    Returns
    -------
    lateral_shift, strain
        Root mean square of the in-plane displacements [Å], strain and rigid shift removed; and
        the largest absolute principal strain of the in-plane cell.
    """
    before, after = (np.array(atoms.cell[:2, :2]) for atoms in (measured, relaxed))
    moved = relaxed.positions[:, :2] @ np.linalg.inv(after)
    moved -= measured.positions[:, :2] @ np.linalg.inv(before)
    moved -= np.rint(moved - moved[0])
    moved -= moved.mean(axis=0)
    stretches = np.linalg.svd(np.linalg.inv(before) @ after, compute_uv=False)
    shift = np.sqrt(((moved @ after) ** 2).sum(axis=1).mean())
    return float(shift), float(np.abs(stretches - 1).max())
