"""Text regions on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from micrographia.config import WorkflowConfig
from micrographia.io.schemas import MICROGRAPHS
from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Block, Fold, pruned
from micrographia.report.sections import text


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


def told(results: Results, config: dict[str, Any] | None = None) -> tuple[Block, ...]:
    (part,) = pruned((text.part(results, 4, config, Beside(None)),)) or (None,)
    return part.blocks if part is not None else ()


def test_regions_and_crop_are_drawn_and_counted(tmp_path: Path) -> None:
    words, fold = told(results_of(tmp_path))
    assert words.text == (
        "3 pictures were searched for text: 2 of them have 3 text regions. Later steps see "
        "1 picture cut to a part without text, 1 picture with the text painted over."
    )
    (gallery,) = fold.blocks
    (picture,) = gallery.pictures  # the other file is no longer there
    assert picture.name == "a.png" and picture.lines == ("1 text region",)
    # In half pixels of a picture that is shown in its own size, 200 x 100.
    assert [(one.kind, one.path) for one in picture.outlines] == [
        ("unmatched", "M0 180H400V200H0Z"),
        ("matched", "M0 0H400V176H0Z"),
    ]
    assert len(gallery.key) == 2


def test_a_run_without_text_says_so(tmp_path: Path) -> None:
    results = results_of(tmp_path)
    assert results.micrographs is not None
    (words,) = told(Results(tmp_path, micrographs=results.micrographs.iloc[1:2]))
    assert words.text == "1 picture was searched for text; none was found."


def test_nothing_is_told_where_text_was_not_looked_for(tmp_path: Path) -> None:
    table = pd.DataFrame([dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "path": "a"}])
    assert told(Results(tmp_path, micrographs=table)) == ()
    assert told(Results(tmp_path)) == ()


def test_the_training_curve_of_ones_own_detector_is_folded(tmp_path: Path) -> None:
    weights = tmp_path / "detector.safetensors"
    config = {"curation": {"text": {"weights": str(weights)}}}
    epochs = [{"class_loss": 2.0, "map50": None}, {"class_loss": 1.0, "map50": 0.6}]
    described = {"curves": {"closeup": epochs[:1], "train": epochs[1:]}}
    weights.with_suffix(".json").write_text(json.dumps(described))
    fold = told(results_of(tmp_path), config)[-1]
    assert isinstance(fold, Fold) and not fold.opened
    (chart,) = fold.blocks
    assert "<svg" in chart.svg and "over 2 epochs" in chart.caption
    weights.with_suffix(".json").write_text("{}")
    assert len(told(results_of(tmp_path), config)) == 2
    shipped = {"curation": {"text": {"weights": str(WorkflowConfig().curation.text.weights)}}}
    assert len(told(results_of(tmp_path), shipped)) == 2
