"""Measurements of shapes whose size is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.draw import disk, ellipse

from micrographia.io.schemas import INSTANCES
from micrographia.io.tables import read_table, write_table
from micrographia.segmentation.measuring.shapes import measure


def test_disc():
    labels = np.zeros((100, 120), np.int32)
    labels[disk((40, 70), 25)] = 3
    row = measure(labels, "image", pixel_size_nm=2.0).iloc[0]
    assert (row["image_id"], row["label"]) == ("image", 3)
    assert row["centroid"] == pytest.approx([70, 40])
    assert row["bbox"] == [46, 16, 95, 65]
    assert row["area_px"] == pytest.approx(math.pi * 25**2, rel=0.02)
    assert row["equivalent_diameter_px"] == pytest.approx(50, rel=0.01)
    assert row["major_axis_px"] == pytest.approx(50, rel=0.01)
    assert row["circularity"] == pytest.approx(1, abs=0.02)
    assert row["solidity"] > 0.97
    assert row["area_nm2"] == pytest.approx(4 * row["area_px"])
    assert row["equivalent_diameter_nm"] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("angle", [0, 30, 90, 120, 175])
def test_orientation_is_counter_clockwise_from_x(angle):
    labels = np.zeros((150, 150), np.int32)
    # scikit-image turns the ellipse by `rotation` counter-clockwise on the screen.
    labels[ellipse(75, 75, 15, 50, rotation=math.radians(angle))] = 1
    row = measure(labels, "image", None).iloc[0]
    assert (row["orientation_deg"] - angle + 90) % 180 - 90 == pytest.approx(0, abs=0.5)
    assert row["major_axis_px"] / row["minor_axis_px"] == pytest.approx(50 / 15, rel=0.03)


def test_orientation_by_hand():
    rising = np.eye(30, dtype=np.int32)[::-1]  # from the lower left to the upper right
    assert measure(rising, "i", None)["orientation_deg"][0] == pytest.approx(45)
    lying, standing = np.zeros((2, 40, 40), np.int32)
    lying[20:23, 5:35] = 1
    standing[5:35, 20:23] = 1
    assert measure(lying, "i", None)["orientation_deg"][0] == pytest.approx(0)
    assert measure(standing, "i", None)["orientation_deg"][0] == pytest.approx(90)


@pytest.mark.parametrize("radius", [0.6, 1.2, 2, 3.4, 5, 8.3, 12, 20.5, 41.7, 80])
def test_a_disc_has_no_orientation_wherever_it_lies(radius):
    """scikit-image says 45 degrees of every one that is even: an order of 1 of round particles."""
    rng = np.random.default_rng(7)
    reach = int(radius) + 3
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    for _ in range(40):
        down, right = rng.uniform(-0.5, 0.5, 2) * (radius > 1)
        disc = (np.hypot(y - down, x - right) <= radius).astype(np.int32)
        assert np.isnan(measure(disc, "i", None)["orientation_deg"][0])


@pytest.mark.parametrize(("sides", "direction"), [((1, 2), 0), ((2, 1), 90), ((12, 14), 0)])
def test_what_is_longer_than_wide_has_an_orientation(sides, direction):
    labels = np.pad(np.ones(sides, np.int32), 3)
    assert measure(labels, "i", None)["orientation_deg"][0] == pytest.approx(direction)


def test_a_pixel_and_a_line_of_pixels_have_no_circularity():
    for shape in ((1, 1), (1, 5), (7, 1)):
        labels = np.pad(np.ones(shape, np.int32), 2)
        assert np.isnan(measure(labels, "i", None)["circularity"][0]), shape
    bar = np.pad(np.ones((4, 60), np.int32), 2)
    outline = 4 * np.pi * 240 / 128**2
    assert measure(bar, "i", None)["circularity"][0] == pytest.approx(outline, rel=0.15)


def test_gaps_stay_and_parts_are_one():
    labels = np.zeros((20, 20), np.int32)
    labels[2:6, 2:6] = 7
    labels[12:16, 12:16] = 7
    labels[2:6, 12:16] = 40_000
    table = measure(labels, "image", None)
    assert table["label"].tolist() == [7, 40_000]
    assert table["area_px"].tolist() == [32, 16]


def test_tables_are_written_with_and_without_pixel_size(tmp_path):
    labels = np.zeros((9, 9), np.int32)
    labels[4, 4] = 1  # a single pixel has no outline
    labels[6:8, 6:9] = 2
    for size in (None, 0.5):
        write_table(measure(labels, "image", size), tmp_path / "t.parquet", INSTANCES)
        table = read_table(tmp_path / "t.parquet", INSTANCES)
        assert table["area_nm2"].isna().all() == (size is None)
        assert len(table) == 2
    write_table(measure(0 * labels, "image", None), tmp_path / "t.parquet", INSTANCES)
    assert read_table(tmp_path / "t.parquet", INSTANCES).empty


def test_widths_neighbours_and_what_the_border_cuts():
    labels = np.zeros((60, 100), np.int32)
    labels[10:14, 20:23] = 2  # 4 by 3
    labels[10:14, 60:63] = 5
    labels[50:60, 20:23] = 9  # at the lower border
    table = measure(labels, "image", 0.5).set_index("label")
    assert table.loc[2, "feret_max_px"] == 5 and table.loc[2, "feret_min_px"] == 3
    assert table.loc[2, "feret_max_nm"] == 2.5 and table.loc[2, "feret_min_nm"] == 1.5
    assert table["neighbour_px"].tolist() == pytest.approx([40, 40, 43])
    assert table["neighbour_nm"].tolist() == pytest.approx([20, 20, 21.5])
    assert table["cut"].tolist() == [False, False, True]
    # Second moments of rectangles are known: the ratio is that of the sides.
    assert table["aspect"].tolist() == pytest.approx([4 / 3, 4 / 3, 10 / 3])
    cropped = measure(labels, "image", None, box=(20, 0, 100, 60))
    assert cropped["cut"].tolist() == [True, False, True]


def test_a_line_and_a_lone_pixel_have_an_aspect_but_no_neighbour():
    line, pixel = np.zeros((2, 20, 20), np.int32)
    line[10, 2:14] = 1
    pixel[3, 3] = 1
    assert measure(line, "i", None)["aspect"][0] == pytest.approx(12)
    assert measure(pixel, "i", None)["aspect"][0] == pytest.approx(1)
    assert measure(pixel, "i", None)["neighbour_px"].isna().all()
    assert measure(pixel, "i", 2.0)["neighbour_nm"].isna().all()
