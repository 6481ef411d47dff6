"""Burnt-in text and instances: none lies on text, none is lost beside or under it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from needed import needs
from PIL import Image, ImageDraw, ImageFont
from skimage.draw import disk

import micrographia as mg
from micrographia.cli import main
from micrographia.config import Segmentation, Text
from micrographia.curation.text.finder import TextFinder
from micrographia.curation.text.network import load_detector
from micrographia.io.images import image_id, read_labels
from micrographia.io.schemas import INSTANCES, MICROGRAPHS
from micrographia.io.tables import read_table, write_table
from micrographia.segmentation.burnt_in import (
    beside_text,
    drop_on_text,
    reaching_into_text,
    suspects,
)

#: Where the letter of `picture` is, and the middles of its discs.
LETTER = (20, 16, 52, 58)
DISCS = [(60, 150), (150, 60), (150, 170), (66, 72)]


def picture() -> np.ndarray:
    """Four discs, one of them a little under a panel's letter."""
    grey = np.random.default_rng(5).normal(60, 4, (220, 240))
    for centre in DISCS:
        grey[disk(centre, 24)] += 90
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    ImageDraw.Draw(image).text((20, 8), "B", 255, font=ImageFont.load_default(size=52))
    return np.array(image)


def predict(image: Path, out: Path, *more: str) -> tuple[np.ndarray, pd.DataFrame]:
    words = ["segmentation", "predict", str(image), "--out", str(out), "--masks-only"]
    assert main([*words, "--method", "watershed", *more]) == 0
    return read_labels(out / f"{image.stem}.png"), read_table(out / "instances.parquet", INSTANCES)


def on_letter(labels: np.ndarray) -> int:
    """How many instances have half of their area or more on the letter."""
    x0, y0, x1, y1 = LETTER
    inside = np.bincount(labels[y0:y1, x0:x1].ravel(), minlength=labels.max() + 1)
    return int((inside >= 0.5 * np.bincount(labels.ravel()))[1:].sum())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    Image.fromarray(picture()).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@needs("ultralytics")
@needs("rapidocr")
def test_predict_leaves_text_out_and_keeps_what_it_touches(image: Path, tmp_path: Path) -> None:
    kept, _ = predict(image, tmp_path / "kept", "--keep-text")
    avoided, table = predict(image, tmp_path / "avoided")
    assert on_letter(kept) == 1 and on_letter(avoided) == 0
    assert avoided.max() == kept.max() - 1 == len(DISCS) == len(table)
    for y, x in DISCS:
        assert avoided[y, x] and (avoided == avoided[y, x]).sum() > 1500
    # The same pixels otherwise, numbered from 1 without gaps.
    assert ((avoided > 0) <= (kept > 0)).all()
    assert sorted(np.unique(avoided)) == list(range(len(DISCS) + 1))


def test_the_option_off_gives_what_the_method_gives(image: Path, tmp_path: Path) -> None:
    kept, _ = predict(image, tmp_path / "kept", "--keep-text")
    setting, _ = predict(image, tmp_path / "setting", "--settings", '{"text": "ignore"}')
    alone = mg.segment(picture(), "watershed", Segmentation(text="ignore"))
    assert np.array_equal(kept, setting) and np.array_equal(kept, alone)


@needs("ultralytics")
@needs("rapidocr")
def test_python_gives_what_the_command_line_gives(image: Path, tmp_path: Path) -> None:
    avoided, _ = predict(image, tmp_path / "avoided")
    assert np.array_equal(mg.segment(picture(), "watershed"), avoided)


def test_without_ultralytics_there_is_a_note(
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept, _ = predict(image, tmp_path / "kept", "--keep-text")
    assert "Text in the images" not in capsys.readouterr().err
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "ultralytics" else known(name),
    )
    same, _ = predict(image, tmp_path / "same")
    said = capsys.readouterr().err
    assert "ultralytics is not installed" in said and "may be taken for instances" in said
    assert np.array_equal(same, kept)


@pytest.mark.parametrize("policy", ["none", "inpaint", "mask", "crop"])
def test_what_curation_found_is_used(image: Path, tmp_path: Path, policy: str) -> None:
    row = dict.fromkeys(MICROGRAPHS.names) | {
        "image_id": image_id(picture()),
        "path": str(image),
        "status": "kept",
        "width": 240,
        "height": 220,
        "text_boxes": [list(LETTER)],
        "text_policy": policy,
        "crop_box": [0, 10, 240, 220] if policy == "crop" else None,
    }
    write_table([row], tmp_path / "m.parquet", MICROGRAPHS)
    words = ["segmentation", "predict", "--micrographs", str(tmp_path / "m.parquet")]
    assert main([*words, "--method", "watershed", "--out", str(tmp_path / "out")]) == 0
    labels = read_labels(tmp_path / "out" / f"{row['image_id']}.png")
    assert on_letter(labels) == 0 and all(labels[centre] for centre in DISCS)


@needs("ultralytics")
@needs("rapidocr")
def test_letters_that_nobody_found_are_left_out_and_particles_stay() -> None:
    """An e in white on light grey, which the detector misses, as in EMPS 9c9d1af243."""
    labels = np.zeros((500, 500), np.int32)
    labels[44:76, 16:43] = 1  # the letter
    labels[430:470, 440:480] = 2  # as large, in another corner
    labels[200:240, 200:240] = 3  # as large, in the middle
    labels[0:200, 0:12] = 4  # too tall
    assert suspects(labels) == [(440, 430, 480, 470), (16, 44, 43, 76)]
    image = Image.new("L", (500, 500), 170)
    ImageDraw.Draw(image).text((14, 28), "e", 255, font=ImageFont.load_default(size=52))
    ImageDraw.Draw(image).ellipse((440, 430, 480, 470), 255)
    pixels = np.array(image)

    class Blind(TextFinder):
        def __call__(self, pixels: np.ndarray) -> list:
            return []

    find = Blind(load_detector(Text().weights, Text()))
    found = beside_text(labels, find(pixels), pixels, find)
    assert np.array_equal(found == 1, labels == 2) and found.max() == 3


def test_half_inside_is_on_text_and_less_is_not() -> None:
    labels = np.zeros((60, 80), np.int32)
    labels[10:20, 10:20] = 1  # wholly inside
    labels[10:20, 25:45] = 2  # 7 of 20 columns inside, margin included
    labels[40:50, 40:50] = 3  # far away
    labels[30:34, 10:18] = 4  # 2 of 4 rows inside the margin: half
    text = [(5, 5, 30, 30)]
    found = drop_on_text(labels, text)
    assert found.dtype == labels.dtype
    assert np.array_equal(found == 1, labels == 2) and np.array_equal(found == 2, labels == 3)
    assert found.max() == 2
    assert drop_on_text(labels, []) is labels
    assert not drop_on_text(np.zeros_like(labels), text).any()


def test_what_reaches_into_text_is_cut() -> None:
    labels = np.zeros((60, 120), np.int32)
    labels[10:50, 20:60] = 1  # 5 of 40 rows under the strip: its sides and its end
    labels[5:25, 70:90] = 2  # touches nothing
    labels[10:43, 95:115] = 3  # ends where the strip begins, so the strip may hide the rest
    strip = [(0, 45, 120, 60)]
    assert reaching_into_text(labels, strip) == [1, 3]
    assert reaching_into_text(labels, [(103, 25, 107, 29)]) == []  # a speck within an instance
    assert reaching_into_text(labels, []) == []
