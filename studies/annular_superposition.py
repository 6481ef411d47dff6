"""How far annular images are sums over atoms: columns of two, and annular bright fields.

    python studies/annular_superposition.py

Columns: two equal atoms above each other in a box of 7 Å, abTEM with frozen phonons; their mean
signal on the ring of 80 to 200 mrad over twice that of one atom. 1 is what a sum of atoms has.
Annular bright field: abTEM's picture of a layer at rest, against the empty picture plus what each
atom alone changes in it.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import graphene, mx2
from ase.data import chemical_symbols
from incoherent_fidelity import CONDITIONS, PIXEL, frequencies, frozen_potential, ring_image

from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.provenance import machine
from micrographia.stem.multislice import orthogonal_cell, settle_abtem

NUMBERS = (6, 16, 42, 74)
DISTANCES = (1.5, 3.0)  # of the atoms of a column [Å]
FROZEN = 30  # configurations
SIDE = 7.0  # [Å]


def main() -> None:
    """Print both tables."""
    settle_abtem()
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores\n")
    print("| column | distance [Å] | keV | two atoms / 2 × one | standard error |")
    print("|---|---|---|---|---|")
    for conditions in CONDITIONS:
        for number in NUMBERS:
            one = _mean(number, (0.0,), conditions, None)
            for distance in DISTANCES:
                heights = (0.0, distance)
                ratios = np.array(
                    [_mean(number, heights, conditions, seed) for seed in range(FROZEN)]
                ) / (2 * one)
                print(
                    f"| {chemical_symbols[number]}2 | {distance:g} | {conditions.energy_keV:g} | "
                    f"{ratios.mean():.3f} | {ratios.std() / np.sqrt(FROZEN - 1):.3f} |",
                    flush=True,
                )
    print("\n| annular bright field of | keV | correlation of the sum | contrast, abTEM / sum |")
    print("|---|---|---|---|")
    layers = (graphene(vacuum=5), mx2("MoS2", vacuum=5), mx2("WSe2", thickness=3.3, vacuum=5))
    for conditions in CONDITIONS:
        bright = conditions.model_copy(update={"detector": "abf"})
        for layer in layers:
            print(_bright(layer, bright), flush=True)


def _mean(
    number: int, heights: tuple[float, ...], conditions: ImagingConditions, seed: int | None
) -> float:
    """Mean share of the beam in the ring; at rest without a seed."""
    middle = SIDE / 2
    places = [[middle, middle, 5 + height] for height in heights]
    column = Atoms([number] * len(places), places, cell=[SIDE, SIDE, 20], pbc=True)
    potential = frozen_potential(column, conditions, seed)
    return float(ring_image(potential, column, conditions)[0].real)


def _bright(layer: Atoms, conditions: ImagingConditions) -> str:
    cell, _ = orthogonal_cell(layer)
    g = frequencies(cell, conditions)
    exact = ring_image(frozen_potential(cell, conditions, None), cell, conditions)
    summed = np.zeros_like(exact)
    for number in np.unique(cell.numbers):
        alone, count = _alone(cell, int(number), conditions)
        waves = np.exp(-2j * np.pi * g @ cell.positions[cell.numbers == number, :2].T)
        summed += count * alone * waves.sum(axis=1)
    pictures = []
    for series in (exact, summed):
        series[0] = 0.0  # the mean is mostly the empty picture
        pictures.append(evaluate_series(g, series, (60, 60), PIXEL))
    correlation = np.corrcoef(pictures[0].ravel(), pictures[1].ravel())[0, 1]
    contrast = (pictures[0] * pictures[1]).sum() / np.square(pictures[1]).sum()
    name = layer.get_chemical_formula("metal")
    return f"| {name} | {conditions.energy_keV:g} | {correlation:.4f} | {contrast:.3f} |"


def _alone(cell: Atoms, number: int, conditions: ImagingConditions) -> tuple[np.ndarray, int]:
    """Series of one atom at the origin of the supercell, and the number of cells in that."""
    full = frozen_potential(cell, conditions, None)
    count = int(np.rint(np.prod(full.extent) / np.prod(cell.cell.lengths()[:2])))
    sides = [*full.extent, 20.0]
    middle = float(np.ptp(cell.positions[:, 2])) / 2
    single = Atoms([number], [[0, 0, 5 + middle]], cell=sides, pbc=True)
    potential = frozen_potential(single, conditions, None)
    return ring_image(potential, cell, conditions), count


if __name__ == "__main__":
    main()
