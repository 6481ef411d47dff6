"""`micrographia measure`: a folder of pictures in, sizes in nm out, on pictures drawn here."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from skimage.draw import disk

from micrographia.cli import main
from micrographia.io.images import read_labels, write_labels
from micrographia.io.label_masks import masks_in
from micrographia.io.schemas import INSTANCES, MEASURED_PICTURES
from micrographia.io.tables import read_table

SIDE = 260
pytestmark = pytest.mark.slow


def draw(path, radius, seed, nm_per_px=None, count=9):
    """Discs of one radius on a grid, and one that the border cuts; ImageJ's TIFF states nm."""
    rng = np.random.default_rng(seed)
    image = rng.normal(70, 6, (SIDE, SIDE))
    for number in range(count):
        down, right = np.array(divmod(number, 3)) * 75 + 55 + rng.uniform(-6, 6, 2)
        image[disk((down, right), radius, shape=image.shape)] += 100
    image[disk((SIDE - 2, 20), 12, shape=image.shape)] += 100
    pixels = image.clip(0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        resolution = (1 / nm_per_px, 1 / nm_per_px)
        tifffile.imwrite(path, pixels, imagej=True, resolution=resolution, metadata={"unit": "nm"})
    else:
        Image.fromarray(pixels).save(path)


@pytest.fixture
def scans(tmp_path):
    draw(tmp_path / "scans" / "small" / "1.tif", 14, 1, 0.5)
    draw(tmp_path / "scans" / "small" / "2.tif", 14, 2, 0.25)
    draw(tmp_path / "scans" / "large" / "1.tif", 22, 3, 0.5)
    draw(tmp_path / "scans" / "large" / "photo.png", 22, 4)
    copy = (tmp_path / "scans" / "small" / "1.tif").read_bytes()
    (tmp_path / "scans" / "small" / "1 - Copy.tif").write_bytes(copy)
    (tmp_path / "scans" / "broken.tif").write_bytes(b"II*\0 and no more")
    return tmp_path / "scans"


def measure(*words, status=0, text=False):
    """Text and scale bars are looked for in one test: it takes longer than all the rest."""
    settings = json.dumps({"curation": {"text": {"detect": text}, "scale": {"read": text}}})
    words = ["measure", *map(str, words), "--method", "watershed", "--jobs", "1"]
    words += ["--settings", settings]
    assert main(words) == status


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["name" if "name" in row else "file"]: row for row in csv.DictReader(stream)}


def test_a_folder_becomes_sizes_in_nm(scans, tmp_path, capsys):
    out = tmp_path / "out"
    measure(scans, "--out", out, text=True)
    said = capsys.readouterr().out
    assert "5 of 6 pictures measured, 4 in nm, 4 counted in the distributions" in said
    assert "small/1.tif: 10 instances (1 cut by the border)" in said
    pictures = rows_of(out / "pictures.csv")
    assert "has no page" in pictures["broken.tif"]["failure"]
    assert "copy" in pictures["small/1 - Copy.tif"]["why_not_counted"]
    assert pictures["large/photo.png"]["pixel_size [nm]"] == ""
    assert "the file states none" in pictures["large/photo.png"]["why_no_pixel_size"]
    assert pictures["small/2.tif"]["pixel_size_source"] == "header"
    sizes = rows_of(out / "sizes.csv")
    assert float(sizes["small/1.tif"]["mean [nm]"]) == pytest.approx(14, rel=0.08)
    assert float(sizes["small/2.tif"]["d50 [nm]"]) == pytest.approx(7, rel=0.08)
    assert float(sizes["large/photo.png"]["median [px]"]) == pytest.approx(44, rel=0.05)
    assert (
        sizes["large/photo.png"]["mean [nm]"] == "" and sizes["large/photo.png"]["n (nm)"] == "0"
    )
    assert sizes["large"]["n (nm)"] == "9" and sizes["large"]["n (px)"] == "18"
    assert sizes["large"]["cut by the border, left out (px)"] == "2"
    # The copy is measured, and not counted twice.
    assert sizes["small"]["n (nm)"] == "18" and sizes["small/1 - Copy.tif"]["n (nm)"] == "9"
    assert sizes["all pictures that count"]["pictures"] == "4"
    table = pd.read_csv(out / "instances.csv")
    assert {"file", "group", "area [nm²]", "equivalent_diameter [nm]"} <= set(table.columns)
    assert sorted(table["file"].unique()) == sorted(set(pictures) - {"broken.tif"})
    names = {"small-1", "2", "large-1", "photo", "1 - Copy"}
    assert {path.stem for path in (out / "masks").glob("*.png")} == names
    assert {path.stem for path in (out / "outlines").iterdir()} == names
    assert {path.stem for path in (out / "rois").iterdir()} == names
    figures = {str(path.relative_to(out / "figures")) for path in (out / "figures").rglob("*.*")}
    for suffix in ("svg", "pdf", "png"):
        wanted = {f"all.{suffix}", f"groups/small.{suffix}", f"pictures/photo.{suffix}"}
        assert wanted <= figures


def test_the_same_command_again_gives_the_same_and_knows_its_own_outputs(scans, tmp_path):
    out = scans / "out"  # where a user of `measure .` puts it
    measure(scans, "--out", out)
    made = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    measure(scans, "--out", out)
    assert {*made} == {path for path in out.rglob("*") if path.is_file()}
    timed = {"pictures.csv", "pictures.parquet"}  # they tell the seconds
    changed = [path.name for path, data in made.items() if path.read_bytes() != data]
    assert set(changed) <= timed


def test_a_corrected_mask_stays_and_counts(scans, tmp_path, capsys):
    out = tmp_path / "out"
    measure(scans, "--out", out)
    mask = out / "masks" / "photo.png"
    labels = read_labels(mask)
    labels[labels > 3] = 0
    write_labels(mask, labels)
    capsys.readouterr()
    for _ in range(2):
        measure(scans, "--out", out)
        assert "large/photo.png: 3 instances" in (said := capsys.readouterr().out)
        assert said.count("mask corrected") == 1
    np.testing.assert_array_equal(read_labels(mask), labels)
    table = read_table(out / "instances.parquet", INSTANCES)
    assert (table["path"].str.endswith("photo.png")).sum() == 3
    # The next network learns from it: `segmentation.rounds.corrections` names this folder.
    corrected = masks_in(out / "corrected", "corrected")
    assert [*corrected] == ["photo"]
    np.testing.assert_array_equal(read_labels(corrected["photo"]), labels)


def correct(mask, keep):
    labels = read_labels(mask)
    labels[labels > keep] = 0
    write_labels(mask, labels)


def count_of(out, file):
    table = read_table(out / "pictures.parquet", MEASURED_PICTURES).set_index("file")
    return table.loc[file, "mask_source"], table.loc[file, "n_instances"]


def test_a_correction_outlives_whatever_happens_in_between(scans, tmp_path, capsys):
    """A broken mask, a run on a part, a further picture of the name, a table of an old release."""
    out = tmp_path / "out"
    measure(scans / "small", "--out", out)
    mask = out / "masks" / "2.png"
    good = read_labels(mask)
    write_labels(mask, np.zeros((5, 5), np.int32))
    measure(scans / "small", "--out", out)
    assert f"The mask {mask} has another size" in capsys.readouterr().out
    write_labels(mask, good)
    correct(mask, 4)
    measure(scans / "small", "--out", out)
    assert count_of(out, "2.tif") == ("corrected", 4)
    measure(scans / "small" / "1.tif", "--out", out)
    (out / "pictures.parquet").unlink()
    measure(scans / "small", "--out", out)
    assert count_of(out, "2.tif") == ("corrected", 4)
    draw(scans / "other" / "2.tif", 20, 9, 0.5)
    measure(scans / "small", scans / "other", "--out", out)
    assert count_of(out, "small/2.tif") == ("corrected", 4)
    assert count_of(out, "other/2.tif")[0] == "watershed"
    assert {path.name for path in (out / "masks").glob("*.png")} == {
        "1.png", "1 - Copy.png", "other-2.png", "small-2.png",
    }  # fmt: skip
    mask.write_bytes(b"no picture")
    measure(scans / "small" / "2.tif", "--out", out, status=1)
    assert f"The mask {mask} cannot be read" in capsys.readouterr().out


def test_what_is_no_correction_any_more_is_not_learned_from(scans, tmp_path):
    out = tmp_path / "out"
    measure(scans / "large", "--out", out)
    correct(out / "masks" / "photo.png", 3)
    measure(scans / "large", "--out", out)
    assert (out / "corrected" / "photo.png").is_file()
    draw(scans / "large" / "photo.png", 18, 8)  # another picture under the same name
    measure(scans / "large", "--out", out)
    assert count_of(out, "photo.png")[0] == "watershed"
    assert not (out / "corrected" / "photo.png").exists()
    assert len([*(out / "masks" / ".replaced").iterdir()]) == 1  # somebody's work is kept
    (scans / "large" / "photo.png").unlink()
    measure(scans / "large", "--out", out)
    assert not [*out.rglob("photo.*")]  # nothing of it looks current


def test_a_given_mask_that_is_edited_later_stays_as_it_was_made(scans, tmp_path):
    out, mine = tmp_path / "out", np.zeros((SIDE, SIDE), np.int32)
    mine[10:30, 10:30] = 255
    mine[100:140, 100:140] = 255
    write_labels(tmp_path / "mine" / "2.png", mine)
    words = (scans / "small", "--masks", tmp_path / "mine", "--out", out)
    measure(*words)
    assert count_of(out, "2.tif") == ("given", 2)
    note = read_table(out / "pictures.parquet", MEASURED_PICTURES).set_index("file")["note"]
    assert "2 connected parts were separated" in note["2.tif"]
    correct(out / "masks" / "2.png", 1)
    for again in (words, (scans / "small", "--out", out)):
        measure(*again)
        assert count_of(out, "2.tif") == ("corrected", 1)


def test_masks_that_belong_to_no_picture_are_said(scans, tmp_path, capsys):
    write_labels(tmp_path / "mine" / "typo.png", np.ones((SIDE, SIDE), np.int32))
    words = (scans / "small", "--masks", tmp_path / "mine", "--out", tmp_path / "out")
    measure(*words, status=2)
    assert "belongs to one of the pictures" in capsys.readouterr().err
    write_labels(tmp_path / "mine" / "2.png", np.ones((SIDE, SIDE), np.int32))
    measure(*words)
    assert "typo.png belongs to no picture" in capsys.readouterr().err


def test_masks_of_ones_own_take_the_place_of_segmentation(scans, tmp_path, capsys):
    mine = np.zeros((SIDE, SIDE), np.int32)
    mine[10:30, 10:30], mine[100:140, 100:140] = 1, 2
    write_labels(tmp_path / "mine" / "2.png", mine)
    out = tmp_path / "out"
    measure(scans, "--masks", tmp_path / "mine", "--out", out)
    assert "small/2.tif: 2 instances" in capsys.readouterr().out
    table = read_table(out / "instances.parquet", INSTANCES)
    of_it = table[table["path"].str.endswith("small/2.tif")]
    assert of_it["area_nm2"].tolist() == [25, 100]
    pictures = read_table(out / "pictures.parquet", MEASURED_PICTURES).set_index("file")
    assert pictures.loc["small/2.tif", "mask_source"] == "given"
    assert pictures.loc["small/1.tif", "mask_source"] == "watershed"


def test_one_picture_and_its_pixel_size(scans, tmp_path, capsys):
    measure(scans / "large" / "photo.png", "--pixel-size", "2", "--out", tmp_path / "out")
    said = capsys.readouterr().out
    assert "1 of 1 picture measured, 1 in nm" in said and "2 nm per pixel (given)" in said
    sizes = rows_of(tmp_path / "out" / "sizes.csv")
    assert float(sizes["photo.png"]["mean [nm]"]) == pytest.approx(88, rel=0.05)


def test_groups_by_a_column(scans, tmp_path):
    lines = ["path,treatment", "small/1.tif,fresh", "large/1.tif,aged", "small/2.tif,fresh"]
    (scans / "list.csv").write_text("\n".join(lines))
    out = tmp_path / "out"
    measure(scans / "list.csv", "--group-by", "treatment", "--out", out)
    sizes = rows_of(out / "sizes.csv")
    assert sizes["fresh"]["n (nm)"] == "18" and sizes["aged"]["n (nm)"] == "9"
    assert (out / "figures" / "groups" / "fresh.svg").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--group-by", "treatment"], "No picture has a column 'treatment'"),
        (["--pixel-size", "-3"], "The pixel size is no length of a pixel"),
        (["--masks", "nowhere"], "Folder of masks nowhere does not exist"),
    ],
)
def test_what_is_wrong_is_said(scans, tmp_path, words, message, capsys):
    measure(scans, "--out", tmp_path / "out", *words, status=2)
    assert message in capsys.readouterr().err


def test_nothing_that_can_be_measured(tmp_path, capsys):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "broken.png").write_bytes(b"\x89PNG and no more")
    measure(tmp_path / "scans", "--out", tmp_path / "out", status=1)
    assert "broken.png: not measured" in capsys.readouterr().out
