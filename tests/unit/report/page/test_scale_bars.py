"""A scale bar has the right length, and covers nothing that is written on the picture."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed import EMPS, needs
from PIL import Image, ImageDraw

from micrographia.report.page.scale_bars import place_bar, round_length

CORNERS = [(0, 0, 150, 60), (362, 0, 512, 60), (0, 324, 150, 384), (362, 324, 512, 384)]


def ground(shape: tuple[int, int] = (384, 512), seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(120, 8, shape)
    return np.clip(noise, 0, 255).astype(np.uint8)


def apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    beside = one[2] <= other[0] or other[2] <= one[0]
    return beside or one[3] <= other[1] or other[3] <= one[1]


def length_in_nm(label: str) -> float:
    number, unit = label.split()
    return float(number) * {"nm": 1, "µm": 1e3, "mm": 1e6, "Å": 0.1}[unit]


@given(st.floats(1e-3, 1e7), st.sampled_from(["nm", "Å", "px"]))
def test_a_round_length_is_a_tenth_to_a_quarter_of_the_width(extent: float, unit: str) -> None:
    share, label = round_length(extent, unit)
    assert 0.099 < share < 0.251
    assert label.split()[0].strip("0.e-+")[:1] in {"1", "2", "5"}


@given(st.floats(1e-3, 1e5))
def test_the_line_is_as_long_as_its_label_says(pixel_size: float) -> None:
    bar = place_bar(ground(), pixel_size, "nm")
    assert bar is not None
    assert bar.length * pixel_size == pytest.approx(length_in_nm(bar.label), rel=1e-6)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 511), st.integers(0, 383), st.integers(5, 300), st.integers(5, 90)
        ),
        max_size=6,
    ),
    st.floats(0.05, 50),
)
def test_it_covers_no_text_box(boxes: list[tuple[int, int, int, int]], pixel_size: float) -> None:
    taken = [(x, y, min(x + wide, 512), min(y + high, 384)) for x, y, wide, high in boxes]
    bar = place_bar(ground(), pixel_size, "nm", taken)
    assert bar is not None
    if not bar.below:
        assert all(apart(bar.box, box) for box in taken)
        assert bar.box[0] >= 0 and bar.box[2] <= 512 and bar.box[1] >= 0 and bar.box[3] <= 384


def test_the_line_and_its_label_lie_in_the_box() -> None:
    for pixel_size in (0.3, 1.7, 42.0):
        bar = place_bar(ground(), pixel_size, "nm")
        assert bar is not None
        assert bar.box[0] <= bar.x and bar.x + bar.length <= bar.box[2]
        assert bar.box[1] < bar.y - bar.thickness / 2 and bar.y + bar.thickness / 2 < bar.box[3]
        assert bar.box[2] - bar.box[0] >= 0.6 * bar.size * len(bar.label)


@pytest.mark.parametrize("free", range(4))
def test_the_one_free_corner_is_taken(free: int) -> None:
    band = (151, 0, 361, 384)  # nothing between the corners either
    taken = [*(box for place, box in enumerate(CORNERS) if place != free), band]
    bar = place_bar(ground(), 1.0, "nm", taken)
    assert bar is not None and not bar.below
    assert not apart(bar.box, CORNERS[free])


def test_where_nothing_is_free_it_goes_below() -> None:
    bar = place_bar(ground(), 1.0, "nm", [(0, 0, 512, 384)])
    assert bar is not None and bar.below
    # A data bar over the whole width leaves the upper edge.
    bar = place_bar(ground(), 1.0, "nm", [(0, 320, 512, 384)])
    assert bar is not None and not bar.below and bar.box[3] < 100


def test_text_that_no_detector_found_is_seen() -> None:
    picture = Image.fromarray(ground())
    ImageDraw.Draw(picture).text((14, 340), "200 nm HV 15 kV", fill=255, font_size=26)
    written = np.asarray(picture)
    free = place_bar(ground(), 1.0, "nm")
    bar = place_bar(written, 1.0, "nm")
    assert free is not None and bar is not None
    assert not apart(free.box, (14, 340, 200, 372))
    assert apart(bar.box, (14, 340, 200, 372))


def test_of_free_corners_that_with_fewest_instances_is_taken() -> None:
    busy = np.ones((384, 512), dtype=bool)
    busy[:100, 300:] = False
    bar = place_bar(ground(), 1.0, "nm", busy=busy)
    assert bar is not None and bar.box[0] > 300 and bar.box[3] < 100


def test_on_what_a_program_made_it_lies_in_the_first_corner() -> None:
    checks = (np.indices((384, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    bare = place_bar(checks, 1.0, "nm", bare=True)
    assert bare is not None and not bare.below
    assert bare.box[0] < 20 and bare.box[3] > 360
    wary = place_bar(checks, 1.0, "nm")
    assert wary is not None and wary.below


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_no_pixel_size_no_bar(size: float) -> None:
    assert place_bar(ground(), size, "nm") is None


def test_a_tiny_picture_has_its_bar_below() -> None:
    bar = place_bar(ground((12, 16)), 1.0, "nm")
    assert bar is not None and bar.below


@needs("EMPS")
def test_on_real_pictures_it_covers_no_text_that_people_marked() -> None:
    """Pictures of EMPS whose text people marked, for the text detector (tests/data).

    Told where text is, the bar never touches it; by the picture alone it slips on 7 of 215.
    """
    table = Path(__file__).parents[3] / "data" / "emps_text_boxes.csv"
    boxes: dict[str, list[tuple[float, ...]]] = {}
    with table.open(encoding="utf-8") as lines:
        for entry in csv.DictReader(lines):
            marked = boxes.setdefault(entry["image"], [])
            if entry["x0"]:
                marked.append(tuple(float(entry[name]) for name in ("x0", "y0", "x1", "y1")))
    slips = {"blind": 0, "told": 0, "below": 0}
    for name, marked in boxes.items():
        grey = np.asarray(Image.open(EMPS / "images" / f"{name}.png").convert("L"))
        for how, taken in (("blind", []), ("told", marked)):
            bar = place_bar(grey, 1.0, "nm", taken)
            assert bar is not None
            slips[how] += not bar.below and not all(apart(bar.box, box) for box in marked)
            slips["below"] += bar.below
    assert len(boxes) == 215
    assert slips["told"] == 0
    assert slips["blind"] <= 7
    assert slips["below"] <= 20
