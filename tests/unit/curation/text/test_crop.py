"""The largest text-free rectangle: exact, against trying every rectangle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.curation.text.crop import largest_free

SIDE = 12


@st.composite
def layouts(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """A small picture with boxes that may overlap, touch the edges and reach beyond them."""
    width, height = draw(st.integers(1, SIDE)), draw(st.integers(1, SIDE))
    edge = st.integers(-2, SIDE + 2)
    boxes = []
    for _ in range(draw(st.integers(0, 6))):
        x0, y0 = draw(edge), draw(edge)
        boxes.append((x0, y0, x0 + draw(st.integers(0, 6)), y0 + draw(st.integers(0, 6))))
    return width, height, boxes


def brute_force(width: int, height: int, boxes: list[tuple[int, int, int, int]]) -> int:
    """Area of the largest empty rectangle, by trying all."""
    taken = np.zeros((height, width), dtype=bool)
    for x0, y0, x1, y1 in boxes:
        taken[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
    best = 0
    for y0 in range(height):
        for x0 in range(width):
            for y1 in range(y0 + 1, height + 1):
                for x1 in range(x0 + 1, width + 1):
                    if (y1 - y0) * (x1 - x0) > best and not taken[y0:y1, x0:x1].any():
                        best = (y1 - y0) * (x1 - x0)
    return best


@settings(max_examples=60, deadline=None)
@given(layouts())
def test_no_empty_rectangle_is_larger(layout: tuple) -> None:
    width, height, boxes = layout
    found = largest_free(boxes, width, height)
    if found is None:
        assert brute_force(width, height, boxes) == 0
        return
    x0, y0, x1, y1 = found
    assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    for left, top, right, bottom in boxes:
        empty = right <= left or bottom <= top
        assert empty or right <= x0 or left >= x1 or bottom <= y0 or top >= y1
    assert (x1 - x0) * (y1 - y0) == brute_force(width, height, boxes)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([], (0, 0, 100, 80)),
        ([(0, 70, 100, 80)], (0, 0, 100, 70)),  # a banner
        ([(0, 0, 10, 10), (90, 70, 100, 80)], (10, 0, 90, 80)),  # letter and bar
        ([(0, 0, 100, 80)], None),
        ([(40, 0, 60, 80)], (0, 0, 40, 80)),  # of equal halves the left one
    ],
)
def test_layouts_of_papers(boxes: list, expected: tuple | None) -> None:
    assert largest_free(boxes, 100, 80) == expected


def test_hundreds_of_boxes_take_no_time() -> None:
    rng = np.random.default_rng(3)
    corners = rng.integers(0, 2000, (200, 2))
    boxes = np.column_stack([corners, corners + rng.integers(5, 60, (200, 2))]).tolist()
    x0, y0, x1, y1 = largest_free(boxes, 2048, 2048) or (0, 0, 0, 0)
    assert (x1 - x0) * (y1 - y0) > 100_000
