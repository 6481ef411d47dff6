"""The segmentation benchmark on files: nothing that fails may be skipped."""

from __future__ import annotations

import json

import numpy as np
import pytest

from micrographia.benchmarks.segmentation.scores import (
    score_files,
    score_image,
    summarise,
    table_of,
)
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.io.images import write_labels
from micrographia.io.schemas import MICROGRAPHS, PREDICTIONS, SEGMENTATION_SCORES
from micrographia.io.tables import read_table, write_table

FEW = json.dumps({"bootstrap": 100})


def squares(*corners, shape=(40, 40), side=8):
    mask = np.zeros(shape, np.int32)
    for label, (y, x) in enumerate(corners, start=1):
        mask[y : y + side, x : x + side] = label
    return mask


TRUE = squares((0, 0), (0, 20), (20, 0), (20, 20))
HALF = squares((0, 0), (20, 20))


@pytest.fixture
def folders(tmp_path):
    """References a, b, c, d; a is right, b has half, c has no prediction, d another shape."""
    for name in "abcd":
        write_labels(tmp_path / "ref" / f"{name}.png", TRUE)
    write_labels(tmp_path / "pred" / "a.tif", TRUE)
    write_labels(tmp_path / "pred" / "b.png", HALF)
    write_labels(tmp_path / "pred" / "d.png", TRUE[:-1])
    write_labels(tmp_path / "pred" / "unasked.png", TRUE)
    (tmp_path / "pred" / "predictions.parquet").write_bytes(b"not a mask")
    return tmp_path / "pred", tmp_path / "ref"


def run_folders(capsys, pred, ref):
    status = main(
        ["benchmarks", "segmentation", str(pred), str(ref), "--settings", FEW, "--seed", "1"]
    )
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_folders(folders, capsys):
    status, out, err = run_folders(capsys, *folders)
    result = json.loads(out)
    assert status == 0
    assert result["ap50"] == pytest.approx((1 + 0.5 + 0 + 0) / 4)
    assert result["ap50_95"] == pytest.approx((1 + 0.5 + 0 + 0) / 4)
    assert result["pq50"] == pytest.approx((1 + 2 / 3 + 0 + 0) / 4)
    assert (result["n"], result["n_failed"]) == (4, 2)
    assert result["failures"]["c"] == "no prediction"
    assert "shapes differ" in result["failures"]["d"]
    assert result["unused_predictions"] == ["unasked"] and "unasked" in err
    low, high = result["intervals"]["ap50"]
    assert 0 <= low < result["ap50"] < high <= 1
    assert result["groups"]["sparse"]["ap50"]["n"] == 4
    assert result["groups"]["dense"]["ap50"] == {
        "value": None, "low": None, "high": None, "n": 0, "n_failed": 0,
    }  # fmt: skip


def test_damaged_prediction_counts_as_zero(folders, capsys):
    pred, ref = folders
    (pred / "a.tif").write_bytes(b"II*\0 cut short")
    _, out, _ = run_folders(capsys, pred, ref)
    assert json.loads(out)["n_failed"] == 3
    assert json.loads(out)["ap50"] == pytest.approx(0.5 / 4)


def test_folders_without_a_common_name(folders, tmp_path, capsys):
    write_labels(tmp_path / "other" / "z.png", TRUE)
    status, out, err = run_folders(capsys, tmp_path / "other", folders[1])
    assert (status, out) == (2, "")
    assert "has the name of a reference" in err


def test_absent_empty_and_ambiguous_folders(folders, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert "does not exist" in run_folders(capsys, tmp_path / "nowhere", folders[1])[2]
    assert "contains no prediction mask" in run_folders(capsys, tmp_path / "empty", folders[1])[2]
    write_labels(folders[0] / "a.png", TRUE)
    assert "share a name" in run_folders(capsys, *folders)[2]


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Five kept micrographs: right, half, failed, without row, without truth; one rejected."""
    monkeypatch.chdir(tmp_path)
    write_labels("truth/t.png", TRUE)
    write_labels("shard/good.png", TRUE)
    write_labels("shard/half.png", HALF)
    rows = []
    for name in ("good", "half", "failed", "absent", "blind", "rejected"):
        row = dict.fromkeys(MICROGRAPHS.names)
        row.update(
            image_id=name,
            path=f"images/{name}.png",
            mask_path=None if name == "blind" else "truth/t.png",
            status="rejected" if name == "rejected" else "kept",
        )
        rows.append(row)
    write_table(rows, "micrographs.parquet", MICROGRAPHS)
    answers = [
        {"image_id": "good", "mask": "good.png", "failure": None},
        {"image_id": "half", "mask": "half.png", "failure": None},
        {"image_id": "failed", "mask": None, "failure": "the picture is torn"},
    ]
    empty = dict.fromkeys(PREDICTIONS.names)
    write_table(
        [{**empty, "method": "watershed", **answer} for answer in answers]
        + [{**empty, "image_id": "absent", "mask": "good.png", "method": "another"}],
        "shard/predictions.parquet",
        PREDICTIONS,
    )
    return tmp_path


def run_tables(out, *words):
    words = words or ("--method", "watershed")
    return main(
        ["benchmarks", "score-segmentation", "--micrographs", "micrographs.parquet",
         "--predictions", "shard", "--settings", FEW, "--seed", "1", "--out", str(out), *words]
    )  # fmt: skip


def test_of_several_methods_one_must_be_named(tables, capsys):
    assert run_tables(tables / "out.json", "--seed", "2") == 2
    assert "saw another, watershed" in capsys.readouterr().err.replace("'", "").lower()


def test_tables(tables):
    assert run_tables(tables / "results" / "segmentation.json") == 0
    result = json.loads((tables / "results" / "segmentation.json").read_text())
    assert (result["n"], result["n_failed"], result["n_without_truth"]) == (4, 2, 1)
    found = {(row["metric"], row["group"]): row for row in result["metrics"]}
    assert len(found) == 4 * 3 + 5 + 3
    assert found["AP@0.5", "below 10"]["n"] == 4
    assert found["AP@0.5", "small"]["value"] == pytest.approx(1.5 / 4)
    assert found["AP@0.5", "large"]["n"] == 0
    # Of the outlines of 87 px, the border counting as none, 43 are found.
    assert found["boundary F", "all"]["value"] == pytest.approx((1 + 2 * 43 / (43 + 87)) / 4)
    assert found["AP@0.5", "all"]["value"] == pytest.approx(1.5 / 4)
    assert found["AP@0.5", "sparse"]["n_failed"] == 2
    assert found["AP@0.5", "dense"]["value"] is None
    scores = read_table(tables / "results" / "segmentation.parquet", SEGMENTATION_SCORES)
    reasons = scores.set_index("image_id")["failure"]
    assert reasons["failed"] == "the picture is torn"
    assert reasons["absent"] == "no prediction"
    assert (tables / "results" / "segmentation.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_of_the_training_are_counted_and_warned_of(tables, capsys):
    assert run_tables(tables / "out.json") == 0
    assert json.loads((tables / "out.json").read_text())["n_seen_in_training"] == 0
    assert "training" not in capsys.readouterr().err
    rows = read_table("shard/predictions.parquet")
    rows["seen"] = [{"good": "train", "half": "validation"}.get(i) for i in rows["image_id"]]
    write_table(rows, "shard/predictions.parquet", PREDICTIONS)
    assert run_tables(tables / "out.json") == 0
    assert json.loads((tables / "out.json").read_text())["n_seen_in_training"] == 2
    warning = "2 of 3 pictures were used in the training of watershed"
    assert warning in capsys.readouterr().err
    write_labels("truth2/good.png", TRUE)
    assert main(["benchmarks", "segmentation", "shard", "truth2", "--settings", FEW]) == 0
    assert warning in capsys.readouterr().err


def test_same_input_same_bytes(tables):
    for folder in ("one", "two"):
        run_tables(tables / folder / "segmentation.json")
    for suffix in ("json", "parquet", "png"):
        name = f"segmentation.{suffix}"
        assert (tables / "one" / name).read_bytes() == (tables / "two" / name).read_bytes()


def test_no_truth_at_all_is_said_not_raised(tables):
    micrographs = read_table("micrographs.parquet")
    micrographs["mask_path"] = None
    write_table(micrographs, "micrographs.parquet", MICROGRAPHS)
    assert run_tables(tables / "segmentation.json") == 0
    result = json.loads((tables / "segmentation.json").read_text())
    assert (result["n"], result["n_without_truth"]) == (0, 5)
    assert [row["value"] for row in result["metrics"]] == [None] * 20
    assert (tables / "segmentation.png").exists()


def test_unreadable_truth_is_a_failure_not_an_end(tables):
    (tables / "truth" / "t.png").write_bytes(b"\x89PNG nothing")
    assert run_tables(tables / "segmentation.json") == 0
    assert json.loads((tables / "segmentation.json").read_text())["n_failed"] == 4


def test_density_divides_at_a_hundred():
    numbered = np.arange(1, 101).reshape(10, 10)
    assert score_image(numbered, numbered)["density"] == "dense"
    numbered[0, 0] = 0
    assert score_image(numbered, numbered)["density"] == "sparse"


def test_a_failure_counts_as_zero_whatever_its_row_holds():
    row = dict.fromkeys(SEGMENTATION_SCORES.names)
    good = {**row, **score_image(TRUE, TRUE)}
    scores = table_of([good, {**good, "failure": "late"}])
    entry = summarise(scores, Benchmarks(bootstrap=100), seed=1)["AP@0.5"]["all"]
    assert (entry["value"], entry["n"], entry["n_failed"]) == (0.5, 2, 1)


def test_all_failed():
    row = {**dict.fromkeys(SEGMENTATION_SCORES.names), "failure": "x"}
    entry = summarise(table_of([row, row]), Benchmarks(bootstrap=100), seed=1)["PQ@0.5"]["all"]
    assert (entry["value"], entry["n_failed"]) == (0.0, 2)


def test_missing_prediction_table_is_named(tables, capsys):
    (tables / "shard" / "predictions.parquet").unlink()
    assert run_tables(tables / "segmentation.json") == 2
    assert "predictions.parquet does not exist" in capsys.readouterr().err


def test_sizes_and_densities_are_apart():
    true = squares((0, 0), (0, 150), shape=(300, 300), side=100)  # two large ones
    true[200:208, 0:8] = 3
    true[200:208, 20:28] = 4
    found = np.where(true == 4, 0, true)  # one small one is lost
    found[250:300, 200:250] = 9  # and a medium one made up
    row = score_image(found, true)
    assert (row["ap50_small"], row["ap50_medium"], row["ap50_large"]) == (0.5, 0.0, 1.0)
    assert score_image(true, true)["ap50_medium"] is None
    numbered = np.arange(1, 321).reshape(16, 20)
    scores = table_of(
        [
            {**dict.fromkeys(SEGMENTATION_SCORES.names), **score_image(*masks)}
            for masks in ((found, true), (true, true), (numbered, numbered))
        ]
    )
    groups = summarise(scores, Benchmarks(bootstrap=100), seed=1)["AP@0.5"]
    told = {name: (entry["n"], entry["value"]) for name, entry in groups.items() if entry["n"]}
    assert told.pop("all") == (3, pytest.approx((3 / 5 + 2) / 3))
    assert told == {
        "sparse": (2, pytest.approx(0.8)), "dense": (1, 1.0),
        "below 10": (2, pytest.approx(0.8)), "from 300": (1, 1.0),
        "small": (3, pytest.approx(2.5 / 3)), "medium": (1, 0.0), "large": (2, 1.0),
    }  # fmt: skip


def test_failures_count_in_the_sizes_that_were_there(tmp_path):
    true = squares((0, 0), shape=(60, 60), side=50)
    write_labels(tmp_path / "t.png", true)
    identity = {"image_id": "a", "path": "a.png", "method": "m"}
    lost = score_files(tmp_path / "t.png", None, identity=identity)
    assert (lost["ap50_small"], lost["ap50_medium"], lost["ap50_large"]) == (None, 0.0, None)
    torn = score_files(tmp_path / "absent.png", None, identity=identity)
    groups = summarise(table_of([lost, torn]), Benchmarks(bootstrap=100), seed=1)["AP@0.5"]
    assert [groups[name]["n"] for name in ("small", "medium", "large")] == [1, 2, 1]
    assert groups["medium"]["value"] == 0 and groups["medium"]["n_failed"] == 2


@pytest.mark.parametrize("value", [1, 255])
def test_a_binary_mask_is_no_truth(tmp_path, value):
    """Which of its particles touch is unknown: a score against its parts would be of those."""
    binary = np.where(TRUE > 0, value, 0)
    write_labels(tmp_path / "true.png", binary)
    write_labels(tmp_path / "predicted.png", TRUE)
    row = score_files(
        tmp_path / "true.png", tmp_path / "predicted.png", identity={"image_id": "a"}, failure=None
    )
    assert row["failure"].startswith("Label mask true.png is binary")
    assert f"4 separate parts, all of value {value}" in row["failure"]
    # One object alone has one value in any mask.
    for name in ("true", "predicted"):
        write_labels(tmp_path / f"{name}.png", np.where(TRUE == 1, value, 0))
    row = score_files(
        tmp_path / "true.png", tmp_path / "predicted.png", identity={"image_id": "a"}, failure=None
    )
    assert row["failure"] is None and row["n_true"] == 1
