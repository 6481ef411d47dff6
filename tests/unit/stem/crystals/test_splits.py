"""Train, validation and test: no leakage, right shares, every kind in train, deterministic."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell, mx2
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.config import Splits, StructureFilter, validate
from micrographia.errors import ConfigError
from micrographia.stem.crystals.prototypes import read_prototypes
from micrographia.stem.crystals.splits import assign_splits, clusters, fingerprint
from micrographia.stem.crystals.structures import curate, standardise

TABLE = Path(__file__).parents[4] / "src/micrographia/stem/crystals/prototypes.csv"
METALS = ("Ti", "Zr", "Hf", "V", "Nb", "Ta", "Mo", "W", "Sn", "Pt", "Ni", "Pd", "Fe", "Co")


def many() -> tuple[list[Atoms], list[str]]:
    """Both polymorphs of dichalcogenides, oxides and halides; some formulas more than once."""
    layers, formulas = [], []
    for metal in METALS:
        for end, a in (("S", 3.2), ("Se", 3.3), ("Te", 3.6), ("O", 2.9), ("Cl", 3.5), ("I", 4.0)):
            for kind in ("2H", "1T") if end in "STe" else ("1T",):
                layers.append(mx2(f"{metal}{end}2", kind=kind, a=a, thickness=a - 0.2, vacuum=9))
                formulas.append(f"{metal}{end}2")
    return layers, formulas


def test_no_formula_is_on_two_sides_and_shares_hold():
    layers, formulas = many()
    sides = assign_splits(layers, formulas, Splits(), seed=3)
    found = defaultdict(set)
    for formula, side in zip(formulas, sides, strict=True):
        found[formula].add(side)
    assert max(len(where) for where in found.values()) == 1
    assert len(formulas) > len(found)
    for side, share in Splits().shares().items():
        assert sides.count(side) / len(sides) == pytest.approx(share, abs=0.03)


@given(
    st.lists(st.integers(1, 6), min_size=12, max_size=60),
    st.integers(0, 9),
    st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.7, 0.3, 0.0), (1.0, 0.0, 0.0)]),
)
@settings(deadline=None, max_examples=20)
def test_shares_hold_within_the_largest_formula(sizes, seed, shares):
    chosen = Splits(train=shares[0], validation=shares[1], test=shares[2], clusters=3)
    layers, formulas = [], []
    for number, size in enumerate(sizes):
        for _ in range(size):
            metal = METALS[number % len(METALS)]
            layers.append(mx2(f"{metal}S2", a=2.5 + 0.02 * number, thickness=3, vacuum=9))
            formulas.append(str(number))
    sides = Counter(assign_splits(layers, formulas, chosen, seed))
    # Each of three clusters gives its first formula to train, whatever is lacking.
    slack = 4 * max(sizes)
    for side, share in chosen.shares().items():
        assert abs(sides[side] - share * len(layers)) <= slack
        assert share > 0 or sides[side] == 0 or side == "train"


def test_every_kind_is_in_train_and_the_seed_decides():
    layers, formulas = many()
    groups = sorted(set(formulas))
    means = np.array(
        [
            np.mean([fingerprint(a) for a, f in zip(layers, formulas, strict=True) if f == g], 0)
            for g in groups
        ]
    )
    labels = clusters(means, 8, seed=5)
    assert len(set(labels.tolist())) == 8
    sides = assign_splits(layers, formulas, Splits(), seed=5)
    side_of = dict(zip(formulas, sides, strict=True))
    for label in set(labels.tolist()):
        assert "train" in {side_of[groups[place]] for place in np.flatnonzero(labels == label)}
    assert sides == assign_splits(layers, formulas, Splits(), seed=5)
    assert sides != assign_splits(layers, formulas, Splits(), seed=6)


def test_kinds_differ_in_structure_or_composition():
    layers, formulas = many()
    labels = clusters(np.array([fingerprint(layer) for layer in layers]), 8, seed=0)
    oxides = {n for n, f in zip(labels.tolist(), formulas, strict=True) if f.endswith("O2")}
    tellurides = {n for n, f in zip(labels.tolist(), formulas, strict=True) if f.endswith("Te2")}
    assert not oxides & tellurides


@given(st.integers(1, 3), st.integers(0, 2), st.floats(0, 360), st.integers(0, 99))
@settings(deadline=None, max_examples=15)
def test_a_fingerprint_does_not_depend_on_the_choice_of_cell(n, shear, angle, seed):
    layer = standardise(mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=10))
    other = layer.copy()
    other.pbc = True
    other = make_supercell(other, [[n, shear, 0], [0, 1, 0], [0, 0, 1]])
    other = other[np.random.default_rng(seed).permutation(len(other))]
    other.rotate(angle, "z", rotate_cell=True)
    assert fingerprint(other) == pytest.approx(fingerprint(layer), abs=1e-7)


def test_the_radial_histograms_count_neighbours():
    layer = standardise(mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=10))
    space = fingerprint(layer)[16:40]
    centres = np.arange(0.125, 6, 0.25)
    counts = space * 2 * np.pi * centres * 0.25
    # 2 × 6 bonds of 2.41 Å per three atoms; the next distance is the chalcogens' 3.13 Å.
    assert counts[centres < 2.75].sum() == pytest.approx(4.0, rel=0.1)


def test_embedded_crystals_are_divided_and_rejected_ones_are_not():
    rows = curate(read_prototypes(TABLE), StructureFilter(max_elements=2), splits=Splits())
    sides = {row["split"] for row in rows if row["status"] == "kept"}
    assert sides == {"train", "validation", "test"}
    assert {row["split"] for row in rows if row["status"] == "rejected"} == {None}
    whole = curate(read_prototypes(TABLE), StructureFilter(), splits=Splits(enabled=False))
    assert {row["split"] for row in whole} == {"all"}


def test_one_crystal_or_none_can_be_divided():
    assert assign_splits([], [], Splits(), 0) == []
    layer = mx2("MoS2", vacuum=9)
    assert assign_splits([layer], ["MoS2"], Splits(), 0) == ["train"]
    assert assign_splits([layer] * 3, ["a", "b", "c"], Splits(), 0)[0] in Splits().shares()


def test_shares_that_make_no_whole_are_refused():
    with pytest.raises(ConfigError, match="allowed: 1"):
        validate({"train": 0.8, "validation": 0.3}, Splits)
