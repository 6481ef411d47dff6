"""Pictures that share a data bar, a margin or a logo are copies only where their samples agree."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from micrographia.config import Curation
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.io.copies.fingerprint import perceptual_hash, thumbnail, thumbnail_inside
from micrographia.io.copies.frame import inside
from micrographia.io.schemas import MICROGRAPHS

Grey = NDArray[np.uint8]
WIDTH, HEIGHT = 640, 480


def _weak_sample(seed: int) -> Grey:
    """Blurred spots of 20 grey levels in noise of 4: little beside a bar of black and white."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray((rng.random((15, 20)) < 0.15).astype(np.uint8) * 255)
    spots = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=float) / 255
    return (140 - 20 * spots + rng.normal(0, 4, spots.shape)).clip(0, 255).astype(np.uint8)


def _box(where: str, depth: float) -> tuple[int, int, int, int]:
    across, down = round(depth * WIDTH), round(depth * HEIGHT)
    return {
        "bottom": (0, HEIGHT - down, WIDTH, HEIGHT),
        "top": (0, 0, WIDTH, down),
        "left": (0, 0, across, HEIGHT),
        "right": (WIDTH - across, 0, WIDTH, HEIGHT),
        "logo": (WIDTH - 3 * across, 0, WIDTH, down),
        "inset": (2 * across, 2 * down, 4 * across, 4 * down),
    }[where]


def _barred(pixels: Grey, where: str, depth: float, ground: int, number: int) -> Grey:
    """Lay a bar over a picture, with a scale bar and a text that differs a little."""
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    x0, y0, x1, y1 = _box(where, depth)
    draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=ground)
    draw.text((x0 + 3, y0 + 3), f"10 kV no. {number}", fill=255 - ground)
    middle = (y0 + y1) // 2 + 4
    draw.rectangle((x0 + 4, middle, x0 + 4 + (x1 - x0) // 5, middle + 2), fill=255 - ground)
    return np.asarray(picture)


def _table(pictures: Sequence[Grey]) -> pd.DataFrame:
    rows = []
    for number, pixels in enumerate(pictures):
        small, part = thumbnail(pixels), thumbnail_inside(pixels)
        rows.append(
            dict.fromkeys(MICROGRAPHS.names)
            | {"path": f"{number:02d}", "image_id": f"{number:02d}", "status": "kept"}
            | {"width": pixels.shape[1], "height": pixels.shape[0], "sharpness": 1.0}
            | {"phash": perceptual_hash(small), "thumbnail": small.tobytes()}
            | {"thumbnail_inside": None if part is None else part.tobytes()}
        )
    return pd.DataFrame(rows)


def _kept(pictures: Sequence[Grey]) -> int:
    return int((mark_duplicates(_table(pictures), Curation())["status"] == "kept").sum())


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize(
    ("where", "depth"),
    [
        ("bottom", 0.05),
        ("bottom", 0.12),
        ("bottom", 0.25),
        ("top", 0.06),
        ("top", 0.2),
        ("left", 0.1),
        ("right", 0.25),
        ("logo", 0.15),
        ("inset", 0.15),
    ],
)
def test_different_samples_with_one_bar_all_stay(where: str, depth: float, ground: int) -> None:
    pictures = [_barred(_weak_sample(k), where, depth, ground, k) for k in range(8)]
    smalls = [thumbnail(pixels).ravel() for pixels in pictures]
    # Whole thumbnails are of no use here: as alike as copies are.
    assert where in ("logo", "inset") or np.corrcoef(smalls).min() > 0.9
    assert _kept(pictures) == len(pictures)


def _jpeg(pixels: Grey, factor: float, quality: int = 40) -> Grey:
    picture = Image.fromarray(pixels)
    size = (round(picture.width * factor), round(picture.height * factor))
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("where", ["bottom", "top", "left", "logo", "inset"])
@pytest.mark.parametrize("factor", [0.6, 1.0, 1.4])
def test_compressed_and_resized_copies_are_found_beneath_the_bar(
    where: str, factor: float
) -> None:
    originals = [_barred(_weak_sample(k), where, 0.12, 0, k) for k in range(6)]
    copies = [_jpeg(pixels, factor) for pixels in originals]
    marked = mark_duplicates(_table([*originals, *copies]), Curation())
    groups = marked["duplicate_of"].fillna(marked["image_id"]).tolist()
    assert groups[:6] == groups[6:]
    assert len(set(groups)) == 6


@pytest.mark.parametrize(
    ("where", "depth"), [("bottom", 0.08), ("bottom", 0.25), ("top", 0.15), ("right", 0.2)]
)
def test_a_copy_whose_bar_was_cut_off_is_found(where: str, depth: float) -> None:
    x0, y0, _, y1 = _box(where, depth)
    parts = {"bottom": np.s_[:y0], "top": np.s_[y1:], "right": np.s_[:, :x0]}
    whole = [_barred(_weak_sample(k), where, depth, 0, k) for k in range(4)]
    cut = [_jpeg(np.ascontiguousarray(pixels[parts[where]]), 1.0, 80) for pixels in whole]
    marked = mark_duplicates(_table([*whole, *cut]), Curation())
    assert list(marked["status"]) == ["kept"] * 4 + ["rejected"] * 4
    assert list(marked["duplicate_of"][4:]) == ["00", "01", "02", "03"]
    if depth > 0.15:  # too much for the hash of the whole
        assert marked["reason"][4].startswith("near copy (without bars and margins, ")
    assert marked["reason"][4].endswith(" of 00")


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("where", ["bottom", "top", "left", "right"])
@pytest.mark.parametrize("depth", [0.05, 0.1, 0.25])
def test_the_part_inside_a_bar(where: str, depth: float, ground: int) -> None:
    sample = _weak_sample(1) if ground != 128 else _weak_sample(1) // 2
    picture = _barred(sample, where, depth, ground, 7)
    x0, y0, x1, y1 = _box(where, depth)
    expected = {
        "bottom": (0, 0, WIDTH, y0),
        "top": (0, y1, WIDTH, HEIGHT),
        "left": (x1, 0, WIDTH, HEIGHT),
        "right": (0, 0, x0, HEIGHT),
    }[where]
    assert inside(picture) == expected


def test_the_part_inside_a_margin_on_all_sides() -> None:
    picture = np.full((300, 400), 255, np.uint8)
    picture[20:270, 15:380] = _weak_sample(2)[:250, :365]
    assert inside(picture) == (15, 20, 380, 270)


def test_pictures_without_a_bar_have_no_part() -> None:
    rows, columns = np.mgrid[:300, :400]
    slope = (columns * 255 / 400).astype(np.uint8)
    disc = np.where(np.hypot(rows - 150, columns - 200) < 90, 200, 0).astype(np.uint8)
    for picture in (_weak_sample(3), slope, disc, np.zeros((300, 400), np.uint8)):
        assert inside(picture) is None
    assert inside(np.zeros((3, 5), np.uint8)) is None
