"""Cases whose outcome is known: the same crystal in another dress, and crystals that are not."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.benchmarks.structure.stem2crystal.matching import in_plane, match, space_group


def _mos2() -> Atoms:
    return mx2("MoS2", kind="2H", a=3.18, thickness=3.19, vacuum=9.0)


def _scaled(atoms: Atoms, factor: float) -> Atoms:
    other = atoms.copy()
    other.set_cell(other.cell[:] * factor, scale_atoms=True)
    return other


def _chiral() -> Atoms:
    """A layer that no turn brings onto its mirror image."""
    cell = [[4.0, 0, 0], [1.1, 5.0, 0], [0, 0, 20]]
    places = [[0, 0, 10.0], [1.3, 0.4, 10.9], [0.5, 2.4, 9.4], [2.9, 3.1, 10.2]]
    return Atoms("MoSSeTe", positions=places, cell=cell, pbc=True)


def test_the_same_crystal_is_perfect() -> None:
    found = match(_mos2(), _mos2())
    assert (found.hit, found.absolute) == (True, True)
    assert found.rms == pytest.approx(0, abs=1e-6) and found.rmsd == pytest.approx(0, abs=1e-6)
    assert space_group(_mos2()) == 187  # P-6m2


def test_permuted_axes_match() -> None:
    layer = _mos2()
    order = [2, 0, 1]
    other = Atoms(
        layer.numbers, cell=np.array(layer.cell[:])[order][:, order],
        positions=layer.positions[:, order], pbc=True,
    )  # fmt: skip
    found = match(other, layer)
    assert found.hit and found.absolute and found.rms == pytest.approx(0, abs=1e-6)
    assert space_group(other) == 187
    assert in_plane(other) == pytest.approx(in_plane(layer))


def test_a_supercell_matches_and_keeps_its_space_group() -> None:
    other = _mos2().repeat((2, 1, 1))
    found = match(other, _mos2())
    assert found.hit and found.absolute and found.rms == pytest.approx(0, abs=1e-5)
    assert space_group(other) == 187


def test_a_mirror_image_matches() -> None:
    layer = _chiral()
    other = layer.copy()
    other.set_cell(other.cell[:] * [-1, 1, 1])
    other.positions[:, 0] *= -1
    found = match(other, layer)
    assert found.hit and found.rms == pytest.approx(0, abs=1e-5)


def test_another_species_never_matches() -> None:
    other = _mos2()
    other.numbers[other.numbers == 16] = 34
    found = match(other, _mos2())
    assert found == type(found)(False, False, None, None)
    assert space_group(other) == 187


def test_a_crystal_too_large_by_a_twentieth_has_the_same_shape() -> None:
    found = match(_scaled(_mos2(), 1.05), _mos2())
    assert found.hit and found.rms == pytest.approx(0, abs=1e-6)
    # Without rescaling fractional positions still agree, and 5 % is within the tolerance of 30 %.
    assert found.absolute
    far = match(_scaled(_mos2(), 1.6), _mos2())
    assert far.hit and not far.absolute and far.rmsd is None


def test_rmsd_is_that_of_one_atom_moved_along_the_plane() -> None:
    """One of three atoms moved by d: the best shift leaves d·√(2)/3 root mean square."""
    layer = _mos2()
    moved = layer.copy()
    moved.positions[0, 0] += 0.3
    found = match(moved, layer)
    assert found.rmsd == pytest.approx(0.3 * np.sqrt(2) / 3, rel=1e-3)
    assert found.rms == pytest.approx(found.rmsd / (layer.cell.volume / 3) ** (1 / 3), rel=1e-3)


def test_the_plane_is_found_whatever_the_vectors() -> None:
    sheet = graphene(vacuum=10.0)
    assert in_plane(sheet) == pytest.approx((2.46, 2.46, 120.0))
    skew = graphene(vacuum=10.0)
    skew.set_cell(np.array([[1, 2, 0], [0, 1, 0], [0, 0, 1]]) @ skew.cell[:])
    assert in_plane(skew) == pytest.approx((2.46, 2.46, 120.0))
    assert space_group(sheet) == 191


def test_the_vacuum_makes_the_tolerance_of_sites_wide() -> None:
    """0.5·(V/N)^(1/3) is 1.98 Å here: what tells heights apart is the space group."""
    flat = _mos2()
    flat.positions[:, 2] = flat.positions[0, 2]
    found = match(flat, _mos2())
    assert found.hit and found.rms == pytest.approx(1.595 * np.sqrt(2 / 3) / 3.955, rel=1e-3)
    assert space_group(flat) != 187
