"""What a text claims, and which claims facts support."""

from __future__ import annotations

from typing import Any

import pytest

from micrographia.errors import MicrographiaError
from micrographia.io.facts.claims import claims_in, near, refuses, says
from micrographia.io.facts.materials import materials_in
from micrographia.io.facts.phrases import PHRASES, phrase_of
from micrographia.io.facts.slots import fill, known, places, written
from micrographia.io.facts.terms import terms_in
from micrographia.io.facts.vocabulary import CATEGORIES, FACT_KINDS, NUMBERS
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY


def number(name: str, value: float, unit: str | None = None) -> dict[str, Any]:
    return {"name": name, "number": value, "unit": unit, "words": None, "failure": None}


def word(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "number": None, "unit": None, "words": value, "failure": None}


FACTS = known(
    [
        number("median_diameter", 300.0, "nm"),
        number("smallest_diameter", 100.0, "nm"),
        number("largest_diameter", 500.0, "nm"),
        number("particle_count", 52.0),
        number("area_fraction", 0.25),
        number("aspect_ratio", 1.3),
        number("number_density", 12.0, "1/µm²"),
        word("morphology", "spherical"),
        word("class_name", "particles"),
        word("material", "Au@SiO2 core-shell"),
        word("microscopy_type", "SEM"),
    ]
)


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("0.3 µm", True), ("300 nm", True), ("0.32 µm", True), ("0.34 µm", False),
        ("270 nm to 0.33 µm", True),  # both ends are right within 10 %
        ("between 100 and 500 nm", True),  # two facts
        ("250 to 350 nm", True),  # holds the median, and is narrow
        ("10 to 900 nm", False),  # holds every fact, and says nothing
        ("less than 1 µm", True), ("less than 50 nm", False),
        ("fifty-two", True), ("52", True), ("60", False), ("dozens", True), ("hundreds", False),
        ("25 %", True), ("a quarter of it", True), ("half of it", False),
        ("12 per µm²", True), ("12 per nm²", False), ("52 px", False), ("52 kV", False),
        ("1.3 times", True), ("300", False),  # a length has a unit
    ],
)  # fmt: skip
def test_numbers_are_right_within_a_tenth(text: str, supported: bool) -> None:
    (claim,) = claims_in(text, FACTS)
    assert (claim.kind, claim.supported) == ("number", supported)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Spherical particles", [("Spherical", True)]),
        ("round beads", [("round", True)]),
        ("They are rod-like.", [("rod-like", False)]),
        ("They are not rod-like.", []),
        ("neither rods nor fibres", []),
        ("a scanning electron microscope", [("scanning electron", True)]),
        ("a scanning transmission electron microscope",
         [("scanning transmission electron", False)]),
        ("gold", [("gold", True)]), ("silica", [("silica", True)]), ("SiO2", [("SiO2", True)]),
        ("titanium dioxide", [("titanium", False)]), ("TiO2", [("TiO2", False)]),
        ("no silver", []), ("Whether it is gold or silver cannot be told.", []),
        ("a moderate number of particles", [("moderate number of particles", True)]),
        ("no particles", [("no particles", False)]),
    ],
)  # fmt: skip
def test_terms_and_materials_need_a_fact(text: str, found: list[tuple[str, bool]]) -> None:
    assert [(one.text, one.supported) for one in claims_in(text, FACTS)] == found


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("The composition cannot be told from this picture.", True),
        ("It is not possible to determine the material.", True),
        ("The pixel size is not known.", True),
        ("I can't say.", True),
        ("The picture does not show heights.", True),
        ("There are 52 particles.", False),
        ("It can be told: they are round.", False),
    ],
)
def test_refusals_are_heard(text: str, refused: bool) -> None:
    assert refuses(text) is refused


def test_what_the_author_says_is_quoted_whole() -> None:
    stated = known([word("material", "3-layer porous Z-DAAO@BioHOF-1")])
    text = "According to its author, it is 3-layer porous Z-DAAO@BioHOF-1, of 3 layers."
    found = [(one.text, one.supported) for one in claims_in(text, stated)]
    assert found == [("3-layer porous Z-DAAO@BioHOF-1", True), ("3", False)]
    assert not any(one.supported for one in claims_in(text, {}))


def test_every_fact_has_a_form_and_says_itself() -> None:
    assert set(NUMBERS) | set(CATEGORIES) == set(FACT_KINDS)
    for name in NUMBERS:
        kind = FACT_KINDS[name]
        unit = "1/µm²" if kind.quantity == "density" else kind.units[0] if kind.units else None
        for value in (0.0123, 0.5, 3.0, 47.0, 1234.0):
            fact = number(name, round(value) if kind.quantity == "count" else value, unit)
            if kind.quantity != "count" or value >= 1:
                assert says(f"It is {written(fact)}.", fact), (name, value, written(fact))


@pytest.mark.parametrize("name", [*ATTRIBUTE_NAMES, "class_name"])
def test_every_phrase_is_heard_as_its_word_and_no_other_claim(name: str) -> None:
    words = PHRASES["class_name"] if name == "class_name" else VOCABULARY[name]
    for value in words:
        if value in (UNKNOWN, "particles"):  # "particles" are the subject of every sentence
            continue
        text = f"It is {phrase_of(name, value)}."
        claims = claims_in(text, known([word(name, value)]))
        assert claims and all(claim.supported for claim in claims), (text, claims)


def test_places_are_filled_from_facts_or_not_at_all() -> None:
    template = "{particle_count} particles of {median_diameter}"
    assert places(template) == ["particle_count", "median_diameter"]
    assert fill(template, FACTS) == "52 particles of 300 nm"
    with pytest.raises(MicrographiaError, match="no fact fills: mean_diameter"):
        fill("{mean_diameter}", FACTS)


def test_failures_and_empty_rows_are_not_known() -> None:
    failed = {**number("mean_diameter", 5.0, "nm"), "failure": "too few"}
    empty = {**number("mean_diameter", 5.0, "nm"), "number": None}
    good = number("mean_diameter", 7.0, "nm")
    assert known([failed, empty]) == {}
    assert known([failed, good, number("mean_diameter", 9.0, "nm")])["mean_diameter"] is good


def test_the_longest_term_counts_and_formulas_need_elements() -> None:
    assert [one.text for one in terms_in("gathered in clusters")] == ["gathered in clusters"]
    assert [one.text for one in materials_in("SEM, TEM, OM, In one, MoS2 or Co3O4")] == [
        "MoS2",
        "Co3O4",
    ]
    assert near(0.9, 1.0) and not near(0.89, 1.0)
