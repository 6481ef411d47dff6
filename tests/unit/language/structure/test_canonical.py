"""Crystals as canonical text: known crystals, every way to describe one, faulty texts."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, make_supercell, mx2

from micrographia.errors import StructureError
from micrographia.io.structures import orient_layer
from micrographia.language.structure.canonical import read, same_shape, write

MOS2 = """3.18 3.18 120.0
Mo1 S2
Mo .00 .00 1.6
S .33 .67 0.0
S .33 .67 3.2
"""


def layer(atoms: Atoms) -> Atoms:
    """The layer with its vacuum, c along z."""
    atoms.center(vacuum=8.0, axis=2)
    return orient_layer(atoms)


def oblique() -> Atoms:
    """A crystal without any symmetry, in three species."""
    cell = [[4.1, 0, 0], [-1.3, 5.2, 0], [0, 0, 20]]
    fractions = [[0.1, 0.2, 0.5], [0.43, 0.77, 0.55], [0.81, 0.36, 0.47], [0.62, 0.05, 0.52]]
    return Atoms("WSeSC", scaled_positions=fractions, cell=cell, pbc=(True, True, False))


def test_molybdenite_reads_as_its_textbook_cell() -> None:
    assert write(layer(mx2("MoS2", "2H", a=3.18, thickness=3.16))).text() == MOS2


def test_graphene_in_two_lines_of_carbon() -> None:
    text = write(layer(graphene(a=2.46))).text()
    assert text == "2.46 2.46 120.0\nC2\nC .00 .00 0.0\nC .33 .67 0.0\n"


@pytest.mark.parametrize("crystal", [mx2("MoS2", "2H", a=3.18, thickness=3.16), oblique()])
def test_one_text_however_the_crystal_is_described(crystal: Atoms) -> None:
    wanted = write(layer(crystal.copy()))
    generator = np.random.default_rng(3)
    for change in ([[1, 0], [0, 1]], [[1, 1], [0, 1]], [[-1, 0], [2, -1]], [[0, -1], [1, 1]]):
        whole = np.eye(3, dtype=int)
        whole[:2, :2] = change
        other = make_supercell(layer(crystal.copy()), whole)
        other.positions[:, :2] += generator.uniform(-3, 3, 2)
        other = other[generator.permutation(len(other)).tolist()]
        other.rotate(float(generator.uniform(0, 360)), "z", rotate_cell=True)
        other.wrap()
        assert write(other) == wanted


def test_turned_over_is_the_same_crystal_and_mirrored_is_another() -> None:
    crystal = layer(oblique())
    over, mirrored = crystal.copy(), crystal.copy()
    over.positions[:, 1:] *= -1
    over.set_cell(np.array(crystal.cell[:]) * [1, -1, 1])
    mirrored.positions[:, 2] *= -1
    assert write(over) == write(crystal)
    assert write(mirrored) != write(crystal)


def test_a_text_is_read_and_written_without_loss() -> None:
    assert read(MOS2).text() == MOS2
    assert write(read(MOS2).atoms()) == read(MOS2)
    wanted = write(layer(oblique()))
    assert read(wanted.text()) == wanted and write(wanted.atoms()) == wanted


def test_thirds_keep_the_threefold_axis() -> None:
    sulphur = read(MOS2).atoms()[1]
    cell = np.array(read(MOS2).atoms().cell[:2, :2])
    np.testing.assert_allclose(sulphur.position[:2] @ np.linalg.inv(cell), [1 / 3, 2 / 3])


def test_rounding_moves_no_atom_by_more_than_the_digits_say() -> None:
    crystal = layer(oblique())
    found = write(crystal).atoms()
    distances = crystal.get_all_distances(mic=True)
    pairs = {(str(a.symbol), str(b.symbol)) for a in crystal for b in crystal if a.index < b.index}
    for one, other in pairs:
        far, near = (
            sorted(d[i, j] for i, a in enumerate(atoms) for j, b in enumerate(atoms)
                   if i < j and {a.symbol, b.symbol} == {one, other})
            for atoms, d in ((crystal, distances), (found, found.get_all_distances(mic=True)))
        )  # fmt: skip
        np.testing.assert_allclose(far, near, atol=0.09)


def test_the_symmetries_of_plane_lattices_are_those_of_their_groups() -> None:
    """Orders of the point groups 6mm, 4mm, 2mm, 2mm of a rhombus, and 2."""
    cells = {
        12: (3.0, 3.0, 120.0), 8: (3.0, 3.0, 90.0), 4: (3.0, 4.0, 90.0), 2: (3.0, 4.0, 100.0),
    }  # fmt: skip
    for order, (a, b, gamma) in cells.items():
        angle = np.radians(gamma)
        plane = np.array([[a, 0], [b * np.cos(angle), b * np.sin(angle)]])
        signs = [sign for _, sign in same_shape(plane)]
        assert len(signs) == order and sum(signs) == (0 if order > 2 else 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "no crystal as text"),
        (MOS2.replace("120.0", "120"), "Line 1"),
        (MOS2.replace("Mo1 S2", "Mo1 Xx2"), "Line 2"),
        (MOS2.replace("S .33 .67 0.0", "S 0.33 .67 0.0"), "Line 4"),
        (MOS2.replace("S .33 .67 0.0", "Se .33 .67 0.0"), "names an element"),
        (MOS2.replace("S2", "S3"), "not as many atoms"),
    ],
)
def test_a_faulty_text_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(StructureError, match=why):
        read(text)


@pytest.mark.parametrize(
    ("atoms", "why"),
    [
        (Atoms("C", cell=[41, 41, 20], pbc=True), "vector is too long"),
        (Atoms("C2", [[0, 0, 0], [0, 0, 25]], cell=[3, 3, 45], pbc=True), "too much height"),
        (Atoms("C", cell=[[3, 0, 0], [0, 3, 0], [1, 0, 20]], pbc=True), "c is not along z"),
    ],
)
def test_what_the_digits_cannot_hold_is_refused(atoms: Atoms, why: str) -> None:
    with pytest.raises(StructureError, match=why):
        write(atoms)
