"""Segmenters side by side: scored on what no training saw, published figures beside them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from micrographia.benchmarks.published import published_rows
from micrographia.cli import main
from micrographia.errors import MicrographiaError
from micrographia.io.images import write_labels
from micrographia.io.schemas import PREDICTIONS, SEGMENTATION_SCORES, TRAINING_PICTURES
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import read_table, write_table


@pytest.fixture
def pictures(tmp_path):
    """Three real pictures held out, one learned from, and a procedural one held out."""
    rows = []
    for number, (source, split) in enumerate(
        [("real", "validation")] * 3 + [("real", "train"), ("procedural", "validation")]
    ):
        labels = np.zeros((20, 30), np.int32)
        labels[2:8, 2:8], labels[10:18, 12:28] = 1, 2
        Image.fromarray((labels * 90).astype(np.uint8)).save(tmp_path / f"{number}.png")
        write_labels(tmp_path / f"{number}-mask.png", labels)
        rows.append(
            {
                "path": str(tmp_path / f"{number}.png"),
                "mask_path": str(tmp_path / f"{number}-mask.png"),
                "source": source, "licence": "MIT", "group": str(number), "split": split,
                "n_instances": 2, "diameter_px": 9.0,
            }
        )  # fmt: skip
    write_table(rows, tmp_path / "pictures.parquet", TRAINING_PICTURES, {})
    return rows


def predictions(folder, rows, method, lost=()):
    """Right masks, with the second instance lost in some pictures; the last one failed."""
    rows = [row for row in rows if row["source"] == "real" and row["split"] == "validation"]
    told = []
    for number, row in enumerate(rows):
        labels = np.zeros((20, 30), np.int32)
        labels[2:8, 2:8] = 1
        if number not in lost:
            labels[10:18, 12:28] = 2
        failed = number == 2
        if not failed:
            write_labels(folder / f"{number}.png", labels)
        told.append(
            blank(PREDICTIONS)
            | {
                "image_id": f"id{number}", "path": row["path"], "method": method,
                "mask": None if failed else f"{number}.png", "n_instances": None,
                "seconds": 0.1, "failure": "it broke" if failed else None,
            }
        )  # fmt: skip
    write_table(told, folder / "predictions.parquet", PREDICTIONS, {})


def score(tmp_path, pictures, method, lost=()):
    folder = tmp_path / method
    folder.mkdir()
    predictions(folder, pictures, method, lost)
    out = tmp_path / f"segmentation_{method}.json"
    words = ["--pictures", str(tmp_path / "pictures.parquet"), "--predictions", str(folder)]
    verb = ["benchmarks", "score-segmenter", *words, "--method", method, "--out", str(out)]
    assert main(verb) == 0
    return out


def value(result, metric, group, method):
    keys = {"metric": metric, "group": group, "method": method}
    return next(
        row["value"] for row in result["metrics"] if all(row[k] == v for k, v in keys.items())
    )


def test_what_was_held_out_is_scored_and_compared(tmp_path, pictures):
    results = [score(tmp_path, pictures, "stardist", lost=(1,)), score(tmp_path, pictures, "best")]
    table = read_table(results[0].with_suffix(".parquet"), SEGMENTATION_SCORES)
    assert table["path"].tolist() == [row["path"] for row in pictures[:3]]
    assert table["failure"].tolist()[2] == "it broke"
    out = tmp_path / "segmentation_methods.json"
    assert main(["benchmarks", "compare-segmenters", *map(str, results), "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    # One picture right, one half right, one failed: failures count as 0.
    assert value(result, "AP@0.5", "all", "stardist") == pytest.approx((1 + 0.5 + 0) / 3)
    assert value(result, "AP@0.5", "all", "best") == pytest.approx(2 / 3)
    assert result["n"] == 3 and result["n_failed"] == 2
    assert "not measured again" in result["published"]["note"]
    assert out.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    first = out.read_bytes(), out.with_suffix(".png").read_bytes()
    main(["benchmarks", "compare-segmenters", *map(str, results), "--out", str(out)])
    assert (out.read_bytes(), out.with_suffix(".png").read_bytes()) == first


def test_results_of_different_pictures_are_not_compared(tmp_path, pictures, capsys):
    first = score(tmp_path, pictures, "one")
    changed = [row | ({"split": "train"} if n == 0 else {}) for n, row in enumerate(pictures)]
    write_table(changed, tmp_path / "pictures.parquet", TRAINING_PICTURES, {})
    other = score(tmp_path, changed, "other")
    out = str(tmp_path / "all.json")
    assert main(["benchmarks", "compare-segmenters", str(first), str(other), "--out", out]) != 0
    assert "from different pictures" in capsys.readouterr().err
    assert main(["benchmarks", "compare-segmenters", str(first), str(first), "--out", out]) != 0
    assert "same method" in capsys.readouterr().err


def test_a_method_without_predictions_fails_everywhere(tmp_path, pictures):
    out = score(tmp_path, pictures, "one")
    words = [
        "--pictures",
        str(tmp_path / "pictures.parquet"),
        "--predictions",
        str(tmp_path / "one"),
    ]
    verb = ["benchmarks", "score-segmenter", *words, "--method", "two", "--out", str(out)]
    assert main(verb) == 0
    result = json.loads(out.read_text())
    assert result["n_failed"] == 3 and value(result, "PQ@0.5", "all", "two") == 0


def test_nothing_was_held_out(pictures):
    import pandas as pd

    from micrographia.benchmarks.segmentation.methods import score_held_out

    table = pd.DataFrame([row | {"split": "train"} for row in pictures])
    with pytest.raises(MicrographiaError, match="no held-out picture"):
        score_held_out(table, None, pd.DataFrame(columns=["method", "path"]), "one")


def test_published_figures_of_the_paper():
    """UniEM-3M, table 2; dense pictures were given to five of the ten methods."""
    rows = published_rows("segmentation")
    figures = {(row["system"], row["group"], row["metric"]): row["value"] for row in rows}
    assert len(rows) == len(figures) == 30
    assert figures["UniEM-Net", "sparse", "AP@0.5"] == 0.824
    assert figures["Cellpose-SAM", "dense", "PQ@0.5"] == 0.7
    assert ("Mask R-CNN", "dense", "AP@0.5") not in figures
    assert all("UniEM-3M table 2" in row["source"] for row in rows)
