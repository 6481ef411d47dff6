"""Plane groups of known layers, and the signs that heights can add to them."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.physics.plane_symmetry import (
    PlaneGroup,
    find_plane_group,
    find_sites,
    sign_patterns,
    site_orbits,
)


def _group(layer: Atoms) -> PlaneGroup:
    return find_plane_group(np.array(layer.cell[:2, :2]), find_sites(layer))


def _square() -> Atoms:
    return Atoms("Cu", cell=[2.6, 2.6, 20], pbc=True)


@pytest.mark.parametrize(
    ("layer", "order"),
    [
        (graphene(vacuum=8), 12),  # p6mm
        (graphene("BN", vacuum=8), 6),  # p3m1
        (mx2("MoS2", vacuum=8), 6),  # p3m1, the two S are one site
        (mx2("TiS2", "1T", vacuum=8), 12),  # p6mm in projection
        (_square(), 8),  # p4mm
        (_square().repeat((2, 1, 1)), 8),  # p2mm with its centring translation
    ],
    ids=["graphene", "h-BN", "1H", "1T", "square", "doubled"],
)
def test_orders_of_known_groups(layer: Atoms, order: int) -> None:
    assert len(_group(layer)) == order


def test_atoms_of_one_column_and_species_are_one_site() -> None:
    sites = find_sites(mx2("MoS2", vacuum=8))
    assert sites.numbers.tolist() == [42, 16]
    assert sites.site_of.tolist() == [0, 1, 1]


def test_a_janus_column_holds_two_sites() -> None:
    layer = mx2("MoS2", vacuum=8)
    layer.symbols[2] = "Se"
    assert len(find_sites(layer).numbers) == 3


@pytest.mark.parametrize("layer", [graphene(vacuum=8), _square().repeat((2, 2, 1))])
def test_signs_multiply_as_the_operations_do(layer: Atoms) -> None:
    group = _group(layer)
    count = 0
    for members, signs in sign_patterns(group):
        sign = dict(zip(members.tolist(), signs.tolist(), strict=True))
        for a in sign:
            for b in sign:
                assert sign[int(group.table[a, b])] == sign[a] * sign[b]
        count += 1
    assert count >= 4


def test_a_distorted_layer_has_less_symmetry() -> None:
    layer = graphene(vacuum=8)
    layer.positions[1, 0] += 0.5
    assert len(_group(layer)) < 12


def test_buckling_of_graphene_is_one_orbit_with_two_signs() -> None:
    group = _group(graphene(vacuum=8))
    whole = [item for item in sign_patterns(group) if len(item[0]) == len(group)]
    orbits = [orbit.tolist() for item in whole for orbit in site_orbits(group, *item)]
    # The same height for both, or opposite heights; no sign that reverses a site's own.
    assert [1, 1] in orbits
    assert [1, -1] in orbits


def test_a_site_that_an_operation_keeps_and_turns_over_stays_in_the_middle() -> None:
    group = _group(mx2("TiS2", "1T", vacuum=8))
    for members, signs in sign_patterns(group):
        if len(members) < len(group):
            continue
        for orbit in site_orbits(group, members, signs):
            for member, sign in zip(members, signs, strict=True):
                assert (orbit[group.images[member]] == sign * orbit).all()
