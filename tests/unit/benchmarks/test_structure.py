"""Structure metrics: invariant where they must be, and able to fail."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.benchmarks.structure import compare, score_rows, summarise
from micrographia.config import Benchmarks


def _crystal(seed: int, count: int = 5) -> Atoms:
    rng = np.random.default_rng(seed)
    cell = np.zeros((3, 3))
    cell[0, 0] = rng.uniform(4, 6)
    cell[1, :2] = rng.uniform(-2, 2), rng.uniform(5, 8)
    cell[2, 2] = 15
    positions = rng.random((count, 3)) @ cell
    return Atoms(rng.choice(["C", "Mo", "S"], count), positions=positions, cell=cell, pbc=True)


def _dress(layer: Atoms, seed: int) -> Atoms:
    """The same crystal: turned, mirrored, moved, in a supercell, atoms shuffled."""
    rng = np.random.default_rng(seed)
    other = layer.repeat((int(rng.integers(1, 3)), int(rng.integers(1, 3)), 1))
    other.translate(rng.uniform(-5, 5, 3))
    if rng.random() < 0.5:
        other.set_cell(other.cell * [-1, 1, 1])
        other.positions[:, 0] *= -1
    other.rotate(rng.uniform(0, 360), "z", rotate_cell=True)
    return other[rng.permutation(len(other))]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_same_crystal_in_any_dress_is_perfect(seed: int, dress: int) -> None:
    layer = _crystal(seed)
    result = compare(_dress(layer, dress), layer)
    assert result["composition_correct"] and result["ss_010"]
    assert result["rmsd_xy"] < 1e-6 and result["gamma_error"] < 1e-4
    assert result["rms_sites"] < 1e-5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.3), st.floats(0, 2 * np.pi))
def test_one_moved_atom_gives_the_analytic_distance(
    seed: int, length: float, angle: float
) -> None:
    layer = Atoms("WSeO", positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0, 3.6, 7]], pbc=True)
    layer.set_cell([[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 15]])
    moved = layer.copy()
    moved.positions[2, :2] += length * np.array([np.cos(angle), np.sin(angle)])
    # n atoms, one off by d; the best translation takes a share 1/n of it back.
    expected = length * np.sqrt(1 / 3 - 1 / 9)
    assert compare(moved, layer)["rms_sites"] == pytest.approx(expected, rel=1e-6)


def test_strain_is_counted_in_the_lattice_only() -> None:
    layer = _crystal(3)
    strained = layer.copy()
    strained.set_cell(layer.cell * 1.02, scale_atoms=True)
    result = compare(strained, layer)
    assert result["area_error"] == pytest.approx(1.02**2 - 1, rel=1e-6)
    assert result["rms_sites"] < 1e-6 and result["lattice_match"]
    far = layer.copy()
    far.set_cell(layer.cell * 1.08, scale_atoms=True)
    result = compare(far, layer)
    assert not result["lattice_match"] and result["rms_sites"] is None and not result["ss_047"]
    assert result["composition_correct"]


def test_other_species_fail() -> None:
    carbon, nitride = graphene(vacuum=5), graphene("BN", a=2.504, vacuum=5)
    result = compare(carbon, nitride)
    assert result["lattice_match"]
    assert not result["composition_correct"] and not result["ss_047"]


def test_other_sites_fail() -> None:
    hexagonal = mx2("MoS2", "2H", vacuum=5)
    octahedral = mx2("MoS2", "1T", vacuum=5)
    result = compare(octahedral, hexagonal)
    assert result["composition_correct"] and result["lattice_match"]
    assert result["rms_sites"] > 0.47 and not result["ss_047"]


def test_swapped_species_fail_though_the_composition_is_right() -> None:
    # Three species on one lattice: mirror images match, a swap of two different sites does not.
    layer = Atoms("WSeO", positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0, 3.6, 7]], pbc=True)
    layer.set_cell([[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 15]])
    swapped = layer.copy()
    swapped.symbols[:] = ["O", "Se", "W"]
    result = compare(swapped, layer)
    assert result["composition_correct"] and not result["ss_047"]


def _tables() -> tuple[list[dict], list[dict], list[dict]]:
    from micrographia.io.structures import to_cif

    cif = to_cif(mx2("MoS2", vacuum=8))
    structures = [{"structure_id": "m", "formula": "MoS2", "cif": cif}]
    images = [
        {"image_id": name, "structure_id": "m", "tier": tier, "dose": 3e4}
        for name, tier in (("good", 1), ("failed", 2), ("lost", 2), ("broken", 2))
    ]
    answer = {"method": "test", "confidence": 0.9, "seconds": 1.0, "failure": None}
    answers = [
        {"image_id": "good", "cif": cif, **answer},
        {"image_id": "failed", "cif": None, **answer, "failure": "no lattice"},
        {"image_id": "broken", "cif": "not a CIF", **answer},
    ]
    return images, structures, answers


def test_failures_are_rows_and_count_against_the_shares() -> None:
    import pandas as pd

    rows = score_rows(*_tables())
    assert [row["failure"] is None for row in rows] == [True, False, False, False]
    assert "missing" in rows[2]["failure"]
    figures = {
        (entry["metric"], entry["group"]): entry
        for entry in summarise(pd.DataFrame(rows), Benchmarks(), 0, "test")
    }
    assert figures["S.S.@0.47", "all"]["value"] == 0.25
    assert figures["S.S.@0.47", "all"]["n_failed"] == 3
    assert figures["S.S.@0.47", "tier 2"]["value"] == 0.0
    assert figures["RMSD_xy median [Å]", "all"]["value"] < 1e-3
    assert figures["RMSD_xy median [Å]", "tier 2"]["value"] is None
