"""Text regions marked by people, and a detector that learns from them which proposals count."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from needed import EMPS, needs

from micrographia.cli import main
from micrographia.config import LabelledText, Text
from micrographia.curation.text.labels import labelled_pictures, read_text_labels
from micrographia.errors import MicrographiaError
from micrographia.io.resources import find_resource

ROOT = Path(__file__).parents[4]
HEADER = "image,x0,y0,x1,y1,class,half\n"


def test_labels_are_read_by_picture(tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(
        HEADER + "a,1,2,30,12,text,tune\na,5,40,60,52,scale_bar,tune\nb,,,,,none,test\n"
    )
    labels = read_text_labels(table)
    assert labels["a"].boxes == [(1, 2, 30, 12), (5, 40, 60, 52)]
    assert labels["b"].half == "test" and not labels["b"].regions
    table.write_text(HEADER + "a,1,2,wide,12,text,tune\n")
    with pytest.raises(MicrographiaError, match=r"line 2.*wide"):
        read_text_labels(table)
    for line in ("a,1,2", "a,1,2,inf,4,text,tune", "a,9,2,1,4,text,tune"):
        table.write_text(HEADER + line + "\n")
        with pytest.raises(MicrographiaError, match="line 2"):
            read_text_labels(table)
    table.write_text(HEADER + "a,1,2,3,4,text,tune\na,1,2,3,4,text,test\n")
    with pytest.raises(MicrographiaError, match=r"line 3.*one half"):
        read_text_labels(table)
    table.write_text("image,x0,y0,x1,y1\n")
    with pytest.raises(MicrographiaError, match="has no column class, half"):
        read_text_labels(table)


@needs("EMPS")
def test_shipped_labels_keep_articles_apart() -> None:
    rows = (EMPS / "sources.csv").read_text().splitlines()[1:]
    article = {row.split(",")[0].removesuffix(".png"): row.split(",")[1] for row in rows}
    labels = read_text_labels(ROOT / "tests/data/emps_text_boxes.csv")
    tested = {article[name] for name, found in labels.items() if found.half == "test"}
    learnt = {article[name] for name, found in labels.items() if found.half in ("tune", "more")}
    assert len(labels) == 215 and not tested & learnt
    for name, found in labels.items():
        height, width = cv2.imread(str(EMPS / "images" / f"{name}.png"), 0).shape
        assert all(
            0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height for x0, y0, x1, y1 in found.boxes
        )


@pytest.mark.slow
@needs("ultralytics")
def test_a_detector_learns_from_labelled_pictures(tmp_path: Path) -> None:
    from micrographia.curation.text.network import load_detector

    rng = np.random.default_rng(5)
    rows = []
    for number in range(5):
        picture = rng.normal(90, 6, (240, 320)).clip(0, 255).astype(np.uint8)
        cv2.circle(picture, (160, 110), 40, 160, -1)
        cv2.putText(picture, "100 nm", (20, 225), cv2.FONT_HERSHEY_DUPLEX, 0.8, 255, 2)
        # Just as crisp, and said to be none.
        cv2.putText(picture, "nano", (220, 40), cv2.FONT_HERSHEY_DUPLEX, 0.8, 255, 2)
        cv2.imwrite(str(tmp_path / f"p{number}.png"), picture)
        rows.append(f"p{number},18,200,122,230,scale_bar,mine\n")
    table = tmp_path / "boxes.csv"
    table.write_text(HEADER + "".join(rows))
    labelled = {"images": str(tmp_path), "boxes": str(table)}
    settings = LabelledText.model_validate({**labelled, "halves": ["other"]})
    assert list(labelled_pictures(settings)) == []
    out = tmp_path / "mine.safetensors"
    weights = find_resource(Text().weights)
    words = ["curation", "choose-text", "--weights", str(weights), "--out", str(out)]
    assert main([*words, "--settings", "{}"]) == 2 and not out.exists()
    assert main([*words, "--settings", json.dumps({"labelled": labelled})]) == 0
    assert out.read_bytes() == weights.read_bytes()
    pixels = cv2.imread(str(tmp_path / "p0.png"), 0)
    before = load_detector(weights, Text(min_score=0.3))(pixels)
    after = load_detector(out, Text(min_score=0.3))(pixels)
    assert any(region.box[0] > 200 for region in before)
    assert len(after) == 1 and after[0].box[0] < 40 and after[0].box[1] > 180
