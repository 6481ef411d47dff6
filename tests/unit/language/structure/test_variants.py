"""Made-up crystals and settings of the cell: what changes, what stays, and that texts agree."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import mx2
from ase.data import atomic_numbers
from tests.unit.language.structure.test_canonical import layer, oblique

from micrographia.config import PictureDials, StructureText, Variants
from micrographia.language.structure.canonical import write
from micrographia.language.structure.pictures import Plane, View, draw_picture
from micrographia.language.structure.samples import Series, formula_of, show
from micrographia.language.structure.seen.repeats import autocorrelation, find_repeats, flatten
from micrographia.language.structure.tokens import LONGEST, PAD, PROMPT, decode
from micrographia.language.structure.variants import Crystal, make_up, set_at_random, similar
from micrographia.physics.lattice import minimum_image
from micrographia.physics.matching import Projection, site_distance

STILL = PictureDials(blur=0, noise=0, drift=0)


def molybdenite() -> Crystal:
    return Crystal.of(layer(mx2("MoS2", "2H", a=3.18, thickness=3.16)))


def correlation(plane: Plane) -> np.ndarray:
    """Autocorrelation of a picture, which does not know where the cell begins."""
    picture = draw_picture(plane, View(), np.random.default_rng(0))
    return autocorrelation(flatten(picture))


def projection(atoms: Atoms) -> Projection:
    return Projection(np.array(atoms.cell[:2, :2]), atoms.positions[:, :2], atoms.numbers)


def test_similar_elements_are_those_of_a_chemist() -> None:
    names = {
        "S": {"O", "Se", "Te"}, "Mo": {"Cr", "W", "Nb", "Tc"}, "Cl": {"F", "Br", "I"},
        "Ga": {"B", "Al", "In", "Tl"}, "Zn": {"Cd", "Hg", "Cu"}, "H": set(), "Ar": set(),
    }  # fmt: skip
    for name, wanted in names.items():
        assert set(similar(atomic_numbers[name])) == {atomic_numbers[one] for one in wanted}
    assert {57, 71, 72, 39} <= set(similar(60)) and 60 in similar(39)


def test_nothing_to_change_changes_nothing() -> None:
    still = Variants(share=1, substitution=0, scale=0, strain=0)
    crystal = make_up(molybdenite(), still, np.random.default_rng(1))
    assert crystal.written() == molybdenite().written()


def test_made_up_crystals_keep_amounts_and_size() -> None:
    generator = np.random.default_rng(2)
    settings = Variants(substitution=1.0, scale=0.05, strain=0.0)
    seen = set()
    for _ in range(40):
        crystal = make_up(molybdenite(), settings, generator)
        formula = formula_of(crystal.written())
        assert sorted(formula.values()) == [1, 2]
        seen |= set(formula)
        a, b = np.linalg.norm(crystal.cell, axis=1)
        # From CrO2 to WTe2, by covalent radii 1.39 + 2 · 0.66 and 1.62 + 2 · 1.38 over 3.64 Å.
        assert abs(a - b) < 1e-9 and 0.95 * 0.744 < a / 3.18 < 1.05 * 1.204
    assert {atomic_numbers[name] for name in ("W", "Nb", "Se", "Te", "O")} <= seen
    assert not seen & {42, 16}


def test_every_setting_is_the_same_crystal() -> None:
    generator = np.random.default_rng(4)
    for atoms in (layer(oblique()), layer(mx2("MoSSe", "2H", a=3.2, thickness=3.2))):
        crystal = Crystal.of(atoms)
        texts = {set_at_random(crystal, generator).written() for _ in range(30)}
        for text in texts:
            distance = site_distance(projection(text.atoms()), projection(atoms))
            assert distance is not None and distance < 0.03


def test_text_and_picture_of_a_setting_show_the_same() -> None:
    """The crystal that the text says gives the picture that was drawn."""
    generator = np.random.default_rng(6)
    strained = Variants(substitution=0.5, scale=0.05, strain=0.1)
    for number in range(24):
        crystal = Crystal.of(layer(oblique())) if number % 2 else molybdenite()
        crystal = set_at_random(make_up(crystal, strained, generator), generator)
        atoms = crystal.written().atoms()
        fractions = atoms.positions[:, :2] @ np.linalg.inv(atoms.cell[:2, :2])
        said = correlation(Plane(np.array(atoms.cell[:2, :2]), fractions, atoms.numbers))
        shown = correlation(crystal.plane())
        assert np.corrcoef(said.ravel(), shown.ravel())[0, 1] > 0.98


def test_a_sample_is_a_function_of_its_number() -> None:
    crystals = [molybdenite(), Crystal.of(layer(oblique()))]
    series = Series(crystals, [], StructureText(), seed=9)
    first, again, other = series.sample(3), series.sample(3), series.sample(4)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert not np.array_equal(first["image"], other["image"])
    assert first["image"].shape == (1, 48, 293) and first["text"].shape == (LONGEST,)
    answer = first["text"][PROMPT:]
    assert len(decode(answer.tolist()).sites) in (3, 4)
    assert (answer == PAD).any()


def test_a_batch_shows_crystals_of_one_size_and_the_series_all() -> None:
    crystals = [molybdenite(), Crystal.of(layer(oblique()))]
    series = Series(crystals, [], StructureText(), seed=9)
    size = StructureText().loop.batch
    counts = [
        {len(decode(series.sample(k)["text"][PROMPT:].tolist()).sites)
         for k in range(size * batch, size * batch + 3)}
        for batch in range(8)
    ]  # fmt: skip
    assert all(len(found) == 1 for found in counts) and set().union(*counts) == {3, 4}


def test_a_share_of_the_samples_shows_known_crystals() -> None:
    """Made-up crystals switched off: molybdenite is known, what has four atoms is invented."""
    settings = StructureText(variants=Variants(share=0, known=0.25))
    series = Series([molybdenite()], [Crystal.of(layer(oblique()))] * 3, settings, seed=9)
    counts = [len(decode(series.sample(k)["text"][PROMPT:].tolist()).sites) for k in range(320)]
    # The groups are by size: of those that hold no known crystal all are invented.
    assert set(counts) == {3, 4} and 0.02 < np.mean(np.array(counts) == 3) < 0.5


def test_the_text_of_a_sample_begins_where_the_sheet_begins() -> None:
    """Two equal atoms in a cell without any symmetry between them: either may be the origin."""
    cell = np.array([[4.1, 0.0], [-0.6, 6.3]])
    crystal = Crystal(
        cell, np.array([[0.1, 0.2], [0.45, 0.61], [0.8, 0.3]]), np.array([0.0, 1.0, 2.0]),
        np.array([50, 50, 16]),
    )  # fmt: skip
    begun = set()
    for seed in range(12):
        shown = show(crystal, STILL, np.random.default_rng(seed))
        found = find_repeats(shown.picture)
        text = shown.truth_from(found.origin)
        begun.add(text.sites)
        for _, x, y, _ in text.sites:
            gaps = minimum_image(found.columns[:, :2] - np.array([x, y]) / 100)
            assert found.cell is not None
            assert np.hypot(*(gaps @ found.cell).T).min() < 0.1
    assert len(begun) > 1  # which of the two columns is brighter is a matter of pixels


def test_what_is_shown_without_variants_is_the_crystal_itself() -> None:
    wanted = layer(oblique())
    shown = show(Crystal.of(wanted), STILL, np.random.default_rng(8))
    assert formula_of(shown.truth) == formula_of(write(wanted))
    distance = site_distance(projection(shown.truth.atoms()), projection(wanted))
    assert distance is not None and distance < 0.03
