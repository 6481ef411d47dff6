"""Statistics of the data set: what the tables say is what is drawn and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from unit.report.conftest import blank, write_micrograph_wing

from micrographia.cli import main
from micrographia.config import Report
from micrographia.io import schemas
from micrographia.io.tables import read_table, write_table
from micrographia.report.build import render
from micrographia.report.collect import collect
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import pruned
from micrographia.report.sections import attributes


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with final attributes: three pictures of spheres, one of nobody knows what."""
    root = tmp_path_factory.mktemp("annotated") / "results"
    write_micrograph_wing(root)
    micrographs = read_table(root / "curation" / "micrographs.parquet")
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(micrographs["image_id"][:4]):
        words = {attribute: "unknown" for attribute in attributes.ATTRIBUTE_NAMES}
        words |= {"morphology": "spherical" if place < 3 else "unknown"}
        rows.append(
            blank(schemas.ATTRIBUTES_FINAL, image_id=name, n_disputed=int(place == 2)) | words
        )
    write_table(rows, root / "annotation" / "attributes_final.parquet", schemas.ATTRIBUTES_FINAL)
    pair = {"attribute": "morphology", "annotators": ["measured", "texture"], "n": 4}
    content = {"pairs": [pair | {"observed": 0.75, "kappa": None, "low": None, "high": None}]}
    (root / "annotation" / "agreement.json").write_text(json.dumps(content))
    return root


def test_figures_are_those_of_the_tables(annotated: Path) -> None:
    results = collect(annotated)
    found = attributes.statistics(results)
    assert found["pictures"] == 4
    assert found["attributes"]["morphology"] == {"spherical": 3, "unknown": 1}
    assert found["attributes"]["layering"] == {"unknown": 4}
    counts = results.predictions["n_instances"].dropna()
    assert found["instances"] == counts.sum()
    assert found["instances_per_picture"]["max"] == counts.max()
    assert sum(found["pictures_by_instances"].values()) == len(counts) == 4
    assert found["instance_area_px"]["median"] == results.instances["area_px"].median()
    json.dumps(found, allow_nan=False)


def test_classes_of_counts() -> None:
    counts = attributes.count_classes(pd.Series([0, 9, 10, 49, 50, 99, 100, 499, 500, 4000]))
    assert list(counts.values()) == [2, 2, 2, 2, 2]
    assert sum(attributes.count_classes(pd.Series(dtype=float)).values()) == 0


def test_ranges_are_sorted_and_limited(annotated: Path) -> None:
    results = collect(annotated)
    table = attributes.area_ranges(results)
    assert len(table) == results.instances["image_id"].nunique()
    assert (np.diff(table.to_numpy(), axis=1) >= 0).all()
    assert table[50].is_monotonic_increasing
    many = pd.DataFrame({"image_id": np.repeat(np.arange(300).astype(str), 2), "area_px": 5.0})
    results = type(results)(root=annotated, instances=many)
    assert len(attributes.area_ranges(results)) == attributes.SHOWN


def test_the_page_shows_the_data_set(annotated: Path) -> None:
    page = render(collect(annotated), Report(examples=1), None)
    assert 'id="dataset"' in page
    assert "4 pictures were described by nine attributes; for 1 of them" in page
    assert "measured and texture" in page
    fold = page[page.index("Agreement of the annotators, Cohen") - 40 :]
    assert fold[: fold.index("measured and texture")].count("<details>") == 1
    assert "<details open" not in fold[: fold.index("measured and texture")]


def test_without_annotation_the_rest_is_shown(tmp_path: Path) -> None:
    write_micrograph_wing(tmp_path)
    results = collect(tmp_path)
    assert attributes.statistics(results)["attributes"] == {}
    drawn = attributes.drawn(results, Beside(None))
    assert drawn and not any("attributes" in chart.caption for chart in drawn)
    assert "40 instances" in drawn[0].caption and "[px²]" in drawn[0].caption
    # Four pictures that nobody described are no data set to speak of.
    assert pruned(attributes.section(results, Beside(None)).blocks) == ()


def test_the_command_writes_json_and_picture_twice_alike(annotated: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        out = str(tmp_path / name / "statistics.json")
        assert main(["report", "statistics", "--results", str(annotated), "--out", out]) == 0
    for name in ("statistics.json", "statistics.png"):
        first, second = (tmp_path / place / name for place in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
    with Image.open(tmp_path / "one" / "statistics.png") as picture:
        assert picture.width > 1000


def test_an_empty_run_has_statistics(tmp_path: Path) -> None:
    out = tmp_path / "statistics.json"
    assert main(["report", "statistics", "--results", str(tmp_path), "--out", str(out)]) == 0
    assert json.loads(out.read_text())["instances"] == 0
