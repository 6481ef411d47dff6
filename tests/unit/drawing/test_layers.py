from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrographia.drawing.layers import WINDOW, Layer, align, legend, place, tile_average

HEXAGONAL = np.array([[3.0, 0.0], [-1.5, 2.598]])


def make_layer() -> Layer:
    xy = np.array([[0.2, 0.1], [1.5, 0.9], [0.4, 1.8]])
    return Layer(HEXAGONAL, xy, np.array([42, 16, 8]))


@pytest.mark.parametrize("degrees", [0.0, 17.0, 200.0])
def test_tiling_misses_no_atom_of_the_window(degrees):
    layer = make_layer().moved(np.array([40.13, -70.29])).turned(degrees)
    positions, numbers = layer.tiled(20.0, margin=0.0)
    steps = np.arange(-80, 81)
    lattice = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) @ layer.cell
    for xy, number in zip(layer.xy, layer.numbers, strict=True):
        expected = xy + lattice
        expected = expected[(np.abs(expected) < 10).all(axis=1)]
        drawn = positions[numbers == number]
        order = [np.lexsort(np.round(part, 6).T) for part in (expected, drawn)]
        np.testing.assert_allclose(drawn[order[1]], expected[order[0]], atol=1e-9)


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_the_truth_is_laid_on_what_was_found(dx, dy):
    found = make_layer()
    moved = align(found.moved(np.array([dx, dy])), found)
    steps = (moved.xy - found.xy) @ np.linalg.inv(HEXAGONAL)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)


def test_a_mirrored_answer_is_not_made_to_fit():
    found = make_layer()
    flip = np.diag([1.0, -1.0])
    mirrored = Layer(found.cell @ flip, found.xy @ flip, found.numbers)
    steps = (align(mirrored, found).xy - found.xy) @ np.linalg.inv(HEXAGONAL)
    assert np.abs(steps - np.round(steps)).max() > 0.05


@pytest.mark.parametrize("flip", [1.0, -1.0])
@pytest.mark.parametrize("degrees", [0.0, 33.0, 171.0])
def test_an_answer_returns_to_the_frame_of_its_picture(degrees, flip):
    whole = make_layer()
    columns = Layer(whole.cell, whole.xy, whole.numbers).turned(degrees)
    # The file has another frame, origin, choice of cell, and an atom beneath a column.
    reduced = np.array([[1, 1], [0, 1]]) @ whole.cell
    turn = np.diag([1.0, flip])
    xy = np.vstack([whole.xy, whole.xy[:1]]) @ turn + 0.7
    answer = Layer(reduced @ turn, xy, np.append(whole.numbers, 6))
    placed = place(answer, columns)
    steps = (placed.xy[:3] - columns.xy) @ np.linalg.inv(columns.cell)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert placed.numbers.tolist() == [42, 16, 8, 6]


def test_an_answer_with_another_lattice_is_not_placed():
    columns = make_layer()
    answer = Layer(1.2 * HEXAGONAL, columns.xy, columns.numbers)
    assert place(answer, columns) is columns


def test_turning_keeps_lengths_and_goes_counter_clockwise():
    turned = Layer(np.eye(2), np.array([[1.0, 0.0]]), np.array([6])).turned(90)
    np.testing.assert_allclose(turned.xy, [[0.0, 1.0]], atol=1e-12)


def test_the_tiled_average_repeats_with_the_cell():
    fractions = np.arange(60) / 60
    first, second = np.meshgrid(fractions, fractions, indexing="ij")
    average = np.cos(2 * np.pi * first) + 0.5 * np.sin(2 * np.pi * second)
    drawn = tile_average(average, HEXAGONAL, 280)
    line = (np.arange(280) + 0.5) / 280 * WINDOW - WINDOW / 2
    points = np.stack(np.meshgrid(line, line), axis=-1) @ np.linalg.inv(HEXAGONAL)
    expected = np.cos(2 * np.pi * points[..., 0]) + 0.5 * np.sin(2 * np.pi * points[..., 1])
    np.testing.assert_allclose(drawn, expected, atol=0.01)


def test_the_legend_names_elements_once():
    assert [symbol for symbol, _ in legend(np.array([42, 16, 16]))] == ["S", "Mo"]
