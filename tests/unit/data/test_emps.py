"""EMPS: split as its authors split it, and the table of articles byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from needed import EMPS, needs
from public_server import TRAIN, emps_files, serve, train_list, zipped

from micrographia.data.emps import arrange_emps
from micrographia.data.retrieve import retrieve
from micrographia.errors import RetrievalError
from micrographia.io.public.catalogue import Catalogue, read_catalogue


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


@pytest.mark.slow
@needs("EMPS")
def test_the_shipped_entry_gives_the_folder_of_the_benchmarks(tmp_path: Path) -> None:
    """From an archive in the layout of the public one, with the project's own copy in it."""
    files = {
        f"emps-0123abc/{part}/{path.name}": path.read_bytes()
        for part in ("images", "segmaps")
        for path in sorted((EMPS / part).iterdir())
    }
    files |= {f"emps-0123abc/{part}/ffffffffff.png": b"held out" for part in ("images", "segmaps")}
    known = (EMPS / "sources.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [f'{line},"[]"' for line in [*known, "ffffffffff.png,10.1.1,gr1"]]
    table = "\n".join(["filename,doi,locator,regions", *rows]) + "\n"
    files |= {"emps-0123abc/metadata.csv": table.encode(), "emps-0123abc/.gitignore": b"*\n"}
    entry = read_catalogue().find("emps")
    train = (EMPS / "train.csv").read_bytes()
    with serve({"/emps.zip": zipped(files), "/train.csv": train}) as address:
        moved = tuple(
            file.model_copy(update={"urls": (f"{address}/{file.name}",)}) for file in entry.files
        )
        chosen = Catalogue(sets={"emps": entry.model_copy(update={"files": moved})})
        receipt = retrieve(chosen, "emps", tmp_path)
    assert [part["same"] for part in receipt["contents"]] == [True, True, True]
    assert [row["checked_by"] for row in receipt["files"]] == ["first use", "sha256"]
    assert all("figures were measured" not in warning for warning in receipt["warnings"])
    assert (tmp_path / "emps" / "train.csv").read_bytes() == train
