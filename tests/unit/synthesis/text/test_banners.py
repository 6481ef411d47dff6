"""Rendered annotation: the labels are exact by construction, and follow from the seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from micrographia.config import TextTraining
from micrographia.curation.text.regions import CLASSES
from micrographia.io.images import read_micrograph
from micrographia.synthesis.text import banners, pictures
from micrographia.synthesis.text.dataset import make_set
from micrographia.synthesis.text.pictures import Sheet, annotate, background

FONTS: list[str | None] = [None, *banners.find_fonts(["/usr/share/fonts/truetype"])[:6]]


def strokes(seed: int) -> list[banners.Mask]:
    rng = np.random.default_rng(seed)
    font = FONTS[seed % len(FONTS)]
    height = int(rng.integers(9, 40))
    words = banners.text(banners.length_words(rng), font, height)
    return [
        words,
        banners.text(banners.letter_words(rng), font, height),
        banners.stack([banners.bar(60, 4, "line"), words], 3, down=True),
        *(banners.bar(80, 3, style) for style in ("line", "capped", "frame", "ticks", "dots")),
        banners.arrow(40, 4, float(rng.uniform(0, 6.3)), 0.4),
        banners.logo("FEI", font, 24, rng),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_masks_hug_their_strokes(seed: int) -> None:
    for mask in strokes(seed):
        seen = mask >= banners.SEEN
        assert seen[0].any() and seen[-1].any() and seen[:, 0].any() and seen[:, -1].any()


@pytest.mark.parametrize("seed", range(40))
def test_boxes_hold_all_that_was_drawn_and_touch_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the wear of copying and printing, what differs from the ground is what was drawn.
    monkeypatch.setattr(pictures, "_worn", lambda pixels, _rng: pixels)
    ground = np.full((240, 320), 128, dtype=np.uint8)
    drawn, boxes, kinds = annotate(ground, FONTS, np.random.default_rng(seed))
    changed = np.abs(drawn - 128) >= 10
    outside = changed.copy()
    assert len(boxes) == len(kinds) and set(kinds) <= set(CLASSES)
    for x0, y0, x1, y1 in boxes:
        assert 0 <= x0 < x1 <= 320 and 0 <= y0 < y1 <= 240
        inside = changed[y0:y1, x0:x1]
        assert inside[0].any() and inside[-1].any()
        assert inside[:, 0].any() and inside[:, -1].any()
        outside[y0:y1, x0:x1] = False
    assert not outside.any()


def test_regions_keep_apart() -> None:
    sheet = Sheet(np.full((100, 100), 90, np.float32), np.random.default_rng(0), FONTS)
    bar = banners.bar(40, 4, "line")
    assert sheet.draw(bar, 10, 10, "scale_bar")
    assert not sheet.draw(bar, 30, 12, "scale_bar")
    assert sheet.draw(bar, 80, 60, "scale_bar")  # cut by the edge
    assert sheet.boxes == [(10, 10, 50, 14), (80, 60, 100, 64)]
    assert not sheet.draw(bar, 120, 60, "scale_bar")


def test_ink_has_contrast() -> None:
    for level in (10, 128, 245):
        for seed in range(20):
            pixels = np.full((60, 120), level, np.float32)
            sheet = Sheet(pixels, np.random.default_rng(seed), FONTS)
            sheet.draw(banners.bar(50, 6, "line"), 20, 20, "scale_bar")
            assert np.abs(pixels[22, 40] - level) >= 40


def test_backgrounds_use_the_whole_range_of_parts() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (200, 260)).astype(np.uint8)
    shapes = {background(picture, np.random.default_rng(seed)).shape for seed in range(10)}
    assert len(shapes) == 10 and all(min(shape) >= 32 for shape in shapes)


def test_a_set_follows_from_its_seed(tmp_path: Path) -> None:
    settings = TextTraining(closeups=8, closeup_side=64, pictures=4, side=128)
    folders = [tmp_path / name for name in "abc"]
    tables = []
    for folder, seed in zip(folders, (5, 5, 6), strict=True):
        folder.mkdir()
        tables.append(make_set(folder, settings, seed))
    assert tables[0] == tables[1] != tables[2]
    assert [row["part"] for row in tables[0]] == ["closeup"] * 8 + ["train"] * 3 + ["validation"]
    assert any(row["boxes"] for row in tables[0])
    for row in tables[0]:
        one, other = ((folder / f"{row['name']}.png").read_bytes() for folder in folders[:2])
        assert one == other
        pixels = read_micrograph(folders[0] / f"{row['name']}.png").pixels
        assert pixels.shape == (row["height"], row["width"])
        for x0, y0, x1, y1 in row["boxes"]:
            assert 0 <= x0 < x1 <= row["width"] and 0 <= y0 < y1 <= row["height"]


def test_real_backgrounds_are_used(tmp_path: Path) -> None:
    from PIL import Image

    real = np.zeros((100, 100), np.uint8)
    real[:, ::2] = 255  # stripes that no generator makes
    Image.fromarray(real).save(tmp_path / "real.png")
    out = tmp_path / "set"
    out.mkdir()
    settings = TextTraining(
        closeups=0, pictures=8, side=96, backgrounds=(str(tmp_path / "real.png"),)
    )
    make_set(out, settings, 1)
    rough = 0
    for path in out.iterdir():
        pixels = read_micrograph(path).pixels.astype(float)
        change = [np.abs(np.diff(pixels, axis=axis)).mean() for axis in (0, 1)]
        rough += max(change) > 25 and max(change) > 3 * min(change)
    assert 1 <= rough <= 7
