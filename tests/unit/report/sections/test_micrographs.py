"""The opening gallery: whose pictures, what is drawn on them, and what is said below."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unit.report.conftest import SIDE, blank

from micrographia.io import schemas
from micrographia.io.images import write_labels
from micrographia.io.tables import read_table, write_table
from micrographia.report.collect import collect
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Gallery, Picture
from micrographia.report.sections.micrographs import opening


def gallery(root: Path, most: int = 12) -> Gallery:
    found = opening(collect(root), most, Beside(None))[0]
    assert isinstance(found, Gallery)
    return found


def edit(root: Path, **values: object) -> None:
    path = root / "curation" / "micrographs.parquet"
    write_table(read_table(path).assign(**values), path, schemas.MICROGRAPHS)


def named(root: Path, name: str) -> Picture:
    return next(picture for picture in gallery(root).pictures if picture.name == name)


def test_a_bar_lies_on_no_text_box(micrographs_only: Path) -> None:
    """Three corners of each picture are taken; the boxes are in px of the file."""
    boxes = [[0, 0, 130, 60], [170, 0, 256, 60], [0, 200, 256, 256]]
    for place in range(3):
        free = [box for number, box in enumerate(boxes) if number != place]
        edit(micrographs_only, text_boxes=[free] * 5)
        for picture in gallery(micrographs_only).pictures:
            bar = picture.bar
            assert bar is not None
            if bar.below:
                continue
            scale = picture.width / SIDE
            for x0, y0, x1, y1 in (scale * np.array(box) for box in free):
                meets = bar.box[0] < x1 and x0 < bar.box[2] and bar.box[1] < y1 and y0 < bar.box[3]
                assert not meets, (picture.name, bar.box, free)


def test_the_bar_that_was_read_is_taken_too(micrographs_only: Path) -> None:
    table = read_table(micrographs_only / "curation" / "micrographs.parquet")
    before = {one.name: one.bar for one in gallery(micrographs_only).pictures}
    rows = []
    for row in table.to_dict("records"):
        bar = before.get(Path(row["path"]).name)
        box = None if bar is None else [round(edge) for edge in bar.box]
        rows.append(blank(schemas.SCALE, image_id=row["image_id"], path=row["path"], bar_box=box))
    write_table(rows, micrographs_only / "curation" / "scale" / "000.parquet", schemas.SCALE)
    for picture in gallery(micrographs_only).pictures:
        old, new = before[picture.name], picture.bar
        assert old is not None and new is not None
        assert (
            new.below
            or new.box[2] < old.box[0]
            or old.box[2] < new.box[0]
            or (new.box[3] < old.box[1] or old.box[3] < new.box[1])
        )


def test_the_length_of_the_bar_follows_from_the_pixel_size(micrographs_only: Path) -> None:
    for picture in gallery(micrographs_only).pictures:
        bar = picture.bar
        assert bar is not None and bar.label == "100 nm"
        assert bar.length / picture.width == pytest.approx(100 / (2.0 * SIDE))


def test_without_a_pixel_size_there_is_no_bar_and_the_reason_is_told(
    micrographs_only: Path,
) -> None:
    edit(micrographs_only, pixel_size_nm=None)
    picture = named(micrographs_only, "0.png")
    assert picture.bar is None
    assert picture.lines[-1] == "no nm: the file states none, and scale bars were not read"
    assert re.fullmatch(r"median [\d.]+ px, n = 7", picture.lines[1])
    table = read_table(micrographs_only / "curation" / "micrographs.parquet")
    rows = [
        blank(schemas.SCALE, image_id=name, reason="the label 10 um contradicts the header")
        for name in table["image_id"]
    ]
    write_table(rows, micrographs_only / "curation" / "scale" / "000.parquet", schemas.SCALE)
    told = named(micrographs_only, "0.png").lines[-1]
    assert told == "no nm: the label 10 um contradicts the header"


def test_outlines_are_told_apart_by_the_truth(micrographs_only: Path) -> None:
    picture = named(micrographs_only, "3.png")
    loops = {one.kind: one.path.count("M") for one in picture.outlines}
    assert loops["missed"] == 3  # the fixture drops as many as the picture's number
    assert loops["unmatched"] == 1
    assert picture.lines[0] == "13 instances found, 12 of 15 true ones matched, AP50 0.75"


def test_without_a_truth_all_outlines_are_alike(micrographs_only: Path) -> None:
    edit(micrographs_only, mask_path=None)
    found = gallery(micrographs_only)
    assert {one.kind for picture in found.pictures for one in picture.outlines} == {"found"}
    assert found.key == (("found", "outline of an instance"),)
    assert not any(picture.tag for picture in found.pictures)
    assert "AP50" not in found.caption + " ".join(found.pictures[0].lines)
    assert "n = 40" in found.caption


def test_of_many_pictures_even_steps_through_the_files_are_shown(micrographs_only: Path) -> None:
    (micrographs_only / "benchmarks" / "segmentation.parquet").unlink()
    names = [picture.name for picture in gallery(micrographs_only, 3).pictures]
    assert names == ["0.png", "2.png", "3.png"]
    assert gallery(micrographs_only, 3).caption.startswith("3 of the 4 segmented micrographs, in")
    assert len(gallery(micrographs_only, 99).pictures) == 4


def test_a_cropped_picture_is_shown_whole_with_its_mask_in_place(micrographs_only: Path) -> None:
    table = read_table(micrographs_only / "curation" / "micrographs.parquet")
    name = table["image_id"].iloc[0]
    edit(micrographs_only, crop_box=[[30, 50, 130, 250], *[None] * 4], mask_path=None)
    labels = np.zeros((200, 100), dtype=np.int32)
    labels[10:20, 5:25] = 1
    write_labels(micrographs_only / "segmentation" / "predicted" / "000" / f"{name}.png", labels)
    picture = named(micrographs_only, "0.png")
    assert (picture.width, picture.height) == (SIDE, SIDE)
    start = [int(one) for one in re.findall(r"-?\d+", picture.outlines[0].path)[:2]]
    assert start[0] / 2 == pytest.approx(30 + 5, abs=1)
    assert start[1] / 2 == pytest.approx(50 + 10, abs=1)


def test_large_pictures_are_shown_small_with_bar_and_outline_at_the_right_scale(
    micrographs_only: Path,
) -> None:
    table = read_table(micrographs_only / "curation" / "micrographs.parquet")
    large = np.kron(np.full((SIDE, SIDE), 90, dtype=np.uint8), np.ones((5, 5), dtype=np.uint8))
    Image.fromarray(large).save(table["path"].iloc[0])
    labels = np.zeros(large.shape, dtype=np.int32)
    labels[400:600, 800:1000] = 1
    edit(micrographs_only, mask_path=None)
    shard = micrographs_only / "segmentation" / "predicted" / "000"
    write_labels(shard / f"{table['image_id'].iloc[0]}.png", labels)
    picture = named(micrographs_only, "0.png")
    scale = picture.width / large.shape[1]
    assert picture.width == 520
    start = [int(one) for one in re.findall(r"-?\d+", picture.outlines[0].path)[:2]]
    assert start[0] / 2 == pytest.approx(800 * scale, abs=1)
    assert picture.bar is not None
    assert picture.bar.length == pytest.approx(500 / 2.0 * scale)
    assert picture.bar.label == "500 nm"


def test_where_nothing_was_segmented_the_pictures_are_shown(micrographs_only: Path) -> None:
    for path in (micrographs_only / "segmentation" / "predicted" / "000").glob("*.parquet"):
        path.unlink()
    found = gallery(micrographs_only)
    assert [picture.name for picture in found.pictures] == [f"{n}.png" for n in range(4)]
    assert not any(picture.outlines for picture in found.pictures)
    assert found.caption == "4 of 4 kept micrographs."
