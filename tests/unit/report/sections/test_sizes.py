"""Sizes by picture: figures of the instances, and the reason where there is no nm."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from unit.report.conftest import blank

from micrographia.io import schemas
from micrographia.io.tables import read_table, write_table
from micrographia.report.collect import collect
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Chart, Fold, Part, Table, pruned
from micrographia.report.sections import names, sizes


@pytest.fixture
def mixed(micrographs_only: Path) -> Path:
    """The first two pictures have a pixel size, the others a reason; one instance is cut."""
    path = micrographs_only / "curation" / "micrographs.parquet"
    table = read_table(path)
    table.loc[2:, "pixel_size_nm"] = np.nan
    table["pixel_size_source"] = ["header", "bar", None, None, None]
    write_table(table, path, schemas.MICROGRAPHS)
    rows = [
        blank(schemas.SCALE, image_id=name, reason="no scale bar with a label that can be read")
        for name in table["image_id"]
    ]
    write_table(rows, micrographs_only / "curation" / "scale" / "000.parquet", schemas.SCALE)
    path = micrographs_only / "segmentation" / "predicted" / "000" / "instances.parquet"
    table = read_table(path).astype({"cut": bool})
    first = table["image_id"] == table["image_id"].iloc[0]
    table.loc[table.index[0], ["cut", "equivalent_diameter_nm"]] = [True, 9e9]
    unknown = ~table["image_id"].isin(read_rows_with_size(micrographs_only))
    table.loc[unknown, "equivalent_diameter_nm"] = np.nan
    assert first.sum() == 7
    write_table(table, path, schemas.INSTANCES)
    return micrographs_only


def read_rows_with_size(root: Path) -> list[str]:
    table = read_table(root / "curation" / "micrographs.parquet")
    return table.loc[table["pixel_size_nm"].notna(), "image_id"].tolist()


def test_a_pictures_row_holds_the_quantiles_of_what_no_border_cuts(mixed: Path) -> None:
    rows = sizes.picture_rows(collect(mixed))
    assert [row["name"] for row in rows] == [f"{number}.png" for number in range(4)]
    first = rows[0]
    table = read_table(mixed / "segmentation" / "predicted" / "000" / "instances.parquet")
    mine = table[(table["image_id"] == table["image_id"].iloc[0]) & ~table["cut"]]
    expected = np.percentile(mine["equivalent_diameter_nm"], (10, 50, 90))
    assert (first["instances"], first["n"], first["unit"]) == (7, 6, "nm")
    np.testing.assert_allclose([first["d10"], first["median"], first["d90"]], expected)
    assert rows[2]["unit"] == "px" and rows[2]["n"] == 11


def test_why_a_size_is_missing_is_told_in_the_table_and_in_the_file(
    mixed: Path, tmp_path: Path
) -> None:
    beside = Beside(tmp_path / "index.html")
    blocks = pruned(sizes.section(collect(mixed), beside).blocks)
    parts = {part.title: part for part in blocks if isinstance(part, Part)}
    assert list(parts) == ["Pixel sizes", "By picture"]
    words, fold = parts["Pixel sizes"].blocks
    assert words.text.startswith(
        "The pixel size is known for 2 of 4 kept pictures: 1 from the file header, "
        "1 from the scale bar."
    )
    assert isinstance(fold, Fold) and fold.opened
    assert fold.summary == "2 pictures have none"
    (table,) = parts["By picture"].blocks
    assert isinstance(table, Table)
    last = [row[-1].text for row in table.rows]
    assert last[:2] == ["file header", "scale bar"]
    assert last[2] == "none: no scale bar with a label that can be read"
    beside.write()
    with (tmp_path / "files" / "tables" / "pictures.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["name"] for row in rows] == [f"{number}.png" for number in range(4)]
    assert rows[0]["unit"] == "nm" and rows[0]["measured"] == "6"
    assert rows[3]["why_no_pixel_size"] == "no scale bar with a label that can be read"
    assert rows[3]["pixel_size_nm"] == ""


def test_many_pictures_are_folded(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "_OPEN", 3)
    blocks = pruned(sizes.section(collect(mixed), Beside(None)).blocks)
    (fold,) = next(
        one for one in blocks if isinstance(one, Part) and one.title == "By picture"
    ).blocks
    assert isinstance(fold, Fold) and not fold.opened and fold.summary == "4 pictures"


def test_charts_are_in_nm_where_any_size_is_known_else_in_px(mixed: Path) -> None:
    captions = [chart.caption for chart in sizes.charts(collect(mixed), Beside(None))]
    assert captions[0] == "Instances per picture: truth and found, n = 4 pictures."
    assert captions[1].startswith("Equivalent diameter [nm]: found, n = 15 instances; line:")
    path = mixed / "segmentation" / "predicted" / "000" / "instances.parquet"
    table = read_table(path).assign(equivalent_diameter_nm=np.nan)
    write_table(table, path, schemas.INSTANCES)
    chart = sizes.charts(collect(mixed), Beside(None))[1]
    assert isinstance(chart, Chart)
    assert chart.caption.startswith("Equivalent diameter [px]: found, n = 39 instances")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"pixel_size_nm": 0.5, "scale_reason": "unused"}, ""),
        ({"pixel_size_nm": None, "scale_reason": "two bars."}, "two bars"),
        (
            {"pixel_size_nm": None, "scale_reason": None, "scale_looked": True},
            "the file states none, and no scale bar was found",
        ),
        (
            {"pixel_size_nm": None, "scale_reason": None, "scale_looked": False},
            "the file states none, and scale bars were not read",
        ),
    ],
)
def test_the_reason_of_a_missing_size(row: dict[str, object], told: str) -> None:
    assert names.why_no_size(row) == told
