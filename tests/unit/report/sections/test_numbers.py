"""Scores on the page: main values open, kappas and all others folded, none without a truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from unit.report.conftest import blank

from micrographia.io import schemas
from micrographia.io.benchmark_results import metric_row
from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Fold, Part, Table, pruned
from micrographia.report.sections import numbers


def results(root: Path, **benchmarks: list[Any]) -> Results:
    content = {name: {"metrics": rows, "n": 7, "n_failed": 0} for name, rows in benchmarks.items()}
    return Results(root, benchmarks=content)


def rows(metric: str, group: str, values: int = 1, value: float | None = 0.5) -> list[Any]:
    return [
        metric_row(metric, group=group, method=f"m{k}", value=value, n=7, n_failed=0)
        for k in range(values)
    ]


def parts(found: Results) -> dict[str, tuple[Any, ...]]:
    blocks = pruned(numbers.section(found, Beside(None)).blocks)
    return {block.title: block.blocks for block in blocks if isinstance(block, Part)}


def test_kappas_are_folded_and_counted(tmp_path: Path) -> None:
    kappas = rows("kappa", "morphology", 48)
    words, fold = parts(results(tmp_path, annotation=kappas))["Annotation"]
    assert words.text == "7 cases."
    assert isinstance(fold, Fold) and not fold.opened and fold.summary == "48 values"
    assert len(fold.blocks[0].rows) == 48
    (_, fold) = parts(results(tmp_path, annotation=kappas[:1]))["Annotation"]
    assert isinstance(fold, Fold) and fold.summary == "1 value"


def test_values_of_all_cases_stand_open(tmp_path: Path) -> None:
    many = rows("AP@0.5", "all") + rows("AP@0.5", "sparse", 20) + rows("kappa", "all")
    _, table, fold = parts(results(tmp_path, segmentation=many))["Segmentation"]
    assert isinstance(table, Table) and len(table.rows) == 1
    assert fold.summary == "21 further values"


def test_a_benchmark_without_a_truth_is_not_named(tmp_path: Path) -> None:
    none = rows("AP@0.5", "all", value=None)
    section = numbers.section(results(tmp_path, segmentation=none), Beside(None))
    assert section.blocks == ()
    both = results(tmp_path, segmentation=none, stem=rows("correlation", "icom"))
    assert list(parts(both)) == ["STEM"]


@pytest.mark.parametrize(
    ("metric", "value", "drawn"),
    [("AP@0.5", 0.62, True), ("RMSD_xy mean [Å]", 0.1, False), ("time ratio", 0.5, False)],
)
def test_only_fractions_are_drawn_as_such(
    tmp_path: Path, metric: str, value: float, drawn: bool
) -> None:
    entry = rows(metric, "all", value=value)[0] | {"low": 0.1, "high": 0.9}
    _, table = parts(results(tmp_path, structure=[entry]))["Structure"]
    texts = [cell.text for cell in table.rows[0]]
    assert texts[4] == "0.100 to 0.900"
    assert (table.rows[0][5].interval is not None) is drawn
    if drawn:
        assert table.rows[0][5].interval == (0.1, 0.62, 0.9)


def test_thousands_of_failures_do_not_swell_the_page(tmp_path: Path) -> None:
    rows = [
        blank(schemas.MICROGRAPHS, path=f"{n}.png", status="rejected", reason="blurred")
        for n in range(3000)
    ]
    (fold,) = numbers.failures(Results(tmp_path, micrographs=pd.DataFrame(rows))).blocks
    assert isinstance(fold, Fold) and not fold.opened
    assert fold.summary.startswith("Curation: 3,000 of 3,000; the first 200 here")
    assert len(fold.blocks[0].rows) == 200


def test_failures_name_the_file_and_the_reason(tmp_path: Path) -> None:
    table = pd.DataFrame(
        [
            blank(schemas.MICROGRAPHS, path="/a/good.png", status="kept", reason="a remark"),
            blank(schemas.MICROGRAPHS, path="/a/set.zip!b/bad 1.png", status="rejected")
            | {"reason": "no picture: text"},
        ]
    )
    section = numbers.failures(Results(tmp_path, micrographs=table, problems=["x is torn."]))
    note, fold = section.blocks
    assert note.text == "x is torn."
    assert isinstance(fold, Fold) and fold.summary == "Curation: 1 of 2" and fold.opened
    assert [cell.text for cell in fold.blocks[0].rows[0]] == ["bad 1.png", "no picture: text"]
    assert numbers.failures(Results(tmp_path, micrographs=table.iloc[:1])).blocks == ()
