"""What is burnt into micrographs, as masks of strokes: text, scale bars, arrows, logos, strips.

A mask is an array of 0 (clear) to 255 (ink) whose first and last rows and columns all hold
strokes, so that its outline is the exact box of what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from micrographia.arrays import InkMask

#: A stroke paler than this does not count as seen: it is anti-aliasing.
SEEN = 64
#: Shapes are drawn this much larger and then averaged.
_FINE = 4
#: Not for words: symbols and mathematics.
_UNFIT = ("Math", "Symbol", "Dingbats", "Emoji")

_UNITS = ("nm", "nm", "nm", "µm", "µm", "um", "μm", "mm")
_WORDS = (
    "AuNPs", "SiO2", "Fe3O4", "TiO2-x", "Pt/C", "PS", "ZIF-8", "Ag", "WCu5", "CdSe", "pH 7",
    "control", "after 24 h", "500 °C", "t = 5 min", "1 wt%", "sample A", "as-made", "washed",
    "x 50,000", "d = 12 nm", "2a/pDNA", "Gd30", "core", "shell", "NPs", "(111)", "d=0.23 nm",
)  # fmt: skip
_DATA = (
    "{v}.0kV", "{v}.0 kV", "EHT = {v}.00 kV", "HV {v}.00 kV", "Acc.V {v}.0 kV", "x{m}k",
    "x {m},000", "Mag = {m}.00 K X", "mag {m} 000 x", "WD = {w} mm", "WD {w}mm", "{w}mm", "SE",
    "SEI", "SE(U)", "LM(L)", "BSE", "Signal A = InLens", "det ETD", "TLD", "spot 3.0", "S4800",
    "HFW {u} µm", "SU8010", "JEOL", "Print Mag: {m}000x", "HV={v}0kV", "Direct Mag: {m}000x",
    "No. {m}{u}", "{d}/{e}/20{y}", "20{y}-{e}-{d}", "{d} Mar 20{y}", "{h}:{n}:{d}", "XTM",
    "Date :{d} Feb 20{y}",
)  # fmt: skip


def find_fonts(folders: Sequence[str]) -> list[str]:
    """Return the TrueType fonts under `folders`, sorted; folders that are absent have none."""
    files = {str(path) for folder in folders for path in Path(folder).rglob("*.ttf")}
    return sorted(path for path in files if not any(word in path for word in _UNFIT))


@lru_cache(maxsize=256)
def load_font(path: str | None, height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font; None is the one that comes with Pillow."""
    return ImageFont.truetype(path, height) if path else ImageFont.load_default(height)


def hug(mask: InkMask) -> InkMask:
    """Cut a mask down to its strokes.

    Raises
    ------
    ValueError
        It has none.
    """
    seen = mask >= SEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if rows.size == 0:
        raise ValueError("the mask holds no stroke")
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def text(words: str, font: str | None, height: int) -> InkMask:
    """Return the strokes of a line of text; `height` is the font's size [px]."""
    face = load_font(font, height)
    left, top, right, bottom = (math.floor(edge) for edge in face.getbbox(words))
    image = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), words, font=face, fill=255)
    return hug(np.asarray(image))


def stack(parts: Sequence[InkMask], gap: int, *, down: bool, align: float = 0.5) -> InkMask:
    """Put masks one below (or beside) the other.

    Parameters
    ----------
    parts
        At least one mask.
    gap
        Clear pixels between them.
    down
        One below the other rather than side by side.
    align
        0 for the same left (top) edge, 1 for the same right (bottom) edge.
    """
    along, across = (0, 1) if down else (1, 0)
    wide = max(part.shape[across] for part in parts)
    long = sum(part.shape[along] for part in parts) + gap * (len(parts) - 1)
    joined = np.zeros((long, wide) if down else (wide, long), dtype=np.uint8)
    start = 0
    for part in parts:
        shift = round((wide - part.shape[across]) * align)
        rows, columns = (start, shift) if down else (shift, start)
        joined[rows : rows + part.shape[0], columns : columns + part.shape[1]] = part
        start += part.shape[along] + gap
    return joined


def bar(length: int, thick: int, style: str) -> InkMask:
    """Return a scale bar: "line", "capped" (|—|), "frame", "ticks" or "dots"."""
    if style == "line":
        return np.full((thick, length), 255, dtype=np.uint8)
    if style == "frame":
        mask = np.full((max(thick, 5), length), 255, dtype=np.uint8)
        mask[1:-1, 1:-1] = 0
        return mask
    if style == "capped":
        tall = max(3 * thick, 5)
        mask = np.zeros((tall, length), dtype=np.uint8)
        mask[(tall - thick) // 2 : (tall + thick) // 2] = 255
        mask[:, :thick] = mask[:, -thick:] = 255
        return mask
    tall, step = max(3 * thick, 6), max(length / 10, 3 * thick)
    mask = np.zeros((tall if style == "ticks" else max(thick, 2), length), dtype=np.uint8)
    for number, x in enumerate(np.arange(0, length - thick + 0.5, step)):
        deep = mask.shape[0] if number % 5 == 0 or style == "dots" else mask.shape[0] // 2
        mask[mask.shape[0] - deep :, round(x) : round(x) + thick] = 255
    mask[:, -thick:] = 255
    return mask


def arrow(length: int, thick: int, angle: float, head: float) -> InkMask:
    """Return an arrow; `angle` in rad, `head` is its head's length over the whole."""
    size = (length + 4 * thick) * _FINE
    image = Image.new("L", (size, size))
    draw = ImageDraw.Draw(image)
    along = np.array([math.cos(angle), math.sin(angle)]) * length * _FINE
    aside = np.array([-along[1], along[0]]) * max(head * 0.45, 1.5 * thick / length)
    tip = size / 2 + along / 2
    neck = tip - along * head
    if head < 0.95:
        line = [tuple(tip - along), tuple(neck + 0.1 * along)]
        draw.line(line, fill=255, width=thick * _FINE)
    draw.polygon([tuple(tip), tuple(neck + aside), tuple(neck - aside)], fill=255)
    return hug(np.asarray(image.reduce(_FINE)))


def logo(name: str, font: str | None, height: int, rng: np.random.Generator) -> InkMask:
    """Return a maker's mark: a shape with its name knocked out, or beside it."""
    words = text(name, font, max(int(height * 0.55), 7))
    if rng.random() < 0.5:
        pad = max(height // 5, 2)
        tall, wide = words.shape[0] + 2 * pad, words.shape[1] + 2 * pad
        image = Image.new("L", (wide, tall))
        shape = ImageDraw.Draw(image)
        outline = (0, 0, wide - 1, tall - 1)
        if rng.random() < 0.5:
            shape.rounded_rectangle(outline, radius=pad, fill=255)
        else:
            shape.rectangle(outline, fill=255)
        mask = np.array(image)
        mask[pad:-pad, pad:-pad] = 255 - words
        return hug(mask)
    image = Image.new("L", (height * _FINE, height * _FINE))
    shape = ImageDraw.Draw(image)
    edge = height * _FINE - 1
    if rng.random() < 0.5:
        shape.ellipse((0, 0, edge, edge), outline=255, width=max(edge // 8, 1))
        shape.ellipse((edge // 3, edge // 3, 2 * edge // 3, 2 * edge // 3), fill=255)
    else:
        shape.polygon([(0, edge), (edge // 2, 0), (edge, edge)], fill=255)
    return stack([hug(np.asarray(image.reduce(_FINE))), words], max(height // 6, 1), down=False)


def length_words(rng: np.random.Generator) -> str:
    """Return a scale bar's label: a round length with its unit."""
    steps = [1, 2, 3, 4, 5, 10, 15, 20, 25, 30, 50, 100, 200, 250, 300, 500, 0.1, 0.2, 0.5]
    value = rng.choice(steps)
    number = f"{value:g}" if rng.random() < 0.85 else f"{float(value):.1f}"
    return number + str(rng.choice(["", " "])) + str(rng.choice(_UNITS))


def letter_words(rng: np.random.Generator) -> str:
    """Return a panel's letter: a, (B), c), a1, iv …"""
    letters = "abcdefghijkl" if rng.random() < 0.55 else "ABCDEFGHIJKL"
    inner = str(rng.choice(list(letters)))
    kind = rng.random()
    if kind < 0.1:
        inner += str(rng.integers(1, 5))
    elif kind < 0.18:
        inner = str(rng.choice(["i", "ii", "iii", "iv", "v", "I", "II", "III", "IV", "V"]))
    forms = [inner, f"({inner})", f"{inner})", f"{inner}.", f"[{inner}]"]
    return str(rng.choice(forms, p=[0.44, 0.38, 0.12, 0.04, 0.02]))


def data_words(rng: np.random.Generator) -> str:
    """Return one entry of an instrument's strip: voltage, magnification, date …"""
    template = str(rng.choice(_DATA))
    return template.format(
        v=rng.integers(1, 30), m=rng.integers(1, 400), w=f"{rng.uniform(1.5, 15):.1f}",
        u=rng.integers(1, 90), d=rng.integers(10, 31), e=rng.integers(10, 13),
        y=rng.integers(10, 26), h=rng.integers(10, 24), n=rng.integers(10, 60),
    )  # fmt: skip


def free_words(rng: np.random.Generator) -> str:
    """Return the name of a sample, a condition or a date."""
    return str(rng.choice(_WORDS)) if rng.random() < 0.75 else data_words(rng)


def strip(
    width: int, height: int, font: str | None, size: int, rng: np.random.Generator
) -> InkMask:
    """Return the strokes of an instrument's strip of this size; they need not reach its edges."""
    mask = np.zeros((height, width), dtype=np.uint8)
    rows = 2 if height > 2.8 * size and rng.random() < 0.7 else 1
    spread = rng.uniform(0.6, 3.0)
    for row in range(rows):
        middle = round(height * (2 * row + 1) / (2 * rows))
        x = int(rng.integers(1, max(size, 2)))
        if rng.random() < 0.25:
            name = str(rng.choice(["FEI", "ZEISS", "JEOL", "TESCAN", "HITACHI", "NTU"]))
            x = _put(mask, logo(name, font, max(int(size * 1.1), 7), rng), x, middle) + size
        while True:
            words = text(data_words(rng), font, size)
            if x + words.shape[1] >= width * (0.72 if row == 0 else 0.98):
                break
            x = _put(mask, words, x, middle) + int(size * spread) + 1
    length = int(width * rng.uniform(0.08, 0.24))
    parts = [bar(length, max(size // 8, 1), str(rng.choice(["line", "ticks", "dots", "capped"])))]
    parts.append(text(length_words(rng), font, max(int(size * 0.85), 6)))
    scale = stack(parts[:: int(rng.choice([-1, 1]))], max(size // 6, 1), down=height > 1.8 * size)
    if scale.shape[0] <= height and scale.shape[1] < width // 2:
        _put(mask, scale, width - scale.shape[1] - int(rng.integers(1, size + 2)), height // 2)
    if rng.random() < 0.2:  # ruled like a table
        mask[0] = mask[-1] = 255
        mask[:, np.sort(rng.integers(0, width, 4))] = 255
    return mask


def _put(mask: InkMask, part: InkMask, x: int, middle: int) -> int:
    """Draw a part with its left edge at `x`, centred on a row; return its right edge."""
    top = min(max(middle - part.shape[0] // 2, 0), max(mask.shape[0] - part.shape[0], 0))
    window = mask[top : top + part.shape[0], x : x + part.shape[1]]
    np.maximum(window, part[: window.shape[0], : window.shape[1]], out=window)
    return x + part.shape[1]
