"""A folder with everything that goes wrong in it, through the command line."""

from __future__ import annotations

import csv
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from needed import EMPS, needs
from PIL import Image

from micrographia.cli import main
from micrographia.config import Curation, Synthesis
from micrographia.io.copies.fingerprint import perceptual_hash, thumbnail
from micrographia.io.copies.neighbours import groups
from micrographia.io.images import image_id, read_micrograph, write_labels
from micrographia.io.schemas import MANIFEST, MICROGRAPHS
from micrographia.io.tables import read_provenance, read_table
from micrographia.synthesis.procedural.micrograph import make_micrograph


def _bomb() -> bytes:
    chunks = [
        b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(bytes(1000)),
        b"IEND",
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


@pytest.fixture(scope="module")
def good() -> list[np.ndarray]:
    settings = Synthesis(size=256, annotated_share=0)
    return [make_micrograph(index, 3, settings)[0] for index in range(4)]


@pytest.fixture
def folder(tmp_path: Path, good: list[np.ndarray]) -> Iterator[Path]:
    """Good files beside one of every kind of bad file."""
    root = tmp_path / "in"
    root.mkdir()
    Image.fromarray(good[0]).save(root / "a_good.png")
    Image.fromarray(np.dstack([good[1]] * 3 + [np.full_like(good[1], 255)])).save(root / "b.png")
    tifffile.imwrite(
        root / "c.tif",
        good[2].astype(np.uint16) * 16,
        resolution=(1e7, 1e7),
        resolutionunit="CENTIMETER",
    )
    tifffile.imwrite(root / "d_float.tif", good[3].astype(np.float32))
    Image.fromarray(good[0]).save(root / "x_copy.bmp")
    Image.fromarray(good[0]).resize((230, 230)).save(root / "x_near.jpg", quality=85)
    (root / "bomb.png").write_bytes(_bomb())
    (root / "empty.png").write_bytes(b"")
    (root / "text.png").write_text("no picture")
    (root / "cut.png").write_bytes((root / "a_good.png").read_bytes()[:9000])
    (root / "gone.png").symlink_to(tmp_path / "nowhere.png")
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(root / "one.png")
    Image.fromarray(np.full((256, 256), 90, np.uint8)).save(root / "flat.png")
    Image.fromarray(good[1][:100, :100]).save(root / "small.png")
    (root / "locked.png").write_bytes((root / "b.png").read_bytes())
    (root / "locked.png").chmod(0)
    (root / "folder.png").mkdir()
    yield root
    (root / "locked.png").chmod(0o644)


#: What is burnt into pictures is another test's; the detector takes its time.
PLAIN = ["--settings", '{"text": {"detect": false}, "scale": {"read": false}}']
EXPECTED = {
    "bomb.png": "too large to decode; saw '60000 x 60000 px'",
    "empty.png": "is empty (0 bytes)",
    "text.png": "is not an image",
    "cut.png": "damaged or cut short",
    "gone.png": "does not exist",
    "one.png": "too small: side 1 px < 200 px",
    "flat.png": "flat: contrast 0 < 0.05",
    "small.png": "too small: side 100 px < 200 px",
    "x_copy.bmp": "exact copy of ",
    "x_near.jpg": "near copy (",
}


def test_run_finishes_whatever_is_in_the_folder(
    folder: Path, tmp_path: Path, good: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        main(["curation", "run", str(folder), "--out", str(out), "--licence", "MIT", *PLAIN]) == 0
    )
    table = read_table(out / "micrographs.parquet", MICROGRAPHS)
    table.index = [Path(path).name for path in table["path"]]
    expected = dict(EXPECTED)
    if os.geteuid() == 0:  # root may read it; then it is a copy
        expected["locked.png"] = "exact copy of "
    else:
        expected["locked.png"] = "permission denied"
    kept = table[table["status"] == "kept"]
    assert list(kept.index) == ["a_good.png", "b.png", "c.tif", "d_float.tif"]
    assert set(table.index) == {*kept.index, *expected}
    for name, words in expected.items():
        assert table["status"][name] == "rejected"
        assert words in table["reason"][name], name
    assert kept["reason"].isna().all()
    assert kept["image_id"]["b.png"] == image_id(good[1])
    assert kept["pixel_size_nm"]["c.tif"] == pytest.approx(1.0)
    assert table["duplicate_of"]["x_near.jpg"] == kept["image_id"]["a_good.png"]
    assert read_provenance(out / "micrographs.parquet")

    summary = json.loads((out / "summary.json").read_text())
    assert summary["n_files"] == len(table) == 15
    assert summary["n_kept"] == 4
    assert summary["n_unreadable"] == 5 + (os.geteuid() != 0)
    assert summary["n_poor_quality"] == 3
    with (out / "quarantine.csv").open(newline="") as stream:
        listed = {Path(row["path"]).name: row["reason"] for row in csv.DictReader(stream)}
    assert set(listed) == set(expected)
    printed = capsys.readouterr().out
    assert "15 files: 4 kept" in printed


def test_shards_give_the_same_table_as_one_run(folder: Path, tmp_path: Path) -> None:
    assert main(["curation", "run", str(folder), "--out", str(tmp_path / "one"), *PLAIN]) == 0
    manifest = tmp_path / "manifest.parquet"
    assert main(["curation", "list", str(folder), "--shards", "3", "--out", str(manifest)]) == 0
    assert set(read_table(manifest, MANIFEST)["shard"]) == {0, 1, 2}
    parts = [str(tmp_path / f"{shard}.parquet") for shard in range(3)]
    for shard, part in enumerate(parts):
        words = ["--manifest", str(manifest), "--shard", str(shard), "--out", part]
        assert main(["curation", "ingest", *words, *PLAIN]) == 0
    merged = tmp_path / "merged.parquet"
    assert main(["curation", "merge", *parts, "--out", str(merged), *PLAIN]) == 0
    assert merged.read_bytes() == (tmp_path / "one" / "micrographs.parquet").read_bytes()


def test_no_table_replaces_the_one_it_is_made_of(
    tmp_path: Path, good: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(good[0]).save(tmp_path / "in" / "a.png")
    table = tmp_path / "table.parquet"
    assert main(["curation", "list", str(tmp_path / "in"), "--out", str(table)]) == 0
    before = table.read_bytes()
    for words in (["ingest", "--manifest"], ["merge"]):
        assert main(["curation", *words, str(table), "--out", str(table)]) == 2
        assert "would overwrite the input" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_masks_that_do_not_fit_are_dropped_and_said(
    tmp_path: Path, good: list[np.ndarray]
) -> None:
    masks = tmp_path / "in" / "masks"
    masks.mkdir(parents=True)
    for name, pixels in zip("abc", good, strict=False):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
    write_labels(masks / "a.png", np.ones((256, 256), int))
    write_labels(masks / "b.png", np.ones((256, 250), int))
    (masks / "c.png").write_bytes(b"\x89PNG")
    words = ["--out", str(tmp_path / "o"), *PLAIN]
    assert main(["curation", "run", str(tmp_path / "in"), *words]) == 0
    table = read_table(tmp_path / "o" / "micrographs.parquet", MICROGRAPHS)
    assert list(table["status"]) == ["kept"] * 3
    assert list(table["mask_path"].isna()) == [False, True, True]
    assert "250 x 256 px, its image 256 x 256" in table["reason"][1]
    assert "mask dropped: c.png is not an image" in table["reason"][2]


def test_a_binary_mask_is_dropped_and_said(tmp_path: Path, good: list[np.ndarray]) -> None:
    masks = tmp_path / "in" / "masks"
    masks.mkdir(parents=True)
    Image.fromarray(good[0]).save(tmp_path / "in" / "a.png")
    mask = np.zeros((256, 256), np.uint8)
    mask[20:50, 20:50] = mask[100:140, 90:150] = 255
    Image.fromarray(mask).save(masks / "a.png")
    words = ["--out", str(tmp_path / "o"), *PLAIN]
    assert main(["curation", "run", str(tmp_path / "in"), *words]) == 0
    table = read_table(tmp_path / "o" / "micrographs.parquet", MICROGRAPHS)
    assert list(table["status"]) == ["kept"] and table["mask_path"].isna().all()
    assert table["reason"][0].startswith("mask dropped: Label mask a.png is binary")


@pytest.mark.parametrize("kind", ["empty", "absent", "masks"])
def test_nothing_to_curate(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    source = tmp_path / "in"
    words = ["--out", str(tmp_path / "out")]
    if kind != "absent":
        source.mkdir()
    if kind == "masks":
        words += ["--masks", str(tmp_path / "nowhere")]
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(source / "a.png")
    assert main(["curation", "run", str(source), *words]) == 2
    assert not (tmp_path / "out").exists()


def test_settings_reach_the_verdict(tmp_path: Path, good: list[np.ndarray]) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(good[0]).save(tmp_path / "in" / "a.png")
    words = ["--out", str(tmp_path / "out"), "--settings", '{"min_side": 300}']
    assert main(["curation", "run", str(tmp_path / "in"), *words]) == 0
    table = read_table(tmp_path / "out" / "micrographs.parquet")
    assert table["reason"][0] == "too small: side 256 px < 300 px"


@needs("rapidocr")
def test_what_is_burnt_in_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the workflow, from any folder; what cannot be done here is said."""
    made = ["synthesis", "micrographs", "--out", str(tmp_path / "made"), "--settings"]
    assert main([*made, '{"count": 6, "size": 384, "annotated_share": 1}']) == 0
    monkeypatch.chdir(tmp_path)
    words = ["curation", "run", "made/images", "--out", "out", "--settings"]
    assert main([*words, '{"text": {"weights": "none.pt"}}']) == 0
    said = capsys.readouterr().out
    assert "Text was not looked for: " in said and "Scale bars were not read" not in said
    table = read_table(tmp_path / "out" / "micrographs.parquet", MICROGRAPHS)
    assert table["text_boxes"].isna().all()
    assert "bar" in set(table["pixel_size_source"].dropna())


@needs("ultralytics")
def test_text_is_looked_for_and_taken_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ["synthesis", "micrographs", "--out", str(tmp_path / "made"), "--settings"]
    assert main([*made, '{"count": 6, "size": 384, "annotated_share": 1}']) == 0
    monkeypatch.chdir(tmp_path)
    words = ["curation", "run", "made/images", "--out", "out", "--settings"]
    assert main([*words, '{"scale": {"read": false}}']) == 0
    said = capsys.readouterr().out
    assert "Text was not looked for" not in said and "Scale bars were not read: " in said
    table = read_table(tmp_path / "out" / "micrographs.parquet", MICROGRAPHS)
    kept = table[table["status"] == "kept"]
    assert len(kept) > 0 and kept["text_policy"].isin(["inpaint", "none"]).all()
    assert (kept["text_policy"] == "inpaint").any()


def test_curation_finds_what_the_generator_planted(tmp_path: Path) -> None:
    """Every planted copy, blurred and small picture is rejected, and nothing else is."""
    made, out = tmp_path / "made", tmp_path / "out"
    assert main(["synthesis", "micrographs", "--out", str(made)]) == 0
    assert main(["curation", "run", str(made), "--out", str(out), *PLAIN]) == 0
    rows = read_table(made / "truth.parquet").to_dict(orient="records")
    table = read_table(out / "micrographs.parquet", MICROGRAPHS)
    stems = [Path(path).stem for path in table["path"]]
    status = dict(zip(stems, table["status"], strict=True))
    copied = {row["duplicate_of_name"] for row in rows if isinstance(row["defect"], str)}
    for row in rows:
        name, other = row["name"], row["duplicate_of_name"]
        if isinstance(other, str):  # of an original and its copy exactly one stays
            assert sorted([status[name], status[other]]) == ["kept", "rejected"]
        elif isinstance(row["defect"], str):
            assert status[name] == "rejected"
        elif name not in copied:
            assert status[name] == "kept", name
    assert table["mask_path"].notna().all()


@needs("EMPS")
def test_no_two_real_pictures_are_taken_for_copies() -> None:
    """All 366 are different pictures: the defaults must not merge any."""
    settings = Curation()
    files = sorted((EMPS / "images").glob("*.png"))
    smalls = [thumbnail(read_micrograph(file).pixels) for file in files[::3]]
    hashes = np.array([int(perceptual_hash(small), 16) for small in smalls], dtype=np.uint64)
    found = groups(
        hashes, settings.duplicate_radius, np.array(smalls), settings.duplicate_correlation
    )
    assert len(np.unique(found)) == len(smalls)
