"""Numbers in sentences: which there are, in which unit, and what they agree with."""

from __future__ import annotations

import pytest

from micrographia.io.quantities.parse import quantities


def told(text: str) -> list[tuple[float, str]]:
    """Values to six digits with their dimensions."""
    return [(float(f"{one.value:.6g}"), one.dimension) for one in quantities(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a median diameter of 10 nm.", [(10.0, "length")]),
        ("10nm, 2 µm, 2 μm, 3 microns and 4 Å", [(10.0, "length"), (2000.0, "length"),
         (2000.0, "length"), (3000.0, "length"), (0.4, "length")]),
        ("100-nm particles", [(100.0, "length")]),
        ("1,234 particles, 5e-3 nm, 1.2 × 10^3 nm, 1.2·10⁻³ µm",
         [(1234.0, ""), (0.005, "length"), (1200.0, "length"), (1.2, "length")]),
        ("12 particles per µm² or 12 particles/µm²", [(1.2e-05, "density"), (1.2e-05, "density")]),
        ("0.5 nm per pixel, 0.5 nm/px", [(0.5, "pixel size"), (0.5, "pixel size")]),
        ("x13.0k, 13,000×, 40kX", [(13000.0, "magnification")] * 2 + [(40000.0, "magnification")]),
        ("80 % or 80 percent at 5 kV and 25 °C",
         [(0.8, "share"), (0.8, "share"), (5.0, "voltage"), (25.0, "temperature")]),
        ("512 × 512 px", [(512.0, "pixels"), (512.0, "pixels")]),
        ("an area of 30 nm² or 2 µm^2", [(30.0, "area"), (2e6, "area")]),
        ("twenty-five particles, two hundred and fifty grains", [(25.0, ""), (250.0, "")]),
        ("Half of them, two thirds, a quarter of it",
         [(0.5, "share"), (0.666667, "share"), (0.25, "share")]),
        ("hundreds of particles", [(200.0, "")]),
    ],
)  # fmt: skip
def test_numbers_are_found_in_their_base_units(text: str, found: list[tuple[float, str]]) -> None:
    assert told(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "MoS2, C60 and Fe3O4 are 2D or 3-D",
        "See Figure 3 and table 2.",
        "1. Round. 2. Smooth.",
        "One sees that one of them lies on another one another.",
        "the third grain of the 19th century",
        "the 1T phase and v2_model",
        "no number at all",
    ],
)
def test_names_and_places_in_a_row_are_no_numbers(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("10-20 nm", [(10, "low"), (20, "high")]),
        ("from 0.5 to 2 µm", [(500, "low"), (2000, "high")]),
        ("between 10 and 20 nm", [(10, "low"), (20, "high")]),
        ("2.3 ± 0.1 µm", [(2300, "value"), (100, "uncertainty")]),
        ("5, 6 and 7 nm", [(5, "value"), (6, "value"), (7, "value")]),
        ("20 x 30 nm", [(20, "value"), (30, "value")]),
        ("500 nm to 2 µm", [(500, "low"), (2000, "high")]),
    ],
)
def test_ranges_and_uncertainties_share_their_unit(
    text: str, parts: list[tuple[float, str]]
) -> None:
    found = quantities(text)
    assert [(round(one.value, 6), one.part) for one in found] == parts
    assert {one.dimension for one in found} == {"length"}


def test_what_is_counted_and_how_firmly() -> None:
    found = quantities("about 25 particles, fewer than 9 round grains, ~50 px, at least 3 rods")
    assert [(one.noun, one.bound) for one in found] == [
        ("particles", "about"),
        ("grains", "below"),
        ("", "about"),
        ("rods", "above"),
    ]


def test_places_are_those_of_the_text() -> None:
    text = "Rods of 1.5 µm, seven in all, cover 8 %."
    assert [text[one.start : one.end] for one in quantities(text)] == ["1.5 µm", "seven", "8 %"]


@pytest.mark.parametrize(
    ("text", "value", "tolerance", "agreed"),
    [
        ("10 nm", 10.9, 0.1, True),
        ("10 nm", 11.5, 0.1, False),
        ("0.3 nm", 0.34, 0.0, True),  # as rounded
        ("0.30 nm", 0.34, 0.0, False),
        ("200 particles", 249.0, 0.0, False),
        ("more than 100 particles", 240.0, 0.1, True),
        ("more than 300 particles", 240.0, 0.1, False),
        ("fewer than 30 particles", 12.0, 0.1, True),
        ("at most 5 particles", 12.0, 0.1, False),
        ("zero particles", 0.0, 0.1, True),
    ],
)
def test_a_number_agrees_as_far_as_it_is_written(
    text: str, value: float, tolerance: float, agreed: bool
) -> None:
    (found,) = quantities(text)
    assert found.agrees(value, tolerance) is agreed
