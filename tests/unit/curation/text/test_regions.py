"""Text regions: policy, table, scores; the shipped detector on rendered and on real pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from needed import EMPS, needs
from PIL import Image

from micrographia.cli import main
from micrographia.config import Text
from micrographia.curation.finish import add_text, reject_illegible
from micrographia.curation.text.regions import Region, decide, particle_loss, search
from micrographia.curation.text.score import overlap, pairs
from micrographia.errors import TableError
from micrographia.io.schemas import LEGIBILITY, MICROGRAPHS, TEXT
from micrographia.io.tables import read_rows, write_table

ROOT = Path(__file__).parents[4]
LABELS = ROOT / "tests" / "data" / "emps_text_boxes.csv"
CORNER = (0, 0, 20, 10)


@pytest.mark.parametrize(
    ("policy", "boxes", "expected"),
    [
        ("crop", [], ("none", None, None)),
        ("none", [CORNER], ("none", None, None)),
        ("inpaint", [CORNER], ("inpaint", None, None)),
        ("mask", [CORNER], ("mask", None, None)),
        # Two pixels of margin below the text.
        ("crop", [(0, 0, 100, 10)], ("crop", [0, 12, 100, 80], 0.85)),
        # A box in the middle leaves less than the least share.
        ("crop", [(40, 30, 60, 50)], ("inpaint", None, 0.38)),
        ("crop", [(0, 0, 100, 80)], ("inpaint", None, 0.0)),
    ],
)
def test_what_becomes_of_a_picture(policy: str, boxes: list, expected: tuple) -> None:
    regions = [Region(box, "text", 0.9, sure=True) for box in boxes]
    assert decide(regions, 100, 80, Text(policy=policy)) == expected
    hints = [region._replace(sure=False) for region in regions]
    assert decide(hints, 100, 80, Text(policy=policy)) == ("none", None, None)


def test_only_likely_regions_are_cut_away() -> None:
    likely = Region((0, 0, 100, 10), "banner", 0.8, sure=True)
    faint = Region((60, 40, 70, 50), "text", 0.3, sure=True)
    settings = Text(policy="crop")
    assert decide([likely, faint], 100, 80, settings) == ("crop", [0, 12, 100, 80], 0.85)
    assert decide([faint], 100, 80, settings) == ("inpaint", None, 1.0)


def test_particles_lost_to_a_crop_are_counted() -> None:
    labels = np.zeros((80, 100), dtype=np.int32)
    labels[0:10, 0:10], labels[40:50, 40:70] = 1, 2
    assert particle_loss(labels, None) == 0
    assert particle_loss(labels, [0, 10, 100, 80]) == pytest.approx(0.25)
    assert particle_loss(np.zeros_like(labels), [0, 10, 100, 80]) == 0


def test_pairs_are_as_many_as_possible() -> None:
    true = [(0, 0, 10, 10), (4, 0, 14, 10)]
    # The first found box fits both; greedy pairing by overlap would leave one out.
    found = [(3, 0, 13, 10), (5, 0, 16, 10)]
    assert sorted(pairs(found, true, 0.3)) == [(0, 0), (1, 1)]
    assert pairs([], true, 0.3) == [] and pairs(found, [], 0.3) == []
    assert overlap(found, []).shape == (2, 0)


def micrograph(path: str, **values: object) -> dict[str, object]:
    row = dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "path": path, "image_id": path}
    return row | values


def test_a_picture_that_cannot_be_read_is_a_row_and_is_rejected(tmp_path: Path) -> None:
    Image.new("L", (100, 80), 90).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    rows = [micrograph(str(tmp_path / name)) for name in ("good.png", "bad.png")]
    rows.append(micrograph("never looked at", status="rejected", reason="blurred"))

    def find(pixels: np.ndarray) -> list[Region]:
        assert pixels.shape == (80, 100)
        sure = Region((0, 70, 100, 80), "banner", 0.9, sure=True, reading="5 kV")
        return [sure, Region((0, 0, 9, 9), "scale_bar", 0.5, reading="")]

    found = list(search(rows[:2], find, Text(policy="crop")))
    write_table(found, tmp_path / "text.parquet", TEXT)
    found = read_rows(tmp_path / "text.parquet", TEXT)
    assert found[0]["crop_box"] == [0, 0, 100, 68] and found[0]["sure"] == [True, False]
    assert found[0]["classes"] == ["banner", "scale_bar"] and found[0]["readings"] == ["5 kV", ""]
    assert "not an image" in found[1]["failure"] and found[1]["boxes"] is None
    good, bad, other = add_text(rows, found)
    assert good["text_policy"] == "crop" and good["text_boxes"] == [[0, 70, 100, 80]]
    assert bad["status"] == "rejected" and "not an image" in bad["reason"]
    assert other == rows[2]
    with pytest.raises(TableError, match="all shards"):
        add_text(rows, found[:1])


@needs("EMPS")
def test_the_hand_labels_lie_in_their_pictures() -> None:
    with LABELS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    halves = {half: {r["image"] for r in rows if r["half"] == half} for half in ("tune", "test")}
    assert len(halves["tune"]) == len(halves["test"]) == 30
    assert not halves["tune"] & halves["test"]
    for row in rows:
        if row["class"] == "none":
            continue
        with Image.open(EMPS / "images" / f"{row['image']}.png") as image:
            width, height = image.size
        x0, y0, x1, y1 = (int(row[edge]) for edge in ("x0", "y0", "x1", "y1"))
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height


def test_pictures_whose_text_cannot_be_read_are_rejected(tmp_path: Path) -> None:
    rows = [
        dict.fromkeys(MICROGRAPHS.names) | {"image_id": name, "path": name, "status": status}
        for name, status in [("a", "kept"), ("b", "kept"), ("c", "kept"), ("d", "rejected")]
    ]
    said = [
        ("a", False, None, None),
        ("b", True, "the scale bar", None),
        ("c", None, None, "late"),
    ]
    told = [
        dict.fromkeys(LEGIBILITY.names)
        | {"image_id": name, "annotator": "x", "illegible": bad, "comment": why, "failure": fault}
        for name, bad, why, fault in said
    ]
    names = [tmp_path / f"{name}.parquet" for name in ("merged", "legible", "out")]
    write_table(rows, names[0], MICROGRAPHS)
    write_table(told, names[1], LEGIBILITY)
    words = ["--micrographs", str(names[0]), "--legible", str(names[1]), "--out", str(names[2])]
    assert main(["curation", "finish", *words]) == 0
    found = read_rows(names[2], MICROGRAPHS)
    assert [row["status"] for row in found] == ["kept", "rejected", "kept", "rejected"]
    assert found[1]["reason"] == "embedded text illegible (said x: the scale bar)"
    with pytest.raises(TableError, match="all shards"):
        reject_illegible(rows, told[:1])
