"""The crystals of the slow engines: named ones, and a sample that hardly moves."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.config import Stem
from micrographia.io.structures import to_cif
from micrographia.stem.sample import LARGEST_CELL, slow_sample


def _rows(count=12):
    layers = [mx2("MoS2", a=3.1 + 0.02 * k, vacuum=8) for k in range(count)]
    return [{"structure_id": f"m{k}", "cif": to_cif(layer)} for k, layer in enumerate(layers)]


def _names(rows, seed=1, **settings):
    return [row["structure_id"] for row in slow_sample(rows, Stem(**settings), seed)]


def test_named_crystals_and_a_sample_of_the_others():
    rows = _rows()
    chosen = _names(rows, multislice=["m3"], multislice_sample=4)
    assert len(chosen) == 5 and "m3" in chosen
    assert chosen == [row["structure_id"] for row in rows if row["structure_id"] in chosen]
    assert _names(rows, multislice=["m3"], multislice_sample=0) == ["m3"]
    assert len(_names(rows, multislice=[], multislice_sample=99)) == 12


def test_the_sample_follows_the_seed_and_not_the_order():
    rows = _rows()
    chosen = set(_names(rows, multislice=[], multislice_sample=5))
    assert set(_names(rows[::-1], multislice=[], multislice_sample=5)) == chosen
    assert set(_names(rows, seed=2, multislice=[], multislice_sample=5)) != chosen


def test_a_crystal_more_changes_the_sample_by_one_at_most():
    rows = _rows()
    before = set(_names(rows[1:], multislice=[], multislice_sample=5))
    after = set(_names(rows, multislice=[], multislice_sample=5))
    assert len(before - after) <= 1


def test_what_abtem_cannot_image_in_time_is_not_drawn():
    large = graphene(vacuum=8).repeat((5, 5, 1))
    angle = np.deg2rad(77.3)
    cell = [[4, 0, 0], [5 * np.cos(angle), 5 * np.sin(angle), 0], [0, 0, 20]]
    sites = [[0, 0, 0.5], [0.4, 0.3, 0.5]]
    oblique = Atoms("WSe", scaled_positions=sites, cell=cell, pbc=True)
    assert 2 * np.linalg.det(large.cell[:2, :2]) > LARGEST_CELL
    rows = [
        {"structure_id": name, "cif": to_cif(layer)}
        for name, layer in (("large", large), ("oblique", oblique))
    ]
    assert _names(rows, multislice=[], multislice_sample=2) == []
    assert _names(rows, multislice=["large"], multislice_sample=2) == ["large"]
