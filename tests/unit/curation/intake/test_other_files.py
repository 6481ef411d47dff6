"""Listing: what a folder holds beside pictures, and pictures of formats that are not read."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.config import Synthesis
from micrographia.curation.intake.listing import list_micrographs
from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import read_table
from micrographia.synthesis.procedural.micrograph import make_micrograph

#: Listing and reading are what is tested here.
PLAIN = ["--settings", '{"text": {"detect": false}, "scale": {"read": false}}']


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def _zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


#: Names in a user's folder, and what is said of them; nothing is said of those that are read.
_MIXED = {
    "a.png": None,
    "b.WEBP": None,
    "c.gif": None,
    "d.heic": "HEIF pictures are not read",
    "e.JP2": "JPEG 2000 pictures are not read",
    "f.pdf": "PDF documents are not read",
    "g.czi": "Files of light microscopes are not read",
    "h.nef": "Raw pictures of cameras are not read",
    "sub/i.mp4": "Movies are not read",
}
_OTHERS = ("notes.txt", "sizes.csv", "Thumbs.db", ".DS_Store", ".hidden.heic", "sub/README")


def _said_of(rows: list[dict[str, object]], start: str) -> dict[str, str | None]:
    return {str(row["path"]).removeprefix(start): row["fault"] for row in rows}  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["folder", "glob", "archive"])
def test_pictures_that_are_not_read_are_rows_with_their_reason(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("micrographia"), "propagate", True)
    caplog.set_level("INFO", logger="micrographia")
    source, start = str(_touch(tmp_path / "in", *_MIXED, *_OTHERS)), f"{tmp_path}/in/"
    if kind == "glob":
        source += "/**/*"
    if kind == "archive":
        source = str(_zipped(tmp_path / "in.zip", *_MIXED, *_OTHERS))
        start = f"{source}!"
    said = _said_of(list_micrographs([source]), start)
    assert said.keys() == _MIXED.keys()
    for name, words in _MIXED.items():
        assert (said[name] is None) is (words is None), name
        assert words is None or (words in said[name] and name.rpartition("/")[2] in said[name])
    if kind != "glob":  # a pattern names what it wants
        assert "6 files are no pictures and no rows" in caplog.text
        assert "hidden 2, .csv 1, .db 1, .txt 1, without suffix 1" in caplog.text


def test_a_record_beside_its_series_is_no_picture_of_its_own(tmp_path: Path) -> None:
    """TIA writes `a.emi` with `a_1.ser`; a record alone lacks its pixels, which is said."""
    _touch(tmp_path, "a.emi", "a_1.ser", "b.emi")
    said = _said_of(list_micrographs([tmp_path]), f"{tmp_path}/")
    assert said.keys() == {"a_1.ser", "b.emi"}
    assert said["a_1.ser"] is None


def test_a_run_says_why_a_picture_was_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pixels = make_micrograph(0, 3, Synthesis(size=256, annotated_share=0))[0]
    Image.fromarray(pixels).save(folder / "a.webp", lossless=True)
    (folder / "a.avif").write_bytes(b"\0\0\0\x1cftypavif")
    out = tmp_path / "out"
    assert main(["curation", "run", str(folder), "--out", str(out), *PLAIN]) == 0
    table = read_table(out / "micrographs.parquet", MICROGRAPHS).set_index("path")
    assert table.loc[f"{folder}/a.webp", ["status", "format"]].tolist() == ["kept", "WEBP"]
    refused = table.loc[f"{folder}/a.avif"]
    assert refused["status"] == "rejected"
    assert "a.avif: AVIF pictures are not read" in refused["reason"]
    assert "Export the picture as PNG or TIFF" in refused["reason"]


def test_masks_of_a_format_that_is_not_read_are_no_masks(tmp_path: Path) -> None:
    _touch(tmp_path, "images/a.png", "masks/a.pdf", "masks/a.svg")
    rows = list_micrographs([tmp_path])
    assert [(Path(row["path"]).name, row["mask_path"]) for row in rows] == [("a.png", None)]
