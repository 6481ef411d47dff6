"""Numbers of a text: what is one, of what, and what only looks like one."""

from __future__ import annotations

import math

import pytest

from micrographia.io.facts.number_words import spelt_numbers
from micrographia.io.facts.numbers import numbers_in

#: Text, and the numbers that it claims: low end, high end, quantity.
CLAIMED: list[tuple[str, list[tuple[float, float, str]]]] = [
    ("0.3 µm", [(300, 300, "length")]),
    ("0.3 μm", [(300, 300, "length")]),  # the Greek letter instead of the micro sign
    ("0.3um", [(300, 300, "length")]),
    ("300 nm", [(300, 300, "length")]),
    ("300 nanometres and 2 microns", [(300, 300, "length"), (2000, 2000, "length")]),
    ("3 Å", [(0.3, 0.3, "length")]),
    ("0,3 µm", [(300, 300, "length")]),
    ("25-nm particles", [(25, 25, "length")]),
    ("sub-100 nm", [(100, 100, "length")]),
    ("1,200 particles", [(1200, 1200, "plain")]),
    ("1 200 grains", [(1200, 1200, "plain")]),
    ("1,200,000", [(1_200_000, 1_200_000, "plain")]),
    ("1.2 × 10³ particles", [(1200, 1200, "plain")]),
    ("1.2 x 10^-2 µm", [(12, 12, "length")]),
    ("1.2e3 nm", [(1200, 1200, "length")]),
    ("twenty-five particles", [(25, 25, "plain")]),
    ("One hundred and twenty", [(120, 120, "plain")]),
    ("a hundred rods", [(100, 100, "plain")]),
    ("a dozen", [(12, 12, "plain")]),
    ("two thousand and ten", [(2010, 2010, "plain")]),
    ("one point five µm", [(1500, 1500, "length")]),
    ("twenty-nanometre discs", [(20, 20, "length")]),
    ("zero particles", [(0, 0, "plain")]),
    ("one particle", [(1, 1, "plain")]),
    ("two thirds of the area", [(2 / 3, 2 / 3, "fraction")]),
    ("half the frame", [(0.5, 0.5, "fraction")]),
    ("23 % of it", [(0.23, 0.23, "fraction")]),
    ("23 percent", [(0.23, 0.23, "fraction")]),
    ("10-20 nm", [(10, 20, "length")]),
    ("10–20 nm", [(10, 20, "length")]),
    ("0.1-0.3 µm", [(100, 300, "length")]),
    ("from 10 to 20 µm", [(10_000, 20_000, "length")]),
    ("500 nm to 1 µm", [(500, 1000, "length")]),
    ("between ten and 20 nm", [(10, 20, "length")]),
    ("20 ± 3 nm", [(20, 20, "length")]),
    ("10, 20 and 30 nm", [(10, 10, "length"), (20, 20, "length"), (30, 30, "length")]),
    ("512 × 512 px", [(512, 512, "pixels"), (512, 512, "pixels")]),
    ("512x384 px", [(512, 512, "pixels"), (384, 384, "pixels")]),
    ("12 per µm²", [(12, 12, "density")]),
    ("12 particles per square micrometre", [(12, 12, "density")]),
    ("3.5 µm⁻²", [(3.5, 3.5, "density")]),
    ("12 per nm²", [(12e6, 12e6, "density")]),
    ("2:1", [(2, 2, "plain")]),
    ("1.3 times as long as wide", [(1.3, 1.3, "plain")]),
    ("n=52", [(52, 52, "plain")]),
    ("5.0 kV", [(5, 5, "other")]),
    ("200 °C", [(200, 200, "other")]),
    ("5 nm²", [(5, 5, "other")]),
    ("x13.0k", [(13, 13, "other")]),
    ("40000x", [(40_000, 40_000, "other")]),
    ("less than 100 nm", [(-math.inf, 100, "length")]),
    ("more than fifty", [(50, math.inf, "plain")]),
    ("they cover 23 %", [(0.23, 0.23, "fraction")]),  # "cover" is no "over"
    ("hundreds of particles", [(100, 1000, "plain")]),
    ("The mean is 1.3. It is 5 %.", [(1.3, 1.3, "plain"), (0.05, 0.05, "fraction")]),
]
NONE = (
    "TiO2 and Fe3O4", "in 2D", "two-dimensional", "the 3rd", "one another", "one sees discs",
    "Figure 3", "see Fig. 2", "the 1T phase", "D50", "1. Round. 2. Smooth.", "the second kind",
    "the third one", "H2O", "oneself", "a network",
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CLAIMED, ids=[text for text, _ in CLAIMED])
def test_numbers_are_found_with_their_units(
    text: str, expected: list[tuple[float, float, str]]
) -> None:
    found = numbers_in(text)
    assert [one.quantity for one in found] == [quantity for _, _, quantity in expected]
    for one, (low, high, _) in zip(found, expected, strict=True):
        assert (one.low, one.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert numbers_in(text) == []


def test_a_number_knows_where_it_stands() -> None:
    text = "About twenty-five rods of 0.3 µm each"
    assert [text[one.start : one.end] for one in numbers_in(text)] == ["twenty-five", "0.3 µm"]


def test_orders_of_magnitude_are_vague() -> None:
    (crowd,) = numbers_in("dozens of rods")
    assert crowd.vague and (crowd.low, crowd.high) == (12, 120)
    assert not numbers_in("12 to 120 rods")[0].vague


def test_every_number_below_a_thousand_is_read_as_it_is_spelt() -> None:
    num2words = pytest.importorskip("num2words").num2words
    for value in (*range(2, 1000, 7), 1001, 2345, 10_000, 120_000, 1_000_000):
        text = num2words(value).replace(",", "")
        assert [one.low for one in spelt_numbers(text)] == [value], text
