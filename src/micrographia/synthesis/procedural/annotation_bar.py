"""Annotation burnt into pictures: scale bars, panel letters, banners."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from micrographia.arrays import BoolArray, GreyImage

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Overlay:
    """Plan of the annotation of one picture.

    Attributes
    ----------
    boxes
        Every text with its bar or panel: x0, y0, x1, y1, ends exclusive [px].
    panels
        Those of the boxes' parts that are opaque and hide the specimen, with their grey level.
    bars, texts
        Filled rectangles, and (x, y, text, height, grey level), painted over the panels.
    """

    boxes: list[Box] = field(default_factory=list)
    panels: list[tuple[Box, int]] = field(default_factory=list)
    bars: list[tuple[Box, int]] = field(default_factory=list)
    texts: list[tuple[int, int, str, int, int]] = field(default_factory=list)


def plan(size: int, pixel_size_nm: float, contrast: str, rng: np.random.Generator) -> Overlay:
    """Choose scale bar, and at random a panel letter and an instrument's banner.

    Parameters
    ----------
    size
        Side of the picture [px].
    pixel_size_nm
        Side of a pixel [nm]: fixes the bar's length and its text.
    contrast
        "sem" (mostly dark, so that bare text is white) or "tem".
    rng
        Source of randomness.
    """
    overlay = Overlay()
    ink = 255 if contrast == "sem" else 0
    style = rng.choice(["bare", "boxed", "banner"], p=[0.5, 0.25, 0.25])
    length_px, text = scale_bar(size, pixel_size_nm, rng)
    if style == "banner":
        _banner(overlay, size, (length_px, text), contrast, rng)
    else:
        _corner_bar(overlay, size, length_px, text, ink, style == "boxed", rng)
    if rng.random() < 0.6:
        _letter(overlay, size, ink, rng)
    return overlay


def scale_bar(size: int, pixel_size_nm: float, rng: np.random.Generator) -> tuple[int, str]:
    """Return the length [px] and the text of a bar of a round length (1, 2 or 5 times 10ⁿ)."""
    wished = size * rng.uniform(0.14, 0.30) * pixel_size_nm
    power = 10.0 ** np.floor(np.log10(wished))
    round_nm = float(power * max(step for step in (1, 2, 5) if step * power <= wished))
    value, unit = (round_nm / 1000, "um") if round_nm >= 1000 else (round_nm, "nm")
    gap = rng.choice(["", " "], p=[0.35, 0.65])
    return round(round_nm / pixel_size_nm), f"{value:g}{gap}{unit}"


def blocked(overlay: Overlay, size: int) -> BoolArray:
    """Return the pixels that opaque panels hide."""
    hidden = np.zeros((size, size), dtype=bool)
    for (x0, y0, x1, y1), _ in overlay.panels:
        hidden[y0:y1, x0:x1] = True
    return hidden


def draw(pixels: GreyImage, overlay: Overlay) -> GreyImage:
    """Return the picture with the annotation burnt in."""
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image)
    for (x0, y0, x1, y1), grey in (*overlay.panels, *overlay.bars):
        canvas.rectangle((x0, y0, x1 - 1, y1 - 1), fill=grey)
    for x, y, text, height, grey in overlay.texts:
        canvas.text((x, y), text, font=ImageFont.load_default(height), fill=grey)
    return np.asarray(image)


def _corner_bar(
    overlay: Overlay,
    size: int,
    length: int,
    text: str,
    ink: int,
    boxed: bool,
    rng: np.random.Generator,
) -> None:
    height = max(8, int(size * rng.uniform(0.042, 0.075)))
    width, tall = _extent(text, height)
    thick, pad = max(2, int(size * rng.uniform(0.006, 0.016))), max(2, size // 90)
    inner = max(length, width)
    box_width, box_height = inner + 2 * pad, tall + thick + 3 * pad
    margin = int(size * rng.uniform(0.0, 0.03))
    x0 = size - box_width - margin if rng.random() < 0.75 else margin
    y0 = size - box_height - margin
    box = (x0, y0, x0 + box_width, y0 + box_height)
    if boxed:
        ink = int(rng.choice([0, 255]))
        overlay.panels.append((box, 255 - ink))
    overlay.boxes.append(box)
    bar_x, text_x = x0 + (box_width - length) // 2, x0 + (box_width - width) // 2
    above = rng.random() < 0.5
    bar_y = y0 + (2 * pad + tall if above else pad)
    overlay.bars.append(((bar_x, bar_y, bar_x + length, bar_y + thick), ink))
    overlay.texts.append((text_x, y0 + (pad if above else 2 * pad + thick), text, height, ink))


def _banner(
    overlay: Overlay, size: int, bar: tuple[int, str], contrast: str, rng: np.random.Generator
) -> None:
    length, text = bar
    deep = int(size * rng.uniform(0.065, 0.10))
    ground = int(rng.choice([0, 0, 30, 255]))
    ink = 0 if ground == 255 else 255
    top = size - deep
    overlay.boxes.append((0, top, size, size))
    overlay.panels.append(((0, top, size, size), ground))
    height = max(9, int(deep * 0.42))
    if contrast == "sem":
        volts = rng.choice(["5.0kV", "10.0kV", "15.0kV", "EHT 3.00kV"])
        words = f"{volts}  x{rng.integers(5, 200)}.0k  SE"
    else:
        words = f"HV={rng.choice([80, 120, 200])}kV  Direct Mag: {rng.integers(20, 400)}000x"
    tall = _extent(words, height)[1]
    overlay.texts.append((size // 60, top + (deep - tall) // 2, words, height, ink))
    width = _extent(text, height)[0]
    right = size - size // 50
    thick = max(2, deep // 12)
    overlay.texts.append((right - width, top + deep // 10, text, height, ink))
    bar_y = size - deep // 8 - thick
    overlay.bars.append(((right - length, bar_y, right, bar_y + thick), ink))


def _letter(overlay: Overlay, size: int, ink: int, rng: np.random.Generator) -> None:
    letter = str(rng.choice(list("abcdefABCDEF")))
    text = str(rng.choice([letter, f"({letter})", f"{letter})"]))
    height = max(8, int(size * rng.uniform(0.06, 0.12)))
    width, tall = _extent(text, height)
    pad = max(2, size // 90)
    box = (0, 0, width + 2 * pad, tall + 2 * pad)
    if rng.random() < 0.4:
        ink = 0
        overlay.panels.append((box, 255))
    overlay.boxes.append(box)
    overlay.texts.append((pad, pad, text, height, ink))


def _extent(text: str, height: int) -> tuple[int, int]:
    """Width and height that a text takes when drawn from its upper left corner [px]."""
    _, _, right, bottom = ImageFont.load_default(height).getbbox(text)
    return int(np.ceil(right)), int(np.ceil(bottom))
