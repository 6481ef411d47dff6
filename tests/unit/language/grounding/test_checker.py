"""The last word on an answer: what has a fact stays, all else goes with its sentence."""

from __future__ import annotations

import pytest
from unit.language.grounding.pictures import COLLOIDS, rows

from micrographia.io.facts.phrases import PHRASES
from micrographia.io.facts.slots import places
from micrographia.language.grounding.checker import check, unsupported
from micrographia.language.instruction.grammar import read_grammar

FACTS = rows()


@pytest.mark.parametrize(
    "text",
    [
        "The median diameter is 20.7 nm.",
        "The median diameter is 21 nm.",
        "The median diameter is 0.0207 µm.",
        "There are 155 particles, 150 of them whole.",
        "One hundred and fifty-five particles were found.",
        "More than a hundred particles were found.",
        "The diameters go from 7.16 nm to 34.2 nm.",
        "The particles cover 14.8 % of the picture.",
        "The number density is 402 per µm².",
        "The scale bar stands for 100 nm, and a pixel is 0.304 nm wide.",
        "The confidence interval is 20.2 nm to 21.2 nm.",
        "The particles are spherical and gathered in clusters.",
        "It was taken with a transmission electron microscope.",
        "There are many particles, darker than the background.",
        "What it is made of cannot be told; gold is not known.",
        "They are not porous.",
    ],
)
def test_what_was_measured_may_be_said(text: str) -> None:
    assert unsupported(text, FACTS, 0.02) == []


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("The median diameter is 23 nm.", "23 nm"),
        ("The median diameter is 20 nm.", "20 nm"),  # 20.7 rounds to 21
        ("The mean diameter is 20.7 nm.", "20.7 nm"),  # that is the median
        ("The median diameter is 22.9 nm.", "22.9 nm"),  # that is the mean
        ("The largest particle has 20.7 nm.", "20.7 nm"),
        ("The median diameter is 20.7 µm.", "20.7 µm"),
        ("The median diameter is 20.7 px.", "20.7 px"),
        ("There are 150 particles.", "150"),  # so many are whole
        ("There are twelve particles.", "twelve"),
        ("Dozens of rods are seen, 20 % of them bent.", "20 %"),
        ("Fewer than 100 particles were found.", "100"),
        ("The median diameter is 20.7 ± 1.5 nm.", "±"),
        ("It was heated to 500 °C.", "500 °C"),
        ("They are gold.", "gold"),
        ("TiO2 particles are seen.", "TiO2"),
        ("The particles are rod-like.", "rod-like"),
        ("It is an SEM picture.", "SEM"),
        ("They are evenly spread.", "evenly spread"),
        ("Why 42 nm is right cannot be told.", "42 nm"),  # a refusal is no cover for a number
    ],
)
def test_what_was_not_measured_may_not(text: str, claim: str) -> None:
    found = unsupported(text, FACTS, 0.02)
    assert any(claim in one for one in found), found


def test_only_the_sentence_at_fault_goes() -> None:
    found = check(
        "There are {particle_count} particles. They are silver. Their median diameter is "
        "{median_diameter}. The thickness is {thickness}.",
        FACTS,
        0.02,
    )
    assert found.text == "There are 155 particles. Their median diameter is 20.7 nm."
    assert found.template == (
        "There are {particle_count} particles. Their median diameter is {median_diameter}."
    )
    assert found.slots == ("particle_count", "median_diameter")
    assert found.dropped == ("silver", "{thickness}")


def test_every_place_passes_its_own_check() -> None:
    """A fact that is filled in must not be thrown out as a claim without evidence."""
    said = {
        "diameter_spread": "The coefficient of variation is {diameter_spread}.",
        "area_fraction": "The coverage is {area_fraction}.",
        "fullest_quarter": "The fullest quarter holds {fullest_quarter}.",
        "aspect_ratio": "The aspect ratio is {aspect_ratio}.",
    }
    for name in COLLOIDS:
        found = check(said.get(name, f"It is {{{name}}}."), FACTS, 0.0)
        assert found.dropped == () and found.slots == (name,), (name, found)


def test_nothing_is_left_of_nothing_but_claims() -> None:
    found = check("It is 12 nm thick. It is zinc oxide.", FACTS, 0.02)
    assert found.text == found.template == ""
    assert len(found.dropped) >= 2


BARE = {
    "aspect_ratio": {"name": "aspect_ratio", "number": 1.18, "unit": None, "words": None},
    "area_fraction": {"name": "area_fraction", "number": 0.148, "unit": None, "words": None},
    "smallest_diameter": {
        "name": "smallest_diameter", "number": 7.0, "unit": "nm", "words": None,
    },
    "largest_diameter": {"name": "largest_diameter", "number": 34.0, "unit": "nm", "words": None},
    "layering": {"name": "layering", "number": None, "unit": None, "words": "tiled"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{aspect_ratio}", "1.18"),
        ("{area_fraction}", "14.8 %"),
        ("{smallest_diameter} to {largest_diameter}", "7 nm to 34 nm"),
        # The words of a fact hold a number, which is no claim of a count.
        ("{layering}", "side by side in one layer"),
    ],
)
def test_what_a_fact_filled_in_needs_no_words_around_it(template: str, text: str) -> None:
    found = check(template, BARE, 0.02)
    assert (found.text, found.dropped) == (text, ())


@pytest.mark.parametrize(
    "template",
    ["The mean diameter is {largest_diameter}.", "The smallest is {largest_diameter} across."],
)
def test_a_fact_in_a_sentence_on_another_is_taken_out(template: str) -> None:
    found = check(template, BARE, 0.02)
    assert found.text == "" and found.dropped == ("34 nm",)


def test_a_size_in_a_sentence_on_a_ratio_is_taken_out() -> None:
    found = check("The median ratio of length to width is {smallest_diameter}.", BARE, 0.02)
    assert found.text == "" and found.dropped == ("7 nm",)


def test_every_line_that_the_network_learns_from_passes() -> None:
    grammar, _ = read_grammar()
    words = {**COLLOIDS, **{name: next(iter(texts)) for name, texts in PHRASES.items()}}
    facts = rows({**words, "material": "ZnO"})
    for topic in grammar.topics:
        for line in (*topic.short, *(one for group in topic.long for one in group)):
            text = line.text.replace("{this}", "this picture")
            if set(places(text)) <= set(facts):
                assert check(text, facts, 0.02).dropped == (), text
