"""Reference crystals of the elements, and formation energies."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.data import atomic_numbers, covalent_radii

from micrographia.config import Energy
from micrographia.energy.calculators import Potential, load_potential
from micrographia.energy.formation import formation_energy
from micrographia.energy.references import (
    ELEMENTS,
    read_references,
    reference_crystal,
    relax_elements,
    write_references,
)
from micrographia.errors import EnergyError


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential(Energy(calculator="emt"))


@pytest.mark.parametrize("element", ELEMENTS)
def test_atoms_of_an_element_are_a_bond_apart(element: str) -> None:
    crystal = reference_crystal(element)
    assert set(crystal.get_chemical_symbols()) == {element}
    if len(crystal) < 4:
        crystal = crystal.repeat((2, 2, 2))
    distances = crystal.get_all_distances(mic=True)
    nearest = distances[~np.eye(len(crystal), dtype=bool)].min()
    bond = 2 * covalent_radii[atomic_numbers[element]]
    assert 0.75 * bond < nearest < 1.4 * bond


@pytest.mark.parametrize(
    ("element", "count"), [("S", 32), ("Mn", 29), ("B", 12), ("Se", 3), ("P", 4), ("C", 4)]
)
def test_primitive_cells_are_complete(element: str, count: int) -> None:
    assert len(reference_crystal(element)) == count


def test_an_element_without_reference_is_named() -> None:
    with pytest.raises(EnergyError, match="no reference crystal of Og"):
        reference_crystal("Og")


def test_references_are_relaxed_written_and_read(emt: Potential, tmp_path: Path) -> None:
    found = relax_elements(["Cu", "Au", "Mo"], emt)
    assert set(found["elements"]) == {"Cu", "Au"}
    assert "does not know Mo" in found["failures"]["Mo"]
    path = tmp_path / "references.json"
    write_references(path, found)
    energies = read_references(path, emt)
    assert energies["Cu"] == pytest.approx(-0.0070, abs=1e-3)  # EMT's zero is fcc copper
    # An element of itself costs nothing to form.
    assert formation_energy(bulk("Cu"), energies["Cu"], energies) == 0
    assert formation_energy(bulk("Mo"), 0.0, energies) is None


def test_references_of_another_calculator_are_refused(emt: Potential, tmp_path: Path) -> None:
    path = tmp_path / "references.json"
    write_references(path, {"calculator": "chgnet 0", "elements": {}, "failures": {}})
    with pytest.raises(EnergyError, match=r"another calculator; saw 'chgnet 0'"):
        read_references(path, emt)
    path.write_text("{}")
    with pytest.raises(EnergyError, match="does not contain reference energies"):
        read_references(path, emt)
    with pytest.raises(EnergyError, match="does not contain reference energies"):
        read_references(tmp_path / "absent.json", emt)
