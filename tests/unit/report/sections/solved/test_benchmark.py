"""STEM2Mat-Bench on the page: ours and theirs side by side, and told apart."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from micrographia.benchmarks.published import NOTE, published_rows
from micrographia.benchmarks.structure.outcome import OUTCOMES
from micrographia.config import Report
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.schemas import RECONSTRUCTIONS, STRUCTURE_SCORES
from micrographia.io.tables import read_rows, write_table
from micrographia.provenance import stamp
from micrographia.report.build import build
from micrographia.report.collect import Results, collect
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Chart, Gallery, Table, pruned
from micrographia.report.sections.solved import benchmark, gallery

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


def table_of(results: Results) -> Table:
    return benchmark.part(results, Beside(None)).blocks[0]


def cells(table: Table) -> dict[tuple[str, str], list[str]]:
    return {(row[0].text, row[1].text): [cell.text for cell in row[2:-1]] for row in table.rows}


def test_tiers_stand_beside_the_published_ones(folder):
    table = table_of(collect(folder))
    assert [column.title for column in table.columns[2:-1]] == [
        "composition correct (C.C.) [%]",
        "structure solved within 0.47 Å (S.S.@0.47) [%]",
    ]
    rows = [(row[0].text, row[1].text) for row in table.rows]
    assert rows[:4] == [
        ("tier 1", "analysis, given"),
        ("tier 1", "analysis, blind"),
        ("tier 1", "AutoMat (published)"),
        ("tier 1", "MicroscopyGPT (published)"),
    ]
    assert {2, 3} <= table.faint and not {0, 1} & table.faint
    # Only the tiers that were scored here; and what nobody measured here is no column.
    assert {row[0] for row in rows} == {"tier 1", "tier 2"}
    assert cells(table)["tier 1", "analysis, given"] == ["90.0", "90.0"]
    assert cells(table)["tier 1", "AutoMat (published)"] == ["88.9", "85.0"]


def test_energies_are_columns_once_they_were_scored(folder):
    metric = "error against DFT mean [meV/atom]"
    ours = metric_row(metric, group="tier 1", method="analysis, given", value=80, n=9, n_failed=1)
    content = json.loads((folder / "benchmarks" / "structure.json").read_text())
    write_result(
        folder / "benchmarks" / "energy.json", "energy", [ours], stamp({}, 1), n=9, n_failed=1
    )
    part = benchmark.part(collect(folder), Beside(None))
    found = cells(part.blocks[0])
    assert found["tier 1", "analysis, given"][2] == "80.0"
    assert found["tier 1", "AutoMat (published)"][2] == "344"
    assert found["tier 1", "AutoMat upper bound (published)"] == ["–", "–", "57.4"]
    assert content["published"]["note"] == part.blocks[1].text


def test_a_run_without_the_benchmark_has_no_such_section(tmp_path):
    assert pruned((benchmark.part(Results(root=tmp_path), Beside(None)),)) == ()


def test_charts_say_of_what_and_how_many(folder):
    found = [
        block
        for block in benchmark.part(collect(folder), Beside(None)).blocks
        if isinstance(block, Chart)
    ]
    assert len(found) == 2
    assert all("analysis, given" in chart.caption for chart in found)
    assert "n = 9" in found[0].caption and "n = 10 pictures" in found[1].caption
    assert "fraction correct" in found[0].svg and "fraction of images" in found[1].svg


def test_a_bar_is_as_long_as_its_share():
    row = {"group": "tier 1", "n": 10, "counts": {"right": 5, "refused": 5}}
    svg = benchmark.draw_outcomes([row], list(OUTCOMES))
    widths = {}
    for colour in ("#4477aa", "#bbbbbb"):
        found = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: {colour}', svg)
        edges = [float(pair.split()[0]) for pair in re.findall(r"[ML] ([-\d. ]+)", found[0])]
        widths[colour] = max(edges) - min(edges)
    assert widths["#4477aa"] == pytest.approx(widths["#bbbbbb"], rel=0.01)
    assert widths["#4477aa"] > 50


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
    cases = [
        block
        for block in gallery.gallery(results, 9, Beside(None)).blocks
        if isinstance(block, Gallery)
    ]
    assert len(cases) == 4
    blind = [case for case in cases if ", blind" in case.heading]
    assert len(blind) == 2 and all("of the sites 0.300 Å" in case.caption for case in blind)
    assert all(
        "n = 2 of 2 pictures (given), n = 2 of 2 pictures (blind)" in chart.caption
        for chart in gallery.charts(results, Beside(None)).blocks
    )
