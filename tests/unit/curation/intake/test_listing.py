"""Listing: which files count as images, and whose mask is whose."""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.config import Curation, Synthesis
from micrographia.curation.intake.ingest import ingest_file
from micrographia.curation.intake.listing import list_micrographs
from micrographia.curation.intake.tabulated import named_files
from micrographia.errors import ImageError
from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import read_table
from micrographia.synthesis.procedural.micrograph import make_micrograph

#: Listing is what is tested here.
PLAIN = ["--settings", '{"text": {"detect": false}, "scale": {"read": false}}']


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def _pairs(rows: list[dict[str, object]], root: Path) -> dict[str, str | None]:
    def short(value: object) -> str | None:
        return None if value is None else os.path.relpath(str(value), root)

    return {str(short(row["path"])): short(row["mask_path"]) for row in rows}


def test_folder_is_listed_recursively_and_sorted(tmp_path: Path) -> None:
    _touch(tmp_path, "b.PNG", "a.tif", "sub/c.jpeg", ".hidden.png", ".git/x.png", "notes.txt")
    rows = list_micrographs([tmp_path], shards=2, licence="MIT")
    assert list(_pairs(rows, tmp_path)) == ["a.tif", "b.PNG", "sub/c.jpeg"]
    assert [row["shard"] for row in rows] == [0, 1, 0]
    assert {row["licence"] for row in rows} == {"MIT"}


def test_images_and_masks_inside_a_source(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png", "images/b.jpg", "masks/a.tif", "masks/z.png", "extra.png")
    found = _pairs(list_micrographs([tmp_path]), tmp_path)
    assert found == {"images/a.png": "masks/a.tif", "images/b.jpg": None}


def test_masks_beside_images_are_no_images(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "masks/a.png", "labels/a.png")
    assert _pairs(list_micrographs([tmp_path]), tmp_path) == {
        "a.png": "masks/a.png",
        "labels/a.png": None,
    }
    named = list_micrographs([tmp_path], tmp_path / "labels")
    assert _pairs(named, tmp_path)["a.png"] == "labels/a.png"


def test_same_stem_in_two_folders_takes_the_mask_of_its_folder(tmp_path: Path) -> None:
    _touch(tmp_path, "i/x/a.png", "i/y/a.png", "i/z/b.png", "m/x/a.png", "m/b.png")
    found = _pairs(list_micrographs([tmp_path / "i"], tmp_path / "m"), tmp_path)
    assert found == {"i/x/a.png": "m/x/a.png", "i/y/a.png": None, "i/z/b.png": "m/b.png"}


def test_several_sources_and_an_empty_one_among_them(tmp_path: Path) -> None:
    _touch(tmp_path, "one/images/a.png", "two/b.png")
    (tmp_path / "three").mkdir()
    rows = list_micrographs([tmp_path / name for name in ("one", "two", "three", "two")])
    assert [Path(row["source"]).name for row in rows] == ["one", "two"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        ("empty", "No image in .*Give a folder that contains images"),
        ("text", "No image in "),
        ("absent", "does not exist"),
        ("file", "has an unknown file type"),
        ("document", r"in\.pdf: PDF documents are not read.*Extract the pictures"),
        ("glob", "No image in "),
    ],
)
def test_nothing_to_list(tmp_path: Path, make: str, words: str) -> None:
    source = tmp_path / "in"
    if make != "absent":
        source.mkdir()
    if make == "text":
        _touch(source, "readme.txt")
    if make == "glob":
        source = source / "*.png"
    if make == "file":
        source = _touch(tmp_path, "in.xyz") / "in.xyz"
    if make == "document":
        source = _touch(tmp_path, "in.pdf") / "in.pdf"
    with pytest.raises(ImageError, match=words):
        list_micrographs([source])


def test_masks_must_be_elsewhere_and_there(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png")
    with pytest.raises(ImageError, match="Images and masks are both"):
        list_micrographs([tmp_path], tmp_path)
    with pytest.raises(ImageError, match=r"Folder of masks .* does not exist"):
        list_micrographs([tmp_path], tmp_path / "m")


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Let the system refuse to list a folder; as root that has to be staged."""
    locked: list[Path] = []
    scandir = os.scandir

    def refuse(path: str | int) -> object:
        if not isinstance(path, int) and Path(path) in locked:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def close(folder: Path) -> None:
        locked.append(folder)
        folder.chmod(0)
        if os.geteuid() == 0:
            monkeypatch.setattr(os, "scandir", refuse)

    yield close
    for folder in locked:
        folder.chmod(0o755)


def test_unreadable_source(tmp_path: Path, lock: Callable[[Path], None]) -> None:
    _touch(tmp_path, "a.png")
    lock(tmp_path)
    with pytest.raises(ImageError, match=r"cannot be read \(Permission denied\)"):
        list_micrographs([tmp_path])


def test_unreadable_folder_below_a_source_is_a_rejected_row(
    tmp_path: Path, lock: Callable[[Path], None]
) -> None:
    pixels = make_micrograph(0, 3, Synthesis(size=256, annotated_share=0))[0]
    (tmp_path / "in" / "locked").mkdir(parents=True)
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    _touch(tmp_path, "in/locked/b.png", "masks/locked/b.png", "masks/c.png")
    lock(tmp_path / "in" / "locked")
    lock(tmp_path / "masks" / "locked")
    out = tmp_path / "out"
    words = ["--masks", str(tmp_path / "masks"), "--out", str(out), *PLAIN]
    assert main(["curation", "run", str(tmp_path / "in"), *words]) == 0
    table = read_table(out / "micrographs.parquet", MICROGRAPHS)
    assert list(table["status"]) == ["kept", "rejected"]
    said = f"Folder {tmp_path / 'in' / 'locked'} cannot be read (Permission denied)"
    assert table["reason"][1].startswith(said)
    assert said in (out / "quarantine.csv").read_text()


def test_a_folder_that_opened_since_it_was_listed_is_rejected_too(tmp_path: Path) -> None:
    entry = {"path": str(tmp_path), "mask_path": None, "source": "x", "licence": "x"}
    row = ingest_file(entry, Curation())
    assert row["status"] == "rejected" and "List again" in row["reason"]


def test_many_files_take_little_time(tmp_path: Path) -> None:
    folders = [tmp_path / kind for kind in ("images", "masks")]
    for folder in folders:
        folder.mkdir()
        for number in range(4000):
            os.close(os.open(folder / f"{number}.png", os.O_CREAT))
    start = time.perf_counter()
    rows = list_micrographs([tmp_path])
    assert time.perf_counter() - start < 2
    assert len(rows) == 4000
    assert all(Path(row["mask_path"]).name == Path(row["path"]).name for row in rows)


def _zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


def test_archives_are_listed_like_folders(tmp_path: Path) -> None:
    names = ("set/images/b.png", "set/images/a.tif", "set/masks/a.png", "set/readme.txt")
    path = _zipped(tmp_path / "a.zip", *names, "set/images/.b.png")
    found = {row["path"]: row["mask_path"] for row in list_micrographs([path])}
    assert list(found) == [f"{path}!set/images/b.png", f"{path}!set/images/a.tif"]
    assert list(found.values()) == [None, f"{path}!set/masks/a.png"]
    rows = list_micrographs([_zipped(tmp_path / "b.zip", "x.png", "../y.png", "z/c.dm4")])
    assert [row["fault"] is None for row in rows] == [True, False, True]
    assert "leads out of the archive" in rows[1]["fault"]


def test_globs_take_files_folders_and_archives(tmp_path: Path) -> None:
    _touch(tmp_path, "d1/a.png", "d1/sub/b.tif", "d2/c.png", "d2/notes.txt", "e/d.png")
    _zipped(tmp_path / "d3.zip", "in.png")
    here = lambda rows: [os.path.relpath(row["path"], tmp_path) for row in rows]  # noqa: E731
    found = here(list_micrographs([tmp_path / "d*"]))
    assert found == ["d1/a.png", "d1/sub/b.tif", "d2/c.png", "d3.zip!in.png"]
    assert here(list_micrographs([tmp_path / "**" / "*.png"])) == [
        "d1/a.png",
        "d2/c.png",
        "e/d.png",
    ]
    assert here(list_micrographs([tmp_path / "e" / "d.png"])) == ["e/d.png"]


def test_masks_of_a_glob_are_paired_for_all_it_matches(tmp_path: Path) -> None:
    """Two pictures with one stem never share a mask, whichever way the glob comes upon them."""
    _touch(tmp_path, "i/x/a.png", "i/y/a.png", "i/z/b.png", "m/x/a.png", "m/a.png", "m/b.png")
    expected = {"i/x/a.png": "m/x/a.png", "i/y/a.png": None, "i/z/b.png": "m/b.png"}
    for pattern in ("i/**/*.png", "i/*/*.png", "i/*", "?/*/[ab].png"):
        found = list_micrographs([tmp_path / pattern], tmp_path / "m")
        assert _pairs(found, tmp_path) == expected, pattern


def test_masks_of_archives_that_a_glob_matches(tmp_path: Path) -> None:
    for name in ("one.v1.zip", "two.zip"):
        _zipped(tmp_path / name, "set/a.png", f"set/{name[0]}.png")
    _touch(tmp_path, "m/one.v1/a.png", "m/t.png")
    found = list_micrographs([tmp_path / "*.zip"], tmp_path / "m")
    assert [row["mask_path"] and Path(row["mask_path"]).name for row in found] == [
        "a.png",
        None,
        None,
        "t.png",
    ]


def test_a_glob_with_many_masks_takes_little_time(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        for number in range(3000):
            os.close(os.open(tmp_path / name / f"{number}.png", os.O_CREAT))
    start = time.process_time()
    rows = list_micrographs([tmp_path / "images" / "*.png"], tmp_path / "masks")
    assert time.process_time() - start < 2
    assert all(Path(row["mask_path"]).name == Path(row["path"]).name for row in rows)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_members_that_begin_with_a_dot(tmp_path: Path, kind: str) -> None:
    names = ("./set/images/a.png", "./set/masks/a.png", "./set/masks/b.png")
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        _zipped(path, *names)
    else:
        with tarfile.open(path, "w") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))
    found = {row["path"]: row["mask_path"] for row in list_micrographs([path])}
    assert found == {f"{path}!set/images/a.png": f"{path}!set/masks/a.png"}


def test_a_broken_archive_is_a_rejected_row(tmp_path: Path) -> None:
    _zipped(tmp_path / "a.zip", "a.png")
    (tmp_path / "b.zip").write_bytes(b"no archive")
    (tmp_path / "c.tgz").write_bytes(b"\x1f\x8b cut")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 6 : entry + 8] = (99).to_bytes(2, "little")  # version needed to extract
    (tmp_path / "d.zip").write_bytes(data)
    rows = list_micrographs([tmp_path / "*"])
    assert [Path(row["path"]).name for row in rows] == ["a.zip!a.png", "b.zip", "c.tgz", "d.zip"]
    assert [row["fault"] is None for row in rows] == [True, False, False, False]
    named = list_micrographs([tmp_path / "b.zip", tmp_path / "a.zip"])
    row = ingest_file(named[0], Curation())
    assert row["status"] == "rejected" and "b.zip cannot be read (File is not a" in row["reason"]
    with pytest.raises(ImageError, match=r"b\.zip cannot be read .*d\.zip cannot be read"):
        list_micrographs([tmp_path / "b.zip", tmp_path / "d.zip"])


def test_csv_as_spreadsheets_leave_it(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(",path,operator,,\n0,a.png,me,,\n1,b.png,,,,\n,,,,\n2,c.png,me,,3\n")
    rows = list_micrographs([path])
    assert [Path(row["path"]).name for row in rows] == ["a.png", "b.png", "c.png"]
    assert rows[0]["metadata"] == '{"column 1": "0", "operator": "me"}'
    assert rows[0]["fault"] is None and rows[1]["fault"] is None
    assert "line 5: more values than columns" in rows[2]["fault"]


def test_csv_that_names_a_picture_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "set.csv"
    path.write_text("path,pixel_size_nm\na.png,1\nb.png,x\n./a.png,2\nb.png,1\n")
    rows = list_micrographs([path])
    assert [row["pixel_size_nm"] for row in rows[:1]] == [1.0]
    assert [Path(row["path"]).name for row in rows[2:]] == ["set.csv, line 4", "set.csv, line 5"]
    assert "a.png is named again; line 2 counts" in rows[2]["fault"]
    assert "b.png is named again; line 3 counts" in rows[3]["fault"]
    _touch(tmp_path, "a.png")
    list_micrographs([tmp_path / "a.png", path])
    assert "1 images are skipped, an earlier source" in caplog.text


def test_files_that_a_csv_names(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text("path,mask_path\nx.zip!a.png,m/a.png\nx.zip!b.png,\nc.png,\n")
    assert named_files(str(path)) == [
        str(tmp_path / name) for name in ("c.png", "m/a.png", "x.zip")
    ]


def test_csv_with_metadata(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(
        "path,pixel_size_nm, microscopy,licence,operator,mask_path\n"
        "in/a.png,1.5,SEM,MIT,Å. Nilsson,m/a.png\n"
        "b.zip!x.png,,,,,\n"
        "c.png,five,,,,\n"
        ",2,,,,\n"
        "d.png,1,SEM,MIT,x,m,y\n",
        encoding="utf-8-sig",
    )
    rows = list_micrographs([path], licence="CC0")
    assert rows[0] | {"shard": 0} == {
        "path": str(tmp_path / "in" / "a.png"),
        "mask_path": str(tmp_path / "m" / "a.png"),
        "source": str(path),
        "licence": "MIT",
        "pixel_size_nm": 1.5,
        "microscopy": "SEM",
        "metadata": '{"operator": "Å. Nilsson"}',
        "fault": None,
        "shard": 0,
    }
    assert rows[1]["path"] == str(tmp_path / "b.zip!x.png") and rows[1]["licence"] == "CC0"
    assert [row["fault"] is None for row in rows] == [True, True, False, False, False]
    assert "line 4: pixel_size_nm 'five' is no length" in rows[2]["fault"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("file,x\na.png,1\n", "has no column path"), ("path,x,x\n", "columns of the same name: x")],
)
def test_csv_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ImageError, match=words):
        list_micrographs([tmp_path / "a.csv"])


def test_a_run_over_archive_and_csv(tmp_path: Path) -> None:
    """Pictures in archives, with what a CSV says of them; its faults are rejected rows."""
    pixels = make_micrograph(0, 3, Synthesis(size=256, annotated_share=0))[0]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "in/a.png")
        archive.writestr("in/broken.png", b"\x89PNG")
    (tmp_path / "set.csv").write_text(
        "path,pixel_size_nm,microscopy,operator\nset.zip!in/a.png,2.5,TEM,me\nb.png,-1,,\n"
    )
    sources = [str(tmp_path / "set.csv"), str(tmp_path / "set.zip")]
    words = ["--out", str(tmp_path / "out"), "--jobs", "2", *PLAIN]
    assert main(["curation", "run", *sources, *words]) == 0
    table = read_table(tmp_path / "out" / "micrographs.parquet", MICROGRAPHS)
    table.index = [Path(path).name for path in table["path"]]
    assert dict(table["status"]) == {
        "a.png": "kept",
        "b.png": "rejected",
        "broken.png": "rejected",
    }
    kept = table.loc["a.png"]
    assert (kept["pixel_size_nm"], kept["microscopy"], kept["format"]) == (2.5, "TEM", "PNG")
    assert kept["metadata"] == '{"operator": "me"}'
    assert "is no length in nm" in table["reason"]["b.png"]


def test_linked_folders_are_followed_once_and_never_in_circles(tmp_path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    elsewhere.mkdir()
    folder.mkdir()
    for name in (elsewhere / "b.png", folder / "a.png"):
        Image.new("L", (8, 8)).save(name)
    (folder / "run1").symlink_to(elsewhere, target_is_directory=True)
    (folder / "run2").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "back").symlink_to(folder, target_is_directory=True)
    found = [Path(row["path"]).relative_to(folder) for row in list_micrographs([str(folder)])]
    assert sorted(map(str, found)) == ["a.png", "run1/b.png"]
