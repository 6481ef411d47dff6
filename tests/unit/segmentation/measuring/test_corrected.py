"""Masks that somebody corrected are measured again, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.draw import disk

from micrographia.cli import main
from micrographia.io.images import read_labels, write_labels
from micrographia.io.schemas import INSTANCES, SIZES
from micrographia.io.tables import read_table


def draw(path, centres, radius=15):
    image = np.random.default_rng(1).normal(70, 5, (100, 120))
    for centre in centres:
        image[disk(centre, radius)] += 100
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def predicted(tmp_path):
    for name in ("a", "b", "sizes"):
        draw(tmp_path / f"{name}.png", [(40, 40), (70, 90)])
    words = [str(tmp_path / f"{name}.png") for name in ("a", "b", "sizes")]
    words += ["--pixel-size", "2", "--method", "watershed", "--out", str(tmp_path / "out")]
    assert main(["segmentation", "predict", *words]) == 0
    return tmp_path / "out"


def measurements(*words):
    assert main(["segmentation", "measurements", *map(str, words)]) == 0


def test_a_changed_mask_is_measured_again(predicted, tmp_path, capsys):
    labels = read_labels(predicted / "a.png")
    assert labels.max() == 2
    labels[labels == 2] = 0
    labels[5:15, 5:25] = 3  # drawn by hand: 200 px of 2 nm
    write_labels(predicted / "a.png", labels)
    measurements(predicted, "--out", tmp_path / "again", "--pictures")
    table = read_table(tmp_path / "again" / "instances.parquet", INSTANCES)
    of_a = table[table["path"].str.endswith("/a.png")]
    assert of_a["label"].tolist() == [1, 3]
    assert of_a["area_px"].tolist()[1] == 200 and of_a["area_nm2"].tolist()[1] == 800
    before = read_table(predicted / "instances.parquet", INSTANCES)
    untouched = table[~table["path"].str.endswith("/a.png")].reset_index(drop=True)
    kept = before[~before["path"].str.endswith("/a.png")].reset_index(drop=True)
    assert untouched.equals(kept)
    said = capsys.readouterr().err
    assert "a.png was corrected by hand" in said and "b.png was" not in said


def test_masks_of_another_folder_take_their_place(predicted, tmp_path, capsys):
    better = tmp_path / "better"
    labels = np.zeros((100, 120), np.uint16)
    labels[20:40, 20:60] = 9
    better.mkdir()
    tifffile.imwrite(better / "b.tif", labels)
    tifffile.imwrite(better / "who.tif", labels)
    measurements(predicted, "--masks", better, "--out", tmp_path / "again")
    table = read_table(tmp_path / "again" / "instances.parquet", INSTANCES)
    assert table.loc[table["path"].str.endswith("/b.png"), "area_px"].tolist() == [800]
    assert "who.tif belongs to no picture" in capsys.readouterr().err
    sizes = read_table(tmp_path / "again" / "sizes.parquet", SIZES)
    of_b = sizes[sizes["path"].str.endswith("/b.png").fillna(False) & (sizes["unit"] == "nm")]
    assert of_b["mean"].tolist() == pytest.approx([2 * np.sqrt(4 / np.pi * 800)])


def test_a_mask_of_another_size_is_refused(predicted, tmp_path, capsys):
    write_labels(tmp_path / "small" / "a.png", np.ones((50, 60), np.int32))
    words = ["segmentation", "measurements", str(predicted), "--out", str(tmp_path / "again")]
    assert main([*words, "--masks", str(tmp_path / "small")]) == 2
    assert "has another size than" in capsys.readouterr().err


def test_a_picture_called_sizes_keeps_its_mask(predicted, tmp_path):
    """Its mask was overwritten by the figure of the size distribution."""
    assert read_labels(predicted / "sizes.png").shape == (100, 120)
    assert (predicted / "figures" / "sizes.png").is_file()
    truth = tmp_path / "truth"
    for name in ("a", "b", "sizes"):
        write_labels(truth / f"{name}.png", read_labels(predicted / f"{name}.png"))
    assert main(["benchmarks", "segmentation", str(predicted), str(truth)]) == 0


def test_what_curation_knows_is_used(predicted, tmp_path, capsys):
    table = tmp_path / "curated"
    (tmp_path / "list.csv").write_text("path,pixel_size_nm\na.png,0.25\n")
    assert main(["curation", "run", str(tmp_path / "list.csv"), "--out", str(table)]) == 0
    words = [str(tmp_path / "a.png"), "--micrographs", str(table / "micrographs.parquet")]
    capsys.readouterr()
    assert main(["segmentation", "predict", *words, "--out", str(tmp_path / "known")]) == 0
    assert "a.png: 2 instances" in (said := capsys.readouterr().out)
    assert "0.25 nm per pixel" in said and "nm" in said.partition("median diameter")[2]
    instances = read_table(tmp_path / "known" / "instances.parquet", INSTANCES)
    np.testing.assert_allclose(instances["area_nm2"], instances["area_px"] / 16)


@pytest.mark.parametrize("size", ["0", "-1", "nan", "inf"])
def test_a_pixel_size_that_is_no_length(tmp_path, size, capsys):
    draw(tmp_path / "a.png", [(40, 40)])
    words = ["segmentation", "predict", str(tmp_path / "a.png"), "--pixel-size", size]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    assert "is no length" in capsys.readouterr().err
