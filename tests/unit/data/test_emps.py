"""EMPS: split as its authors split it, and the table of articles byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from needed import EMPS, needs
from public_server import TRAIN, emps_files, train_list

from micrographia.data.emps import arrange_emps
from micrographia.errors import RetrievalError


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The small set, unpacked."""
    for name, content in emps_files().items():
        path = tmp_path / name.removeprefix("emps-HEAD/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "train.csv").write_bytes(train_list())
    return tmp_path


def test_the_pictures_that_are_not_named_are_held_out(published: Path) -> None:
    arrange_emps(published)
    assert sorted(path.stem for path in (published / "images").iterdir()) == sorted(TRAIN)
    assert (published / "test" / "sources.csv").read_text() == (
        "filename,doi,figure\ndd04.png,10.1016.j.4,gr4\n"
    )


@pytest.mark.parametrize("part", ["images", "segmaps"])
def test_a_picture_without_its_file_is_said(published: Path, part: str) -> None:
    (published / part / "bb02.png").unlink()
    with pytest.raises(RetrievalError, match=rf"{part} of EMPS lacks 1 of 3 .* such as bb02"):
        arrange_emps(published)


def test_a_picture_without_its_article_is_said(published: Path) -> None:
    table = published / "metadata.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:2] + lines[3:]))
    with pytest.raises(RetrievalError, match=r"metadata\.csv of EMPS lacks 1 of 3 .* bb02"):
        arrange_emps(published)


def test_a_table_of_other_columns_is_said(published: Path) -> None:
    (published / "metadata.csv").write_text("file,article\na.png,b\n")
    with pytest.raises(RetrievalError, match=r"metadata\.csv of EMPS cannot be read: .*doi"):
        arrange_emps(published)


@needs("EMPS")
def test_the_table_of_articles_is_that_of_the_benchmarks(tmp_path: Path) -> None:
    """The published table has one more column, and rows of the pictures that are held out."""
    known = (EMPS / "sources.csv").read_text(encoding="utf-8").splitlines()[1:]
    names = (EMPS / "train.csv").read_text().split()
    rows = [f"{line},\"[{{'name': 'polyline'}}]\"" for line in known]
    rows.insert(100, 'ffffffffff.png,10.1.1,gr1,"[]"')
    table = "\n".join(["filename,doi,locator,regions", *rows]) + "\n"
    (tmp_path / "metadata.csv").write_text(table, encoding="utf-8")
    (tmp_path / "train.csv").write_bytes((EMPS / "train.csv").read_bytes())
    for part in ("images", "segmaps"):
        (tmp_path / part).mkdir()
        for name in [*names, "ffffffffff"]:
            (tmp_path / part / f"{name}.png").touch()
    arrange_emps(tmp_path)
    assert (tmp_path / "sources.csv").read_bytes() == (EMPS / "sources.csv").read_bytes()
    assert len(list((tmp_path / "images").iterdir())) == 366
    assert len(list((tmp_path / "test" / "images").iterdir())) == 1
