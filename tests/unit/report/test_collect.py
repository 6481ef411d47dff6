from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from micrographia.config import WorkflowConfig
from micrographia.errors import TableError
from micrographia.report.collect import SOURCES, collect, locate, records
from micrographia.workflow.names import Names

RULES = Path(__file__).parents[3] / "rules"


def outputs_of_rules() -> dict[str, bool]:
    """Outputs below the results folder, wildcards as `*`, and whether each is a folder."""
    names = Names(WorkflowConfig(results="."))
    found = {}
    for path in RULES.rglob("*.smk"):
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"^ +output:\n((?: {8,}.*\n)+)", text, re.MULTILINE):
            for kind, parts in re.findall(r"(directory\()?results\(([^()]*)\)", block):
                words = ast.literal_eval(f"({parts},)")
                name = names.results(*words).removeprefix("./")
                found[re.sub(r"{[^}]*}", "*", name)] = bool(kind)
    return found


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_is_collected_is_an_output_of_a_rule(source):
    outputs = outputs_of_rules()
    assert len(outputs) > 50
    folder = source.pattern.rpartition("/")[0]
    assert outputs.get(source.pattern) is False or outputs.get(folder) is True
    assert ("*" in source.pattern) is (source.wing is not None)


@pytest.mark.parametrize("slow", [False, True])
def test_shards_of_another_run_are_left_out(finished_run, tmp_path, slow):
    root = shutil.copytree(finished_run, tmp_path / "results")
    stem = {"multislice": ("MoS2",) if slow else (), "multislice_sample": 0}
    settings = WorkflowConfig.model_validate(
        {"shards": {"micrographs": 1, "structures": 3}, "stem": stem}
    )
    names, checked = Names(settings), set()
    for name, source in SOURCES.items():
        written = sorted(root.glob(source.pattern))
        if source.wing is None or not written:
            continue
        first = written[0]
        for shard in ("000", "001", "002", "003", "multislice"):
            folder = first.parents[1] / shard
            folder.mkdir(exist_ok=True)
            if not (folder / first.name).exists():
                shutil.copy(first, folder / first.name)
        table = getattr(collect(root, settings.model_dump(mode="json")), name)
        found = {Path(folder).name for folder in table["folder"]}
        whole = source.wing == "structures"
        assert found == set(names.picture_shards() if whole else names.shards("micrographs"))
        checked.add(source.wing)
    assert checked == {"micrographs", "structures"}


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
