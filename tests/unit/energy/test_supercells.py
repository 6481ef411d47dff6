"""Layers whose projection repeats sooner than they do."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import mx2

from micrographia.config import Energy
from micrographia.energy.calculators import load_potential
from micrographia.energy.relax import relax_layer
from micrographia.energy.supercells import doubled_cells


def _column(*lengths: float, angle: float = 90.0) -> Atoms:
    """Calcium over oxygen in one column of a cell."""
    layer = Atoms("CaO", cell=[*lengths, 22.0, 90, 90, angle], pbc=True)
    layer.positions[:, 2] = 10.0, 12.2
    return layer


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        (_column(2.4, 2.4), 2),
        (_column(2.4, 2.4, angle=120.0), 1),
        (_column(2.4, 3.1), 3),
        (_column(2.4, 3.1, angle=100.0), 3),
    ],
)
def test_each_doubled_lattice_is_given_once(layer: Atoms, count: int) -> None:
    doubled = doubled_cells(layer)
    assert len(doubled) == count
    for other in doubled:
        assert other.cell.volume == pytest.approx(2 * layer.cell.volume)
        # The same projection: every column lies on the measured lattice.
        fractions = other.positions[:, :2] @ np.linalg.inv(np.array(layer.cell[:2, :2]))
        assert np.allclose(fractions, np.rint(fractions))
        assert sorted(other.numbers) == sorted([*layer.numbers, *layer.numbers])


def test_columns_of_one_species_are_not_doubled() -> None:
    # Sulphur lies over sulphur, molybdenum alone.
    assert doubled_cells(mx2("MoS2", vacuum=9)) == []


def test_columns_that_take_turns_are_found() -> None:
    """Two layers of rock salt, of which the picture gives half a cell."""
    settings = Energy(candidates=16, steps=60, free_steps=60)
    relaxed = relax_layer(_column(2.35, 2.35), load_potential(settings), settings, seed=1)
    best = relaxed.best
    assert best.name.startswith("doubled")
    assert best.stayed
    above = best.atoms.positions[:, 2] > best.atoms.positions[:, 2].mean()
    # One of each species above, and one of each below.
    assert sorted(best.atoms.symbols[above]) == sorted(best.atoms.symbols[~above]) == ["Ca", "O"]
    plain = min(
        start.held_energy
        for start in relaxed.starts
        if not start.failure and not start.name.startswith("doubled")
    )
    assert best.held_energy < plain - 2.0
