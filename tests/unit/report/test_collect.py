from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from micrographia.errors import TableError
from micrographia.report.collect import collect, locate, records


def test_shards_are_joined_and_know_their_folder(finished_run):
    results = collect(finished_run)
    assert results.predictions is not None
    assert len(results.predictions) == 5
    assert {Path(name).name for name in results.predictions["folder"]} == {"000"}
    assert results.problems == []


def test_an_empty_shard_leaves_the_types_alone(finished_run):
    results = collect(finished_run)
    assert results.instances is not None
    assert results.instances["area_px"].dtype == "float64"


def test_what_did_not_run_is_none(micrographs_only):
    results = collect(micrographs_only)
    assert results.structures is None
    assert results.reconstructions is None
    assert set(results.benchmarks) == {"segmentation"}


def test_an_absent_folder_is_an_error(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        collect(tmp_path / "nowhere")


def test_damaged_files_are_told_and_left_out(micrographs_only):
    folder = micrographs_only / "benchmarks"
    (folder / "segmentation.parquet").write_bytes(b"no parquet")
    (folder / "structure.json").write_text("{", encoding="utf-8")
    (folder / "stem.json").write_text(json.dumps({"name": "stem"}), encoding="utf-8")
    results = collect(micrographs_only)
    assert results.segmentation_scores is None
    assert set(results.benchmarks) == {"segmentation"}
    told = "\n".join(results.problems)
    assert "segmentation.parquet" in told
    assert "structure.json is not readable JSON" in told
    assert "stem.json lacks config_digest" in told


def test_records_have_no_nan():
    table = pd.DataFrame({"x": [1.0, float("nan")], "name": [None, "a"], "box": [[1], None]})
    first, second = records(table)
    assert first == {"x": 1.0, "name": None, "box": [1]}
    assert second == {"x": None, "name": "a", "box": None}


def test_locate_tries_the_folders_in_turn(tmp_path):
    (tmp_path / "a.png").touch()
    assert locate("a.png", "/nowhere", tmp_path) == tmp_path / "a.png"
    assert locate("b.png", tmp_path) is None
    assert locate(None, tmp_path) is None


def test_shards_of_an_earlier_run_do_not_count(finished_run):
    every = collect(finished_run)
    folders = {Path(folder).name for folder in every.reconstructions["folder"]}
    assert folders
    none = collect(
        finished_run, {"shards": {"micrographs": 0, "structures": 0}, "stem": {"multislice": []}}
    )
    assert none.reconstructions is None and none.predictions is None
    assert none.structures is not None
    same = collect(finished_run, {"shards": {"micrographs": 9, "structures": 9}})
    assert len(same.reconstructions) == len(every.reconstructions)
