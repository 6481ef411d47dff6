"""Scores of every kind of micrograph: by hand, and through the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.benchmarks.segmentation.every_micrograph.cases import find_picture, read_cases
from micrographia.benchmarks.segmentation.every_micrograph.scores import (
    count_is_right,
    count_merged,
    drop_ignored,
    score_drawn,
)
from micrographia.cli import main
from micrographia.errors import MicrographiaError, TableError
from micrographia.io.datasets.counted import Counted
from micrographia.io.datasets.painted import Painted
from micrographia.io.images import write_labels
from micrographia.io.label_masks import overlaps
from micrographia.io.schemas import EVERY_MICROGRAPH_SCORES, PREDICTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import read_rows, write_table


def test_half_in_an_ignored_region_is_left_out_and_less_is_not() -> None:
    predicted = np.array([[1, 1, 2, 2, 2], [0, 3, 3, 0, 0]])
    ignored = np.array([[0, 1, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
    kept, dropped = drop_ignored(predicted, ignored)
    assert kept.tolist() == [[0, 0, 2, 2, 2], [0, 0, 0, 0, 0]]
    assert dropped == 2


def test_false_positives_count_only_where_the_picture_is_judged() -> None:
    """Two objects, one found; one false positive beside an ignored region, one in it."""
    labels = np.zeros((4, 8), np.int32)
    labels[0, :4], labels[1, :4] = 1, 2
    ignored = np.zeros((4, 8), bool)
    ignored[3] = True
    predicted = np.zeros((4, 8), np.int32)
    predicted[0, :3], predicted[2, :4], predicted[3, :4] = 7, 8, 9
    scores = score_drawn(predicted, Painted((), labels, ignored))
    assert (scores["n_true"], scores["n_predicted"], scores["n_ignored"]) == (2, 2, 1)
    assert scores["n_found"] == 1
    assert scores["ap50"] == pytest.approx(1 / 3)
    # IoU 0.75: above 0.5, 0.55 … 0.7, five of ten thresholds.
    assert scores["ap50_95"] == pytest.approx(5 / 10 / 3)
    assert scores["recall50"] == 0.5


def test_objects_are_merged_when_one_prediction_takes_them_and_none_is_its_partner() -> None:
    """6 + 6 px in one prediction of 12: IoU 0.5 each, no partner; and 8 + 3 px: one is found."""
    true = np.array([[1] * 6 + [2] * 6, [3] * 8 + [4] * 3 + [0]])
    assert count_merged(overlaps(true, np.array([[1] * 12, [2] * 11 + [0]]))) == 3
    # Half of the second object is not more than half, and 3 and 4 are found.
    assert count_merged(overlaps(true, np.array([[1] * 9 + [0] * 3, [2] * 8 + [3] * 4]))) == 0


def test_a_picture_where_all_is_ignored_asks_for_nothing() -> None:
    nothing = np.zeros((2, 2), np.int32)
    true = Painted((), nothing, np.ones((2, 2), bool))
    scores = score_drawn(np.ones((2, 2), np.int32), true)
    assert (scores["ap50"], scores["recall50"], scores["n_ignored"]) == (1.0, 1.0, 1)


def test_a_mask_of_another_size_is_refused() -> None:
    nothing = np.zeros((2, 3), np.int32)
    with pytest.raises(ValueError, match=r"\(3, 2\), the picture \(2, 3\)"):
        score_drawn(nothing.T, Painted((), nothing, nothing > 0))


@pytest.mark.parametrize(
    ("number", "right"), [(74, False), (75, True), (125, True), (126, False), (0, False)]
)
def test_a_count_within_a_quarter(number: int, right: bool) -> None:
    assert count_is_right(number, Counted("a", "rods", "choose", 100, 99, 101)) is right


def test_a_count_in_the_range_of_a_careful_person() -> None:
    truth = Counted("a", "rods", "choose", 4, 2, 9)
    assert [count_is_right(n, truth) for n in (1, 2, 9, 10)] == [False, True, True, False]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of 20 x 10: two drawn, one of each article, one counted, one empty."""
    (tmp_path / "set").mkdir()
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((10, 20), np.uint8)).save(tmp_path / "images" / name)
    corners = [[0, 0], [4, 0], [4, 4], [0, 4]]
    line = {"part": "choose", "instance": 1, "depth": 0, "polygon": corners}
    lines = [{**line, "file": "a.png", "kind": "rod"}, {**line, "file": "b.png", "kind": "giant"}]
    lines.append({**lines[0], "instance": 2, "polygon": [[8, 0], [12, 0], [12, 4], [8, 4]]})
    (tmp_path / "set" / "all.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "set" / "counts.csv").write_text(
        "file,class_of_objects,count,low,high,part\nc.png,wires,3,3,3,choose\n"
    )
    (tmp_path / "set" / "nothing.csv").write_text("file\nfoils/d.png\n")
    (tmp_path / "articles.csv").write_text("image,doi\na.png,one\nb.png,two\nd.png,four\n")
    masks = tmp_path / "masks"
    found = np.zeros((10, 20), np.int32)
    write_labels(masks / "d.png", found)
    found[:4, :4] = 1
    write_labels(masks / "a.png", found)
    found[9, 9], found[9, 11] = 2, 3
    write_labels(masks / "c.png", found)
    return tmp_path


def command(folder: Path, *more: str) -> int:
    return main(
        [
            "benchmarks", "every-micrograph", str(folder / "set"),
            "--images", str(folder), str(folder / "images"),
            "--predictions", str(folder / "masks"), "--articles", str(folder / "articles.csv"),
            "--out", str(folder / "scores.json"), *more,
        ]
    )  # fmt: skip


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(folder) == 0
    result = json.loads((folder / "scores.json").read_text())
    assert (result["name"], result["n"], result["n_failed"]) == ("every_micrograph", 4, 1)
    values = {(row["metric"], row["group"]): row for row in result["metrics"]}
    assert values["AP@0.5", "rod"]["value"] == 0.5
    assert values["AP@0.5", "giant"]["value"] == 0.0  # no mask of b.png: a failure
    assert values["AP@0.5", "giant"]["n_failed"] == 1
    assert values["AP@0.5", "drawn"]["value"] == 0.25
    assert values["count right", "wires"]["value"] == 1.0
    assert values["nothing found", "empty"]["value"] == 1.0
    rows = read_rows(folder / "scores.parquet", EVERY_MICROGRAPH_SCORES)
    by_file = {row["file"]: row for row in rows}
    assert by_file["a.png"]["article"] == "one"
    assert by_file["b.png"]["failure"] == "There is no predicted mask b.png."
    counted = by_file["c.png"]
    assert (counted["n_true"], counted["n_predicted"], counted["right"]) == (3, 3, True)
    printed = capsys.readouterr().out
    assert "| rod | 1 | 1 | 2 | 1 | 0 | 0.500 (0.500 to 0.500) |" in printed
    assert "| count right | counted | 1 | 1.000 (1.000 to 1.000) |" in printed


def test_a_half_of_the_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The CRC-32 of `four`, 2428593789, is odd: the empty picture is of the half `score`."""
    assert command(folder, "--part", "choose") == 0
    rows = read_rows(folder / "scores.parquet", EVERY_MICROGRAPH_SCORES)
    assert [row["file"] for row in rows] == ["a.png", "b.png", "c.png"]
    assert json.loads((folder / "scores.json").read_text())["part"] == "choose"
    assert command(folder, "--part", "score") == 0
    rows = read_rows(folder / "scores.parquet", EVERY_MICROGRAPH_SCORES)
    assert [row["file"] for row in rows] == ["foils/d.png"]
    (folder / "set" / "nothing.csv").unlink()
    assert command(folder, "--part", "score") == 2
    assert "has no picture in the half score" in capsys.readouterr().err


def test_what_predict_tells_is_used(folder: Path) -> None:
    """Its method, why a picture failed, and whether training saw it."""
    told = [
        {"path": "a.png", "mask": "a.png", "seen": "train"},
        {"path": "b.png", "failure": "it broke"},
    ]
    rows = [{**blank(PREDICTIONS), "method": "unet-small", **row} for row in told]
    write_table(rows, folder / "masks" / "predictions.parquet", PREDICTIONS)
    write_labels(folder / "masks" / "b.png", np.ones((10, 20), np.int32))  # of an earlier run
    assert command(folder) == 0
    result = json.loads((folder / "scores.json").read_text())
    assert result["metrics"][0]["method"] == "unet-small"
    assert result["n_seen_in_training"] == 1
    scores = read_rows(folder / "scores.parquet", EVERY_MICROGRAPH_SCORES)
    broken = next(row for row in scores if row["file"] == "b.png")
    assert (broken["failure"], broken["n_predicted"]) == ("it broke.", None)


def test_masks_of_two_methods_or_none_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**blank(PREDICTIONS), "method": name, "path": "a.png"} for name in "xy"]
    write_table(rows, folder / "masks" / "predictions.parquet", PREDICTIONS)
    assert command(folder) == 2
    assert "exactly one method" in capsys.readouterr().err
    assert command(folder, "--predictions", str(folder / "images" / "none")) == 2
    assert "contains no predicted mask" in capsys.readouterr().err


def test_pictures_with_one_name_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "set" / "nothing.csv").write_text("file\nfoils/a.jpg\n")
    (folder / "articles.csv").write_text("image,doi\n")
    assert command(folder) == 2
    assert "a.png and foils/a.jpg have the same name" in capsys.readouterr().err


def test_a_picture_that_is_drawn_is_not_empty(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two who labelled the set did not agree; what was drawn is there."""
    (folder / "set" / "nothing.csv").write_text("file\nfoils/d.png\nimages/a.png\n")
    cases = read_cases(folder / "set", {})
    assert [case.file for case in cases if case.truth is None] == ["foils/d.png"]
    assert "images/a.png is drawn or counted, too" in caplog.text


def test_an_article_in_both_halves_is_refused(folder: Path) -> None:
    (folder / "set" / "counts.csv").write_text(
        "file,class_of_objects,count,low,high,part\nc.png,wires,3,3,3,score\n"
    )
    with pytest.raises(TableError, match=r"one article, one, and in both halves"):
        read_cases(folder / "set", {"a.png": "one", "c.png": "one"})


def test_a_missing_picture_is_no_failure_of_the_method(folder: Path) -> None:
    with pytest.raises(MicrographiaError, match=r"z.png of the set is missing.*--images"):
        find_picture("z.png", [folder])
