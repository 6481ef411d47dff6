"""Labels of scale bars and banners: what they mean, and what readers make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.curation.scale.banner import contradicts, parse_banner
from micrographia.curation.scale.parse import UNITS, parse_label, usualness


@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("500 nm", 500),
        ("500nm", 500),
        ("0.5 µm", 500),
        ("1 μm", 1000),  # Greek letter, not the micro sign
        ("0,2 um", 200),
        ("1.00um", 1000),
        ("2OO nm", 200),
        ("l00 nm", 100),
        ("5O nrn", 50),
        ("1 pm", 1000),  # no bar is in picometres
        ("10 prn", 10_000),
        ("50 Å", 5),
        ("1 mm", 1e6),
        ("‘200 nm", 200),
        ("WD 9 x50k 200 nm", 200),
        ("Sum", 5000),
        ("50. nm", 50),  # as tesseract separates them
        ("SO nm", 50),
        ("1 wm", 1000),
    ],
)
def test_labels(text: str, nm: float) -> None:
    label = parse_label(text)
    assert label is not None
    assert label.nm == pytest.approx(nm)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nm",
        "WCu5",
        "SU8010 5.0kV",
        "x50.0k",
        "0 nm",
        "Å",
        "100 nmx",
        "(a)",
        "15 kV",
        "SOLO nm",
    ],
)
def test_no_labels(text: str) -> None:
    assert parse_label(text) is None


@given(
    value=st.sampled_from(["1", "2", "5", "10", "20", "50", "100", "200", "500", "0.5", "1.0"]),
    unit=st.sampled_from(list(UNITS)),
    gap=st.sampled_from(["", " ", "  "]),
)
def test_every_plain_label_is_understood(value: str, unit: str, gap: str) -> None:
    label = parse_label(value + gap + unit)
    assert label is not None
    assert (label.value, label.unit, label.repairs) == (float(value), unit, 0)


def test_usual_lengths_come_first() -> None:
    ranks = []
    for text in ("200 nm", "30 nm", "37 nm", "2000 nm", "50 mm"):
        label = parse_label(text)
        assert label is not None
        ranks.append(usualness(label))
    assert ranks == [2, 1, 0, 0, 0]


def test_a_banner_tells_the_field_of_view() -> None:
    banner = parse_banner("HV 15.0 kV | mag 20000x | WD 8.9 mm | HFW 7.46 µm |", 1024)
    assert banner.nm == pytest.approx(7460 / 1024)
    assert banner.magnification == 20_000
    assert parse_banner("Pixel Size = 5.58 nm", 512).nm == pytest.approx(5.58)
    assert parse_banner("EHT = 5.00 kV", 512).nm is None


def test_a_magnification_refutes_a_reading_of_another_order() -> None:
    banner = parse_banner("Mag = 50.00 K X", 1024)
    assert not contradicts(banner, 2.2, 1024)  # 113 mm wide: a Polaroid
    assert contradicts(banner, 2200.0, 1024)
    assert contradicts(banner, 0.0022, 1024)
    assert not contradicts(None, 2.2, 1024)


def test_a_magnification_without_its_point_refutes_nothing() -> None:
    """Zeiss writes "2.00 K X", of which tesseract misses the point; 113 mm wide as above."""
    banner = parse_banner("Mag= 200KX", 687)
    assert banner.magnification == 200_000
    assert not contradicts(banner, 83.8, 687)
    assert contradicts(banner, 83_800.0, 687)


def test_a_field_of_view_is_what_stands_beside_its_name() -> None:
    """Headings above, values below: the bar's label is in the headings' line."""
    text = "curr | WD | HFW | —— 5 µm ——\n0.10 nA| 5.4 mm | 15 000 x | 19.9 µm label"
    assert parse_banner(text, 555).nm is None
    assert parse_banner("HFW: 19.9 µm", 555).nm == pytest.approx(19_900 / 555)
