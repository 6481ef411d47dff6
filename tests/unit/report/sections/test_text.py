"""Text regions on the page."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from micrographia.io.schemas import MICROGRAPHS
from micrographia.report.collect import Results
from micrographia.report.sections.text import section


def results_of(tmp_path: Path) -> Results:
    Image.new("L", (200, 100), 90).save(tmp_path / "a.png")
    base = dict.fromkeys(MICROGRAPHS.names) | {"status": "kept"}
    rows = [
        {"image_id": "1", "text_policy": "crop", "text_boxes": [[0, 90, 200, 100]]}
        | {"crop_box": [0, 0, 200, 88], "path": str(tmp_path / "a.png")},
        {"image_id": "2", "text_policy": "none", "text_boxes": [], "path": "b.png"},
        {"image_id": "3", "text_policy": "inpaint", "text_boxes": [[1, 1, 9, 9]] * 2}
        | {"path": "moved.png"},
        {"image_id": "4", "status": "rejected", "path": "c.png"},
    ]
    return Results(tmp_path, micrographs=pd.DataFrame([base | row for row in rows]))


def test_regions_and_crop_are_drawn_and_counted(tmp_path: Path) -> None:
    told = section(results_of(tmp_path), 4, None)
    assert told is not None
    assert (told["images"], told["with_text"], told["regions"]) == (3, 2, 3)
    assert told["policies"] == {"crop": 1, "inpaint": 1}
    (picture,) = told["pictures"]  # the other file is no longer there
    data = base64.b64decode(picture["image"].split(",")[1])
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert tuple(pixels[95, 0]) == (230, 84, 20) and tuple(pixels[40, 0]) == (0, 158, 115)
    assert told["training"] is None


def test_nothing_is_told_where_text_was_not_looked_for(tmp_path: Path) -> None:
    table = pd.DataFrame([dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "path": "a"}])
    assert section(Results(tmp_path, micrographs=table), 4, None) is None
    assert section(Results(tmp_path), 4, None) is None


def test_the_training_curve_comes_from_the_detectors_description(tmp_path: Path) -> None:
    weights = tmp_path / "detector.safetensors"
    config = {"curation": {"text": {"weights": str(weights)}}}
    epochs = [{"class_loss": 2.0, "map50": None}, {"class_loss": 1.0, "map50": 0.6}]
    described = {"curves": {"closeup": epochs[:1], "train": epochs[1:]}}
    weights.with_suffix(".json").write_text(json.dumps(described))
    told = section(results_of(tmp_path), 1, config)
    assert told is not None and told["training"].startswith("data:image/png")
    weights.with_suffix(".json").write_text("{}")
    told = section(results_of(tmp_path), 1, config)
    assert told is not None and told["training"] is None
