"""`micrographia segmentation predict` on files, folders and tables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from needed import EMPS, needs
from PIL import Image
from roifile import ImagejRoi
from skimage.draw import disk

from micrographia.cli import main
from micrographia.io.images import image_id, read_labels, read_micrograph
from micrographia.io.schemas import INSTANCES, MICROGRAPHS, PREDICTIONS, SIZES
from micrographia.io.tables import read_provenance, read_table, write_table
from micrographia.segmentation.predict import jobs_of_paths


def write_picture(path, centre=(40, 40), seed=0):
    image = np.random.default_rng(seed).normal(70, 5, (100, 120))
    image[disk(centre, 15)] += 100
    image[disk((70, 90), 15)] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def images(tmp_path):
    for number, name in enumerate("abc"):
        write_picture(tmp_path / "in" / f"{name}.png", seed=number)
    (tmp_path / "in" / "broken.png").write_bytes(b"\x89PNG and no more")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    return tmp_path / "in"


def predict(*words):
    return main(["segmentation", "predict", *map(str, words)])


def test_folder_with_a_broken_image(images, tmp_path, capsys):
    out = tmp_path / "out"
    assert predict(images, "--out", out, "--overlays") == 0
    table = read_table(out / "predictions.parquet", PREDICTIONS).set_index("mask")
    assert len(table) == 4  # the text file is none of them
    broken = table[table["failure"].notna()]
    assert len(broken) == 1 and "broken.png" in broken["failure"].iloc[0]
    assert broken.index.isna().all() and broken["n_instances"].isna().all()
    said = capsys.readouterr().err
    assert "1 failed" in said and broken["failure"].iloc[0] in said
    for name in "abc":
        labels = read_labels(out / f"{name}.png")
        assert labels.max() == table.loc[f"{name}.png", "n_instances"] == 2
        assert (out / "overlay" / f"{name}.png").is_file()
        expected = image_id(read_micrograph(images / f"{name}.png").pixels)
        assert table.loc[f"{name}.png", "image_id"] == expected
    instances = read_table(out / "instances.parquet", INSTANCES)
    assert len(instances) == 6
    assert instances["area_px"].between(550, 850).all()
    assert not (out / "broken.png").exists()


def test_pictures_that_are_not_read_are_rows_with_their_reason(images, tmp_path, capsys):
    """As `curation run` treats them; texts and tables are counted in the log."""
    write_picture(images / "a.webp")
    (images / "a.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (images / "report.pdf").write_bytes(b"%PDF-1.7")
    (images / ".hidden.heic").write_bytes(b"")
    jobs = jobs_of_paths([images])
    names = [Path(job.path).name for job in jobs]
    assert names == ["a.png", "a.webp", "b.png", "broken.png", "c.png", "a.heic", "report.pdf"]
    assert [job.stem for job in jobs[:2]] == ["a", "a.webp"]
    out = tmp_path / "out"
    assert predict(images, "--out", out) == 0
    assert "2 files are no pictures (.txt 1, hidden 1)" in capsys.readouterr().err
    table = read_table(out / "predictions.parquet", PREDICTIONS)
    failed = table[table["failure"].notna()]
    failures = {Path(row.path).name: row.failure for row in failed.itertuples()}
    assert set(failures) == {"broken.png", "a.heic", "report.pdf"}
    assert "HEIF pictures are not read" in failures["a.heic"]
    assert "PDF documents are not read" in failures["report.pdf"]


def test_status_when_all_fail(images, tmp_path):
    absent = tmp_path / "absent.png"
    assert predict(absent, images / "broken.png", "--out", tmp_path / "out") == 1
    table = read_table(tmp_path / "out" / "predictions.parquet", PREDICTIONS)
    assert "does not exist" in table["failure"][0]
    assert predict(absent, images / "a.png", "--out", tmp_path / "out") == 0


def test_of_two_equal_stems_the_second_keeps_its_suffix(images, tmp_path):
    write_picture(images / "a.tif", centre=(45, 40), seed=7)
    out = tmp_path / "out"
    assert predict(images, "--out", out) == 0
    table = read_table(out / "predictions.parquet", PREDICTIONS)
    made = {row["path"].rsplit("/")[-1]: row["mask"] for row in table.to_dict("records")}
    assert made["a.png"] == "a.png" and made["a.tif"] == "a.tif.png"
    assert (read_labels(out / "a.png") != read_labels(out / "a.tif.png")).any()


def test_equal_names_stop_before_any_work(images, tmp_path, capsys):
    write_picture(tmp_path / "other" / "a.png")
    assert predict(images, tmp_path / "other", "--out", tmp_path / "out") == 2
    assert "would both write the mask a.png" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_mask_never_replaces_its_image(images, tmp_path, capsys):
    before = {path: path.read_bytes() for path in images.iterdir()}
    (tmp_path / "link").symlink_to(images)
    for out in (images, tmp_path / "link", images / ".." / "in"):
        assert predict(images / "b.png", "--out", out) == 2
        said = capsys.readouterr().err
        assert f"{out / 'b.png'} would overwrite the input {images / 'b.png'}" in said
    write_picture(images / "overlay" / "d.png")
    drawn = images / "overlay" / "d.png"
    assert predict(drawn, "--out", images, "--overlays") == 2
    drawn.unlink()
    drawn.parent.rmdir()
    assert {path: path.read_bytes() for path in images.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "one kind of input"),
        (["x.png", "--held-out", "t.parquet"], "one kind of input"),
        (["--micrographs", "t.parquet", "--pixel-size", "2"], "goes with images"),
        (["x.png", "--method", "magic"], "watershed"),
        (["x.png", "--settings", '{"watershed": {"smothing": 2}}'], "did you mean 'smoothing'"),
    ],
)
def test_faults_of_the_command_line(words, message, tmp_path, capsys):
    assert predict(*words, "--out", tmp_path / "out") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_empty_folder(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert predict(tmp_path / "empty", "--out", tmp_path / "out") == 2
    assert "contains no image" in capsys.readouterr().err


def test_locked_folder(images, tmp_path, capsys, monkeypatch):
    """The system refuses to list a folder; as root that has to be staged."""
    images.chmod(0)
    try:
        if os.geteuid() == 0:
            monkeypatch.setattr(os, "listdir", refuse_to_list)
        assert predict(images, "--out", tmp_path / "out") == 2
    finally:
        images.chmod(0o755)
    said = capsys.readouterr().err
    assert f"Folder {images} cannot be read (Permission denied)" in said
    assert not (tmp_path / "out").exists()


def refuse_to_list(path):
    raise PermissionError(13, "Permission denied", str(path))


@pytest.fixture
def table(images, tmp_path):
    """Kept a, b, c and a broken one; one rejected between them."""
    rows = []
    for name in ("a", "rejected", "b", "broken", "c"):
        row = dict.fromkeys(MICROGRAPHS.names)
        status = "rejected" if name == "rejected" else "kept"
        row.update(image_id=f"id-{name}", path=str(images / f"{name}.png"), status=status)
        row["pixel_size_nm"] = 3.0 if name == "a" else None
        rows.append(row)
    write_table(rows, tmp_path / "micrographs.parquet", MICROGRAPHS)
    return tmp_path / "micrographs.parquet"


def test_shards_of_a_table(table, tmp_path):
    found = []
    settings = json.dumps({"watershed": {"min_area": 40}})
    for shard in ("000", "001"):
        out = tmp_path / shard
        words = ["--micrographs", table, "--shard", shard, "--shards", 2, "--out", out]
        assert predict(*words, "--settings", settings) == 0
        found.append(read_table(out / "predictions.parquet", PREDICTIONS))
        assert (
            read_provenance(out / "predictions.parquet")["settings"]["watershed"]["min_area"] == 40
        )
    assert found[0]["image_id"].tolist() == ["id-a", "id-broken"]
    assert found[1]["image_id"].tolist() == ["id-b", "id-c"]
    assert found[0]["failure"].notna().tolist() == [False, True]
    assert read_labels(tmp_path / "001" / "id-c.png").max() == 2
    sizes = read_table(tmp_path / "000" / "instances.parquet", INSTANCES)
    assert sizes["area_nm2"].tolist() == (9 * sizes["area_px"]).tolist()


def test_folder_of_a_shard_is_whole_and_repeats(table, tmp_path):
    out = tmp_path / "shard"
    masks = []
    for _ in range(2):
        assert predict("--micrographs", table, "--out", out) == 0
        masks.append(
            [(out / name).read_bytes() for name in ("id-a.png", "id-b.png", "instances.parquet")]
        )
        assert sorted(path.name for path in out.iterdir()) == [
            ".micrographia", "id-a.png", "id-b.png", "id-c.png",
            "instances.parquet", "predictions.parquet",
        ]  # fmt: skip
        (out / "stale.png").write_bytes(b"of an earlier run")
    assert masks[0] == masks[1]


def test_a_folder_of_the_user_is_never_replaced(table, images, tmp_path, capsys):
    """Neither one with other files, nor one that the images or the table are in."""
    before = {path: path.read_bytes() for path in images.iterdir()}
    assert predict("--micrographs", table, "--out", images) == 2
    assert f"{images} holds files that Micrographia did not write" in capsys.readouterr().err
    (images / ".micrographia").touch()
    assert predict("--micrographs", table, "--out", images) == 2
    assert "a.png is in it" in capsys.readouterr().err
    (images / ".micrographia").unlink()
    assert {path: path.read_bytes() for path in images.iterdir()} == before


def test_shard_without_rows_is_an_empty_table(table, tmp_path):
    out = tmp_path / "last"
    assert predict("--micrographs", table, "--shard", 8, "--shards", 9, "--out", out) == 0
    assert read_table(out / "predictions.parquet", PREDICTIONS).empty
    assert read_table(out / "instances.parquet", INSTANCES).empty


def test_shard_that_does_not_exist(table, tmp_path, capsys):
    assert predict("--micrographs", table, "--shard", 2, "--shards", 2, "--out", tmp_path) == 2
    assert "0 to 1" in capsys.readouterr().err


def test_one_picture_gives_all_that_one_works_with(images, tmp_path):
    """From the command line a picture's masks, tables, sizes and exports, the same each time."""
    for out in (tmp_path / "out", tmp_path / "again"):
        assert predict(images / "a.png", "--out", out) == 0
    out = tmp_path / "out"
    made = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert made == {
        "a.png", "predictions.parquet", "instances.parquet", "instances.csv", "sizes.parquet",
        "sizes.csv", "coco.json", "rois/a.zip", "overlay/a.png",
        "figures/sizes.png", "figures/sizes.svg", "figures/sizes.pdf",
    }  # fmt: skip
    for name in made - {"predictions.parquet"}:  # which tells the seconds
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    rows = pd.read_csv(out / "instances.csv")
    table = read_table(out / "instances.parquet", INSTANCES)
    assert rows["centroid_x"].tolist() == pytest.approx([40, 90], abs=0.5)
    assert rows["area_px"].tolist() == table["area_px"].tolist()
    sizes = read_table(out / "sizes.parquet", SIZES)
    assert sizes["n"].tolist() == [2, 2] and sizes["image_id"].isna().tolist() == [True, False]
    coco = json.loads((out / "coco.json").read_text())
    assert coco["images"][0]["file_name"] == "a.png"
    assert [entry["area"] for entry in coco["annotations"]] == table["area_px"].tolist()
    assert len(ImagejRoi.fromfile(out / "rois" / "a.zip")) == 2
    plain = tmp_path / "plain"
    assert predict(images / "a.png", "--out", plain, "--masks-only") == 0
    assert {path.name for path in plain.iterdir()} == {
        "a.png", "predictions.parquet", "instances.parquet",
    }  # fmt: skip


def test_measurements_of_shards(table, tmp_path, capsys):
    for shard in (0, 1):
        words = ["--micrographs", table, "--shard", shard, "--shards", 2]
        assert predict(*words, "--out", tmp_path / str(shard)) == 0
    folders = [str(tmp_path / "0"), str(tmp_path / "1")]
    (tmp_path / "in" / "c.png").unlink()
    measure = ["segmentation", "measurements", *folders, "--out", str(tmp_path / "all")]
    assert main([*measure, "--pictures"]) == 0
    out = tmp_path / "all"
    instances = read_table(out / "instances.parquet", INSTANCES)
    assert instances["image_id"].unique().tolist() == ["id-a", "id-b", "id-c"]
    coco = json.loads((out / "coco.json").read_text())
    assert [image["image_id"] for image in coco["images"]] == ["id-a", "id-b", "id-c"]
    sizes = read_table(out / "sizes.parquet", SIZES)
    units = [*zip(sizes["image_id"].fillna("all"), sizes["unit"], sizes["n"], strict=True)]
    assert units == [
        ("all", "px", 6), ("all", "nm", 2), ("id-a", "px", 2), ("id-a", "nm", 2),
        ("id-b", "px", 2), ("id-c", "px", 2),
    ]  # fmt: skip
    assert {path.name for path in (out / "rois").iterdir()} == {f"id-{n}.zip" for n in "abc"}
    # c is gone: its mask is measured, and cannot be drawn on anything.
    assert {path.name for path in (out / "overlay").iterdir()} == {"id-a.png", "id-b.png"}
    assert "no overlay" in capsys.readouterr().err


@needs("EMPS")
def test_pictures_that_the_shipped_network_learned_from_are_known(tmp_path):
    pictures = sorted((EMPS / "images").iterdir())[:5]
    words = ["--method", "unet-small", "--masks-only", "--out", tmp_path / "out"]
    assert predict(pictures[0], pictures[3], *words) == 0
    table = read_table(tmp_path / "out" / "predictions.parquet", PREDICTIONS)
    assert set(table["seen"]) <= {"train", "validation"}  # all of them are one or the other
