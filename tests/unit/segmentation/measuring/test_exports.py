"""Exports read back by others' readers, to the pixel."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path as Polygon
from roifile import ROI_TYPE, ImagejRoi
from skimage.draw import disk

import micrographia as mg
from micrographia.io.images import write_labels
from micrographia.io.schemas import INSTANCES, PREDICTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import write_table
from micrographia.segmentation.measuring.coco import Picture, encoded, write_coco
from micrographia.segmentation.measuring.export import write_measurements
from micrographia.segmentation.measuring.rois import write_rois


def decode(segmentation):
    """Mask of a compressed run-length code; after rleFrString and rleDecode of COCO's maskApi."""
    text, counts, place = segmentation["counts"].encode(), [], 0
    while place < len(text):
        value = shift = 0
        while True:
            letter = text[place] - 48
            value |= (letter & 31) << shift
            place, shift = place + 1, shift + 5
            if not letter & 32:
                break
        if letter & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    height, width = segmentation["size"]
    flat = np.repeat(np.arange(len(counts)) % 2, counts)
    flat = np.concatenate([flat, np.zeros(height * width - len(flat), int)])
    return flat.reshape(width, height).T.astype(bool)


@given(
    labels=arrays(
        np.int32,
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        elements=st.sampled_from([0, 0, 1, 2, 7]),
    )
)
def test_run_lengths_decode_to_the_mask(labels):
    found = list(encoded(labels))
    assert [entry["label"] for entry in found] == [n for n in np.unique(labels) if n]
    for entry in found:
        mask = labels == entry["label"]
        np.testing.assert_array_equal(decode(entry["segmentation"]), mask)
        x, y, width, height = entry["bbox"]
        assert mask[y : y + height, x : x + width].sum() == entry["area"] == mask.sum()
        assert width == np.ptp(np.nonzero(mask)[1]) + 1


def particles():
    """A disc, a ring with a disc in it, one in two parts, one pixel, gaps in the numbers."""
    labels = np.zeros((200, 300), np.int32)
    labels[disk((40, 40), 25)] = 1
    labels[disk((100, 200), 50)] = 4
    labels[disk((100, 200), 30)] = 0
    labels[disk((100, 200), 9)] = 11
    labels[150:160, 10:20] = 12
    labels[180:190, 30:40] = 12
    labels[0, 299] = 13
    return labels


def test_coco_file(tmp_path):
    labels = particles()
    pictures = [
        Picture("id-a", "a.png", labels),
        Picture("id-b", "b.png", np.zeros((5, 7), np.int32)),
        Picture("id-c", "c.png", np.ones((6, 4), np.int32)),
    ]
    for name in ("one", "two"):
        write_coco(tmp_path / f"{name}.json", pictures, {"version": "1"})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    found = json.loads((tmp_path / "one.json").read_text())
    assert [image["image_id"] for image in found["images"]] == ["id-a", "id-b", "id-c"]
    assert [image["width"] for image in found["images"]] == [300, 7, 4]
    assert [entry["id"] for entry in found["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert found["annotations"][-1]["image_id"] == 3
    again = np.zeros_like(labels)
    for entry in found["annotations"][:-1]:
        again[decode(entry["segmentation"])] = entry["label"]
    np.testing.assert_array_equal(again, labels)
    assert decode(found["annotations"][-1]["segmentation"]).all()


def test_pycocotools_reads_it_back(tmp_path, capsys):
    """Where it is installed; it is no dependency."""
    coco = pytest.importorskip("pycocotools.coco")
    labels = particles()
    write_coco(tmp_path / "c.json", [Picture("a", "a.png", labels)], {})
    read = coco.COCO(tmp_path / "c.json")
    again = np.zeros_like(labels)
    for entry in read.loadAnns(read.getAnnIds(imgIds=[1])):
        again[read.annToMask(entry).astype(bool)] = entry["label"]
    np.testing.assert_array_equal(again, labels)


def test_imagej_regions_hold_the_same_pixels(tmp_path):
    labels = particles()
    for name in ("one", "two"):
        write_rois(tmp_path / f"{name}.zip", labels)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    regions = ImagejRoi.fromfile(tmp_path / "one.zip")
    assert [region.name for region in regions] == ["01", "04", "11", "12", "13"]
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]] + 0.5
    centres = np.column_stack([x.ravel(), y.ravel()])
    for region in regions:
        mask = labels == int(region.name)
        inside = sum(
            Polygon(np.vstack([corners, corners[:1]]), closed=True).contains_points(centres)
            for corners in region.coordinates(multi=True)
        )
        np.testing.assert_array_equal(inside.reshape(mask.shape) % 2 == 1, mask)
        rows, columns = np.nonzero(mask)
        bounds = (region.left, region.top, region.right, region.bottom)
        assert bounds == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    kinds = {region.name: (region.roitype, region.composite) for region in regions}
    assert kinds["01"] == (ROI_TYPE.TRACED, False)
    assert kinds["04"] == kinds["12"] == (ROI_TYPE.RECT, True)


def test_no_instance_is_an_empty_zip(tmp_path):
    write_rois(tmp_path / "none.zip", np.zeros((5, 5), np.int32))
    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert archive.namelist() == []


def test_a_wide_picture_keeps_its_places(tmp_path):
    labels = np.zeros((4, 50_000), np.int32)
    labels[1:3, 49_000:49_010] = 1
    write_rois(tmp_path / "wide.zip", labels)
    region = ImagejRoi.fromfile(tmp_path / "wide.zip")
    region = region[0] if isinstance(region, list) else region
    assert region.coordinates().min(axis=0).tolist() == [49_000, 1]
    assert region.coordinates().max(axis=0).tolist() == [49_010, 3]


def test_the_parts_of_a_binary_mask_are_measured_and_exported_one_by_one(tmp_path, caplog):
    """As another program saves a corrected mask: 0 and 255."""
    labels = np.zeros((40, 60), np.int32)
    for number in range(3):
        labels[5:15, 4 + 20 * number : 14 + 20 * number] = 255
    write_labels(tmp_path / "p.png", labels)
    row = blank(PREDICTIONS) | {"image_id": "p", "path": str(tmp_path / "p.tif"), "mask": "p.png"}
    write_table([row], tmp_path / "predictions.parquet", PREDICTIONS)
    write_table([], tmp_path / "instances.parquet", INSTANCES)
    out = tmp_path / "out"
    write_measurements([tmp_path], out, None)
    areas = [entry["area"] for entry in json.loads((out / "coco.json").read_text())["annotations"]]
    assert areas == [100, 100, 100]
    assert "3 connected parts were separated" in caplog.text
    with pytest.warns(UserWarning, match="3 connected parts were separated"):
        table = mg.measure(labels)
    assert table["area_px"].tolist() == areas
    assert table["centroid"].map(list).tolist() == [[8.5, 9.5], [28.5, 9.5], [48.5, 9.5]]
