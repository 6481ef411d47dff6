"""Rendered labels of scale bars, the training samples of the reader."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from micrographia.arrays import FloatImage
from micrographia.curation.scale.readers.network import ALPHABET, normalise
from micrographia.errors import ConfigError

_NUMBERS = ("1", "2", "5", "10", "20", "50", "100", "200", "500")
_ODD = ("3", "4", "25", "30", "35", "40", "60", "80", "125", "150", "250", "300", "400", "600")
_DECIMAL = ("0.1", "0.2", "0.25", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "5.0", "10.0")
_FINE = ("1.00", "2.00", "3.00", "4.00", "5.00", "10.0", "20.0", "30.0", "50.0", "0.50", "0.20")
_WORDS = "kV WD mag SE HV det spot Mag EHT Signal x15k InLens HFW SEI LEI NONE Date ETD BSE TEM"
_OTHERS = "abcdefghijklopqrstvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ()=:/-+%&"
#: Characters that the reader does not tell apart.
_SAME = {"u": "µ", "μ": "µ", ",": "."}
#: Share of pictures without any text, which is what most crops of a micrograph are.
_BARE = 0.06
#: Share of lines that stand out by light and shadow, with hardly another grey than their ground.
_EMBOSSED = 0.12
#: Where the name of a family ends and that of a face begins.
_FACE = re.compile("-|Bold|Italic|Oblique")
#: How much oftener a plain face without serifs is taken: most labels are set in one.
_PLAIN = 4.0


def find_fonts(folders: Sequence[str]) -> list[Path]:
    """Return the TrueType fonts of folders that can write all that a label needs.

    Raises
    ------
    ConfigError
        There is none.
    """
    found = []
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.ttf")):
        masks = [ImageFont.truetype(path, 30).getmask(text) for text in ("µ", "5", "\uffff")]
        pixels = [np.asarray(mask).reshape(mask.size[::-1]) for mask in masks]
        drawn = all(mask.any() for mask in pixels[:2])
        if drawn and not np.array_equal(pixels[0], pixels[2]):
            found.append(path)
    if not found:
        raise ConfigError(
            "No font to render labels with was found",
            seen=list(folders),
            remedy="Install fonts-dejavu",
        )
    return found


def sample(rng: np.random.Generator, fonts: Sequence[Path]) -> tuple[FloatImage, list[int]]:
    """Render one line; return it as the reader sees it, and what it says.

    Parameters
    ----------
    rng
        Source of randomness.
    fonts
        TrueType files.

    Returns
    -------
    ndarray, list
        Picture of `HEIGHT` x `WIDTH`, text bright; numbers of the characters in `ALPHABET`.
    """
    if rng.random() < _BARE:
        return normalise(_texture(rng)), []
    text = _text(rng)
    picture, box = _drawn(text, _font(fonts, rng), rng)
    x0, y0, x1, y1 = box
    tall = y1 - y0
    pads = tall * rng.uniform((0.02, 0.0, 0.02, 0.0), (0.45, 0.4, 0.7, 0.4))
    left, top = max(round(x0 - pads[0]), 0), max(round(y0 - pads[1]), 0)
    crop = picture[top : round(y1 + pads[3]), left : round(x1 + pads[2])]
    if rng.random() < 0.35:
        crop = _hardened(crop, rng)
    return normalise(crop), spell(text)


def spell(text: str) -> list[int]:
    """Return a text as numbers in `ALPHABET`; a run of other characters is one '?'."""
    known = [_SAME.get(char, char) for char in text if char != " "]
    plain = [char if char in ALPHABET else "?" for char in known]
    kept = [
        char for at, char in enumerate(plain) if char != "?" or at == 0 or plain[at - 1] != "?"
    ]
    return [ALPHABET.index(char) + 1 for char in kept]


def _font(fonts: Sequence[Path], rng: np.random.Generator) -> Path:
    """Return one face; families count alike, however many faces they have."""
    families: dict[str, list[Path]] = {}
    for path in fonts:
        families.setdefault(_FACE.split(path.stem)[0], []).append(path)
    names = sorted(families)
    weights = np.array([_PLAIN if name.endswith("Sans") else 1.0 for name in names])
    faces = families[names[int(rng.choice(len(names), p=weights / weights.sum()))]]
    return faces[int(rng.integers(len(faces)))]


def _text(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.72:
        sets = (_NUMBERS, _ODD, _DECIMAL, _FINE)
        value = str(rng.choice(sets[rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))]))
        unit = str(
            rng.choice(["nm", "µm", "μm", "um", "mm", "Å"], p=(0.5, 0.2, 0.1, 0.1, 0.06, 0.04))
        )
        return value + str(rng.choice(["", " ", "  "], p=(0.35, 0.5, 0.15))) + unit
    if kind < 0.82:
        return str(rng.integers(0, 10 ** rng.integers(1, 5))) + str(
            rng.choice(["", "kV", "x", " mm", "k", "nm", " µm", "pA"])
        )
    if kind < 0.92:
        word = str(rng.choice(_WORDS.split()))
        return word + str(rng.choice(["", " = 5", " 8.9mm", " 20"]))
    return "".join(rng.choice(list(_OTHERS), rng.integers(1, 7)))


def _drawn(
    text: str, font: Path, rng: np.random.Generator
) -> tuple[FloatImage, tuple[int, int, int, int]]:
    """Return a line on some ground at the resolution of a micrograph, and the ink's box."""
    tall = float(np.exp(rng.uniform(np.log(6.5), np.log(34))))
    fine = 3 if tall < 16 else 2
    face = ImageFont.truetype(font, max(8, round(tall * 1.35 * fine)))
    x0, y0, x1, y1 = (round(edge) for edge in face.getbbox(text))
    margin = round(tall * fine * 0.9)
    size = (x1 - x0 + 2 * margin, y1 - y0 + 2 * margin)
    ink = Image.new("L", size, 0)
    canvas = ImageDraw.Draw(ink)
    canvas.text((margin - x0, margin - y0), text, font=face, fill=255)
    shade = Image.new("L", size, 0)
    if rng.random() < 0.2:  # a shadow or an outline of the other polarity
        offset, stroke = int(rng.integers(0, fine + 1)), int(rng.integers(0, fine + 1))
        ImageDraw.Draw(shade).text(
            (margin - x0 + offset, margin - y0 + offset),
            text,
            font=face,
            fill=255,
            stroke_width=stroke,
        )
    if rng.random() < 0.35:
        _neighbour(canvas, size, margin, rng)
    stretch = float(rng.uniform(0.8, 1.25)) if rng.random() < 0.4 else 1.0
    width, height = max(round(size[0] * stretch) // fine, 4), max(size[1] // fine, 4)
    method = Image.Resampling.BOX if rng.random() < 0.5 else Image.Resampling.BICUBIC
    small = [
        np.asarray(layer.resize((width, height), method), np.float32) / 255
        for layer in (ink, shade)
    ]
    picture = _ground(height, width, rng)
    if rng.random() < _EMBOSSED:
        picture = _embossed(picture, np.asarray(small[0], np.float32), rng)
    else:
        level, contrast = float(rng.uniform(0.45, 1)), float(rng.uniform(0.25, 1))
        picture = level - contrast + picture * contrast
        picture += small[1] * (np.minimum(picture, level - contrast) - picture)
        picture += small[0] * (level - picture)
    picture = _worn(picture, rng)
    edge, aside = margin // fine, round(margin * stretch / fine)
    return picture, (aside, edge, width - aside, height - edge)


def _embossed(ground: FloatImage, ink: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Return letters with a shadow below and to the right, perhaps a light edge opposite."""
    picture = np.asarray(rng.uniform(0.35, 0.8) + 0.25 * (ground - ground.mean()), np.float32)
    letters = float(picture.mean()) + float(rng.uniform(-0.02, 0.2))
    # Labels of pictures that were reduced have shadows of half a pixel.
    offset = float(rng.uniform(0.4, max(0.7, 0.04 * ink.shape[0])))
    shadow = ndimage.shift(ink, offset, order=1)
    light = ndimage.shift(ink, -offset, order=1) * float(rng.choice([0, 1]))
    picture += shadow * float(rng.uniform(0.15, 0.6)) * -1
    picture += light * np.maximum(float(rng.uniform(0.05, 0.3)) - shadow, 0)
    return np.asarray(picture + ink * (letters - picture), np.float32)


def _neighbour(
    canvas: ImageDraw.ImageDraw, size: tuple[int, int], margin: int, rng: np.random.Generator
) -> None:
    """Draw a bar above or below the line."""
    gap, thick = int(margin * rng.uniform(0.15, 0.6)), int(margin * rng.uniform(0.1, 0.6)) + 1
    y = margin - gap - thick if rng.random() < 0.4 else size[1] - margin + gap
    x0, x1 = sorted(rng.integers(0, size[0], 2))
    canvas.rectangle((int(x0), y, int(x1), y + thick), fill=255)


def _ground(height: int, width: int, rng: np.random.Generator) -> FloatImage:
    """Return a ground from 0 (dark) to at most 1 (as bright as the text)."""
    ground = np.zeros((height, width), np.float32)
    if rng.random() < 0.3:
        return ground
    noise = rng.normal(size=(height, width)).astype(np.float32)
    ground += noise * rng.uniform(0, 0.22)
    if rng.random() < 0.5:
        rough = ndimage.gaussian_filter(noise, rng.uniform(1, 8))
        ground += rough / max(float(np.abs(rough).max()), 1e-6) * rng.uniform(0, 0.5)
    if rng.random() < 0.25:  # particles behind the text, some nearly as bright
        ground += _blobs(height, width, rng) * rng.uniform(0.1, 0.85)
    return np.asarray(np.clip(ground, -0.6, 0.9), np.float32)


def _blobs(height: int, width: int, rng: np.random.Generator) -> FloatImage:
    """Return some patches of 1 on 0, blurred or sharp."""
    noise = rng.normal(size=(height, width)).astype(np.float32)
    rough = ndimage.gaussian_filter(noise, height * rng.uniform(0.08, 0.5))
    patches = (rough > np.quantile(rough, rng.uniform(0.3, 0.9))).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(patches, rng.uniform(0, 1.5)), np.float32)


def _texture(rng: np.random.Generator) -> FloatImage:
    """Return what is cut out where components look like letters, and are none."""
    height = int(rng.integers(9, 45))
    width = round(height * rng.uniform(0.9, 6))
    picture = _ground(height, width, rng) * 0.4 + _blobs(height, width, rng)
    return _worn(np.asarray(0.2 + 0.5 * picture, np.float32), rng)


def _hardened(crop: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Take the ground away below some level, which leaves thin strokes, as when lines are cut."""
    low, high = np.percentile(crop, (20, 97))
    floor = low + rng.uniform(0.1, 0.75) * (high - low)
    return np.asarray(np.clip((crop - floor) / max(float(high - floor), 1e-3), 0, 1), np.float32)


def _worn(picture: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Blur, noise, other sizes and JPEG, as pictures go through before they are published."""
    if rng.random() < 0.6:
        picture = np.asarray(ndimage.gaussian_filter(picture, rng.uniform(0.2, 0.9)), np.float32)
    noise = rng.normal(0, rng.uniform(0, 0.04), picture.shape)
    picture = np.asarray(picture + noise, np.float32)
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        grey = Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255))
        grey.save(buffer, "JPEG", quality=int(rng.integers(35, 95)))
        picture = np.asarray(np.asarray(Image.open(buffer)) / 255, np.float32)
    return np.asarray(np.clip(picture, 0, 1), np.float32)
