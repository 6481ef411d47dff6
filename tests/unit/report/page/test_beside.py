"""Files beside a page: named as on the page, whole or not at all, the same every time."""

from __future__ import annotations

import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from micrographia.errors import MicrographiaError
from micrographia.report.page.beside import Beside, safe_name


@pytest.mark.parametrize(
    ("page", "folder"), [("index.html", "files"), ("sizes.html", "sizes-files")]
)
def test_links_lead_to_what_was_written(tmp_path: Path, page: str, folder: str) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(b"x" * 2000)
    beside = Beside(tmp_path / page)
    links = beside.add("tables/gold 3 µm.csv", "a,b\n", "table")
    links += beside.add("masks/m.png", source, "mask")
    links += beside.pack("all.zip", {"one.txt": "1", "two.bin": source}, "all", "file")
    beside.write()
    assert [link.label for link in links] == ["table (4 B)", "mask (2 kB)", "all (.zip, 2 files)"]
    assert all(link.href.startswith(f"{folder}/") for link in links)
    assert [(tmp_path / unquote(link.href)).is_file() for link in links] == [True] * 3
    with zipfile.ZipFile(tmp_path / folder / "all.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("two.bin") == b"x" * 2000


def test_two_files_of_one_name_are_two_files(tmp_path: Path) -> None:
    beside = Beside(tmp_path / "index.html")
    links = [*beside.add("m/A.png", b"1", "a"), *beside.add("m/a.png", b"2", "b")]
    links += beside.add("m/a.png", b"3", "c")
    beside.write()
    assert [link.href for link in links] == ["files/m/A.png", "files/m/a-2.png", "files/m/a-3.png"]
    assert (tmp_path / "files" / "m" / "a-3.png").read_bytes() == b"3"


def test_what_is_absent_has_no_link(tmp_path: Path) -> None:
    beside = Beside(tmp_path / "index.html")
    assert beside.add("x", tmp_path / "gone", "x") == ()
    assert beside.pack("x.zip", {}, "x", "file") == ()
    beside.write()
    assert not (tmp_path / "files").exists()
    nowhere = Beside(None)
    assert nowhere.add("x", b"1", "x") == () and nowhere.pack("x.zip", {"a": b""}, "x", "f") == ()
    nowhere.write()


def test_files_of_an_earlier_page_are_gone_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    for names in (["a", "b"], ["a"], ["a"]):
        beside = Beside(tmp_path / "index.html")
        beside.pack("all.zip", {name: b"1" for name in names}, "all", "file")
        beside.add(f"only-with-{len(names)}.txt", b"", "x")
        before = tmp_path / "files" / "all.zip"
        bytes_before = before.read_bytes() if before.exists() else b""
        beside.write()
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == [
        ".micrographia",
        "all.zip",
        "only-with-1.txt",
    ]
    assert before.read_bytes() == bytes_before


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "thesis.tex").write_text("mine")
    beside = Beside(tmp_path / "index.html")
    beside.add("a", b"1", "a")
    with pytest.raises(MicrographiaError, match="did not write"):
        beside.write()
    assert (tmp_path / "files" / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "...", "///", "a/../../b", "x" * 3, "gold; rm -rf", "日本"])
def test_a_safe_name_is_one_part_of_a_path(text: str) -> None:
    name = safe_name(text)
    assert name and not name.startswith(".") and Path(name).name == name
