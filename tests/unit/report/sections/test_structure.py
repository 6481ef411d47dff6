"""STEM2Mat-Bench on the page: ours and theirs side by side, and told apart."""

from __future__ import annotations

import base64
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from micrographia.benchmarks.published import NOTE, published_rows
from micrographia.benchmarks.structure.outcome import OUTCOMES
from micrographia.config import Report
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.schemas import RECONSTRUCTIONS, STRUCTURE_SCORES
from micrographia.io.tables import read_rows, write_table
from micrographia.provenance import stamp
from micrographia.report.build import build
from micrographia.report.collect import Results, collect
from micrographia.report.sections import stem, structure

BINS = [{"low": 0.9, "high": 1.0, "n": 9, "confidence": 0.97, "accuracy": 0.9}]


def _metrics(method: str, value: float):
    return [
        metric_row(
            metric, group=f"tier {tier}", method=method, value=value, n=10 * tier, n_failed=0
        )
        for tier in (1, 2)
        for metric in ("S.S.@0.47", "C.C.")
    ]


@pytest.fixture
def folder(tmp_path):
    counts = {"right": 9, "supercell": 1}
    write_result(
        tmp_path / "run" / "benchmarks" / "structure.json",
        "structure",
        [*_metrics("analysis, given", 0.9), *_metrics("analysis, blind", 0.6)],
        stamp({}, 1),
        n=40,
        n_failed=0,
        calibration=[{"method": "analysis, given", "truth": "C.C.", "n": 9, "bins": BINS}],
        outcomes={
            "names": list(OUTCOMES),
            "rows": [{"method": "analysis, given", "group": "tier 1", "n": 10, "counts": counts}],
        },
        refusals=[{"method": "analysis, given", "reason": "No lattice", "n": 3}],
        published={"note": NOTE, "rows": published_rows()},
    )
    return tmp_path / "run"


def test_tiers_stand_beside_the_published_ones(folder):
    found = structure.benchmark(collect(folder))
    assert found is not None
    assert found["columns"] == [
        "composition correct (C.C.) [%]",
        "structure solved within 0.47 Å (S.S.@0.47) [%]",
    ]
    rows = [(row["group"], row["method"], row["theirs"]) for row in found["rows"]]
    assert rows[:4] == [
        ("tier 1", "analysis, given", False),
        ("tier 1", "analysis, blind", False),
        ("tier 1", "AutoMat", True),
        ("tier 1", "MicroscopyGPT", True),
    ]
    # Only the tiers that were scored here; and what nobody measured here is no column.
    assert {row[0] for row in rows} == {"tier 1", "tier 2"}
    values = {(row["group"], row["method"]): row["values"] for row in found["rows"]}
    assert values["tier 1", "analysis, given"] == ["90.0", "90.0"]
    assert values["tier 1", "AutoMat"] == ["88.9", "85.0"]


def test_energies_are_columns_once_they_were_scored(folder):
    metric = "error against DFT mean [meV/atom]"
    ours = metric_row(metric, group="tier 1", method="analysis, given", value=80, n=9, n_failed=1)
    content = json.loads((folder / "benchmarks" / "structure.json").read_text())
    write_result(
        folder / "benchmarks" / "energy.json", "energy", [ours], stamp({}, 1), n=9, n_failed=1
    )
    found = structure.benchmark(collect(folder))
    assert found is not None and len(found["columns"]) == 3
    values = {(row["group"], row["method"]): row["values"] for row in found["rows"]}
    assert values["tier 1", "analysis, given"][2] == "80.0"
    assert values["tier 1", "AutoMat"][2] == "344"
    assert values["tier 1", "AutoMat upper bound"] == ["–", "–", "57.4"]
    assert content["published"]["note"] == found["note"]


def test_a_run_without_the_benchmark_has_no_such_section(tmp_path):
    assert structure.benchmark(Results(root=tmp_path)) is None


def test_charts_are_pictures_with_ink(folder):
    found = structure.benchmark(collect(folder))
    assert found is not None and len(found["charts"]) == 2
    for chart in found["charts"]:
        assert "analysis, given" in chart["caption"]
        data = base64.b64decode(chart["image"].split(",", 1)[1])
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def test_a_bar_is_as_long_as_its_share():
    row = {"group": "tier 1", "n": 10, "counts": {"right": 5, "refused": 5}}
    image = structure.draw_outcomes([row], list(OUTCOMES))
    data = base64.b64decode(image.split(",", 1)[1])
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    middle = pixels[len(pixels) // 3]
    blue, grey = ((np.abs(middle - colour).sum(axis=1) < 6).sum() for colour in
                  ((0x44, 0x77, 0xAA), (0xBB, 0xBB, 0xBB)))  # fmt: skip
    assert blue > 100 and abs(blue - grey) < 0.05 * blue


def test_the_page_marks_what_is_theirs(folder, finished_run, tmp_path):
    run = tmp_path / "whole"
    shutil.copytree(finished_run, run)
    shutil.copy(folder / "benchmarks" / "structure.json", run / "benchmarks")
    build(run, Report(examples=1), None, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'id="stem2mat"' in text
    assert "AutoMat (published)" in text and "not measured again" in text
    assert "No lattice" in text


def test_an_image_read_on_two_tracks_is_two_cases(finished_run, tmp_path):
    run = tmp_path / "whole"
    shutil.copytree(finished_run, run)
    shutil.copytree(run / "reconstruction" / "000", run / "reconstruction" / "blind")
    answers = run / "reconstruction" / "blind" / "reconstructions.parquet"
    write_table([row | {"track": "blind"} for row in read_rows(answers)], answers, RECONSTRUCTIONS)
    scores = run / "benchmarks" / "structure.parquet"
    rows = read_rows(scores)
    blind = [row | {"track": "blind", "rms_sites": 0.3} for row in rows]
    write_table([*rows, *blind], scores, STRUCTURE_SCORES)
    results = collect(run)
    cases = {case["title"]: case["score"]["rms_sites"] for case in stem.gallery(results, 9)}
    assert len(cases) == 4
    assert {value for title, value in cases.items() if title.endswith(", blind")} == {0.3}
    assert all(
        "2 of 2 images (given), 2 of 2 images (blind)" in chart["caption"]
        for chart in stem.charts(results)
    )
