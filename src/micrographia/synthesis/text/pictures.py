"""Micrographs with rendered annotation and known boxes, to train the text detector."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage

from micrographia.arrays import FloatImage, GreyImage, InkMask
from micrographia.synthesis.text import banners

Box = tuple[int, int, int, int]

#: Share of pictures that carry no annotation at all.
_BARE = 0.1
#: Least difference of ink and ground [grey levels].
_LEAST_CONTRAST = 40.0


@dataclass(frozen=True)
class Style:
    """How strokes are painted.

    Attributes
    ----------
    ink
        Grey level; "grey" for any with contrast, None for white or black.
    ground, ground_opacity
        Grey level of the region's own ground, None for none; and its opacity, 0..1.
    pad
        Margin of that ground around the strokes [px].
    outline
        Width of a rim of the opposite grey [px].
    opacity
        Of the strokes, 0..1.
    contrast
        Least difference of ink and ground [grey levels].
    """

    ink: float | str | None = None
    ground: float | None = None
    ground_opacity: float = 1.0
    pad: int = 0
    outline: int = 0
    opacity: float = 1.0
    contrast: float = _LEAST_CONTRAST


_PLAIN = Style()


@dataclass
class Sheet:
    """A picture that is being annotated.

    Attributes
    ----------
    pixels
        Grey levels 0…255.
    rng
        Source of randomness.
    fonts
        Font files; None among them is Pillow's own.
    boxes, kinds
        What is drawn so far: x0, y0, x1, y1 with exclusive ends [px], and the class of each.
    """

    pixels: FloatImage
    rng: np.random.Generator
    fonts: list[str | None]
    boxes: list[Box] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def font(self) -> str | None:
        """Return a font, any of them."""
        return self.fonts[int(self.rng.integers(len(self.fonts)))]

    def draw(self, mask: InkMask, x: int, y: int, kind: str, style: Style = _PLAIN) -> bool:
        """Draw strokes at (x, y) if nothing else is there, and note their box.

        Parameters
        ----------
        mask
            Strokes; what reaches beyond the picture is cut.
        x, y
            Left upper corner [px].
        kind
            Class of the region.
        style
            How the strokes are painted; `pad` widens the region by that of its own ground.
        """
        height, width = self.pixels.shape
        pad = style.pad if style.ground is not None else 0
        box = (
            max(x - pad, 0),
            max(y - pad, 0),
            min(x + mask.shape[1] + pad, width),
            min(y + mask.shape[0] + pad, height),
        )
        if box[2] - box[0] < 3 or box[3] - box[1] < 2 or any(_meet(box, b) for b in self.boxes):
            return False
        left, top = max(-x, 0), max(-y, 0)
        seen = mask[top : height - y, left : width - x]
        if not (seen >= banners.SEEN).any():
            return False
        _paint(self.pixels, seen, max(x, 0), max(y, 0), box, self.rng, style)
        self.boxes.append(box)
        self.kinds.append(kind)
        return True


def annotate(
    pixels: GreyImage, fonts: list[str | None], rng: np.random.Generator
) -> tuple[GreyImage, list[Box], list[str]]:
    """Burn annotation into a picture, and degrade it like copying and printing.

    Returns
    -------
    pixels, boxes, kinds
        The picture; boxes x0, y0, x1, y1 with exclusive ends [px] that hug the strokes, or the
        opaque ground that is theirs; and their classes.
    """
    sheet = Sheet(pixels.astype(np.float32), rng, fonts)
    if rng.random() >= _BARE:
        if rng.random() < 0.32:
            _draw_strip(sheet)
        if rng.random() < 0.8:
            _tries(sheet, _draw_scale_bar)
        if rng.random() < 0.65:
            _tries(sheet, _draw_letter)
        for maker, share in ((_draw_words, 0.35), (_draw_arrow, 0.2), (_draw_logo, 0.1)):
            while rng.random() < share:
                _tries(sheet, maker)
        if rng.random() < 0.03:
            _draw_watermark(sheet)
    return _worn(sheet.pixels, rng), sheet.boxes, sheet.kinds


def background(picture: GreyImage, rng: np.random.Generator) -> GreyImage:
    """Return a part of a text-free picture, turned, mirrored and with another contrast."""
    turned = np.rot90(picture, int(rng.integers(4)))
    turned = turned[:, ::-1] if rng.random() < 0.5 else turned
    height, width = turned.shape
    share = rng.uniform(0.55, 1.0)
    aspect = float(np.exp(rng.normal(0.15, 0.2)))
    tall = int(min(height, max(height * share / np.sqrt(aspect), 32)))
    wide = int(min(width, max(width * share * np.sqrt(aspect), 32)))
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    part = turned[top : top + tall, left : left + wide].astype(np.float32) / 255
    low, high = np.percentile(part, (1, 99))
    part = np.clip((part - low) / max(high - low, 0.05), 0, 1) ** np.exp(rng.normal(0, 0.35))
    dark, bright = rng.uniform(0, 0.35), rng.uniform(0.6, 1.0)
    part = dark + part * (bright - dark)
    if rng.random() < 0.1:
        part = 1 - part
    return np.asarray(np.rint(part * 255), dtype=np.uint8)


def fit(pixels: GreyImage, side: int) -> GreyImage:
    """Scale a picture so that its longer side is `side` [px]."""
    height, width = pixels.shape
    scale = side / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _tries(sheet: Sheet, maker: Callable[[Sheet], bool]) -> None:
    """Draw one thing; where it does not fit, try again elsewhere a few times."""
    for _ in range(6):
        if maker(sheet):
            return


def _draw_strip(sheet: Sheet) -> None:
    """An instrument's strip below (seldom above), on its own ground or straight on the picture."""
    rng, (height, width) = sheet.rng, sheet.pixels.shape
    size = int(np.clip(height * np.exp(rng.uniform(np.log(0.018), np.log(0.055))), 6, 40))
    deep = int(size * rng.uniform(1.2, 2.2) * (2 if rng.random() < 0.2 else 1))
    mask = banners.strip(width, deep, sheet.font(), size, rng)
    top = height - deep + (int(rng.integers(0, deep // 2 + 1)) if rng.random() < 0.12 else 0)
    top = 0 if rng.random() < 0.06 else top
    if rng.random() < 0.75:
        ground = float(rng.choice([0, 0, 0, 15, 30, 90, 255]))
        ink = 0.0 if ground > 128 else float(rng.choice([255, 255, 220, 180]))
        sheet.draw(mask, 0, top, "banner", Style(ink=ink, ground=ground))
        return
    rows, columns = (np.flatnonzero((mask >= banners.SEEN).any(axis=axis)) for axis in (1, 0))
    sheet.draw(banners.hug(mask), int(columns[0]), top + int(rows[0]), "banner")


def _draw_scale_bar(sheet: Sheet) -> bool:
    rng, (height, width) = sheet.rng, sheet.pixels.shape
    length = int(width * np.exp(rng.uniform(np.log(0.06), np.log(0.5))))
    thick = max(int(height * np.exp(rng.uniform(np.log(0.004), np.log(0.028)))), 1)
    style = str(
        rng.choice(["line", "capped", "frame", "ticks", "dots"], p=[0.78, 0.09, 0.03, 0.06, 0.04])
    )
    mask = banners.bar(length, thick, style)
    if rng.random() < 0.82:
        size = int(np.clip(height * np.exp(rng.uniform(np.log(0.025), np.log(0.10))), 7, 70))
        words = banners.text(banners.length_words(rng), sheet.font(), size)
        down = bool(rng.random() < 0.88)
        gap = int(rng.integers(1, max(size // 2, 3)))
        order = 1 if rng.random() < 0.35 else -1
        mask = banners.stack([mask, words][::order], gap, down=down, align=_align(rng))
    x, y = _corner(sheet, mask, rng.choice(["low right", "low left", "top", "any"], p=_WHERE))
    return sheet.draw(mask, x, y, "scale_bar", _style(sheet))


_WHERE = [0.52, 0.3, 0.06, 0.12]


def _draw_letter(sheet: Sheet) -> bool:
    rng, height = sheet.rng, sheet.pixels.shape[0]
    size = int(np.clip(height * np.exp(rng.uniform(np.log(0.035), np.log(0.14))), 8, 80))
    mask = banners.text(banners.letter_words(rng), sheet.font(), size)
    spot = rng.choice(
        ["top left", "top right", "low left", "low right"], p=[0.8, 0.09, 0.08, 0.03]
    )
    x, y = _corner(sheet, mask, spot)
    return sheet.draw(mask, x, y, "panel_letter", _style(sheet, boxed=0.28))


def _draw_words(sheet: Sheet) -> bool:
    rng, height = sheet.rng, sheet.pixels.shape[0]
    size = int(np.clip(height * np.exp(rng.uniform(np.log(0.025), np.log(0.085))), 7, 60))
    lines = [banners.free_words(rng) for _ in range(2 if rng.random() < 0.12 else 1)]
    font = sheet.font()
    parts = [banners.text(line, font, size) for line in lines]
    mask = banners.stack(parts, max(size // 4, 1), down=True, align=_align(rng))
    spot = rng.choice(["top left", "top right", "low left", "low right", "any"])
    x, y = _corner(sheet, mask, spot)
    return sheet.draw(mask, x, y, "text", _style(sheet))


def _draw_arrow(sheet: Sheet) -> bool:
    rng, height = sheet.rng, sheet.pixels.shape[0]
    length = int(height * rng.uniform(0.05, 0.22))
    thick = max(int(length * rng.uniform(0.05, 0.16)), 1)
    head = 1.0 if rng.random() < 0.2 else float(rng.uniform(0.25, 0.6))
    mask = banners.arrow(max(length, 8), thick, float(rng.uniform(0, 2 * np.pi)), head)
    x, y = _corner(sheet, mask, "any")
    return sheet.draw(mask, x, y, "arrow", Style(contrast=70.0))


def _draw_logo(sheet: Sheet) -> bool:
    rng, height = sheet.rng, sheet.pixels.shape[0]
    name = str(rng.choice(["FEI", "ZEISS", "NANO", "LAB", "XTM", "JEOL", "MIT", "EM", "TESCAN"]))
    mask = banners.logo(name, sheet.font(), max(int(height * rng.uniform(0.04, 0.11)), 9), rng)
    spot = rng.choice(["top left", "top right", "low left", "low right"])
    x, y = _corner(sheet, mask, spot)
    return sheet.draw(mask, x, y, "logo", _style(sheet))


def _draw_watermark(sheet: Sheet) -> None:
    """Large pale words, level or aslant."""
    rng, (height, width) = sheet.rng, sheet.pixels.shape
    mask = banners.text(banners.free_words(rng), sheet.font(), max(height // 7, 12))
    image = Image.fromarray(mask)
    angle = float(rng.choice([0.0, 30.0, 45.0]))
    turned = image.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    mask = banners.hug(np.asarray(turned))
    x = int((width - mask.shape[1]) * rng.random())
    y = int((height - mask.shape[0]) * rng.random())
    style = Style(opacity=float(rng.uniform(0.35, 0.6)), contrast=110.0)
    sheet.draw(mask, x, y, "text", style)


def _align(rng: np.random.Generator) -> float:
    return float(rng.choice([0.5, 0.0, 1.0], p=[0.72, 0.16, 0.12]))


def _corner(sheet: Sheet, mask: InkMask, spot: str) -> tuple[int, int]:
    """Where the left upper corner of a mask goes."""
    rng, (height, width) = sheet.rng, sheet.pixels.shape
    free_x, free_y = max(width - mask.shape[1], 0), max(height - mask.shape[0], 0)
    if spot == "any":
        return int(free_x * rng.random()), int(free_y * rng.random())
    # Mostly near the edge, at times on it or a little beyond.
    margin_x, margin_y = (
        int(side * (rng.uniform(0.0, 0.09) if rng.random() < 0.93 else -0.008))
        for side in (width, height)
    )
    left = "left" in spot or ("right" not in spot and rng.random() < 0.5)
    # Above a strip, not in it.
    tops = [b[1] for b, k in zip(sheet.boxes, sheet.kinds, strict=True) if k == "banner"]
    floor = min([top - 4 for top in tops if top > height / 2], default=height)
    x = margin_x if left else free_x - margin_x
    return x, margin_y if "top" in spot else floor - mask.shape[0] - margin_y


def _style(sheet: Sheet, boxed: float = 0.15) -> Style:
    """Draw how a piece is painted: bare, outlined, grey, or on its own ground."""
    rng, height = sheet.rng, sheet.pixels.shape[0]
    kind = rng.random()
    if kind < boxed:
        ground = float(rng.choice([255, 255, 0, 0, 40, 200]))
        pad = int(height * rng.uniform(0.004, 0.03)) + 1
        opacity = 1.0 if rng.random() < 0.85 else float(rng.uniform(0.4, 0.8))
        ink = 0.0 if ground > 128 else 255.0
        return Style(ink, ground, opacity, pad)
    if kind < boxed + 0.08:
        return Style(outline=1 + int(rng.integers(0, 2)))
    if kind < boxed + 0.22:
        return Style(ink="grey")
    return _PLAIN


def _paint(
    pixels: FloatImage,
    mask: InkMask,
    x: int,
    y: int,
    box: Box,
    rng: np.random.Generator,
    style: Style,
) -> None:
    """Lay strokes over a picture, in place."""
    x0, y0, x1, y1 = box
    if style.ground is not None:
        pixels[y0:y1, x0:x1] += style.ground_opacity * (style.ground - pixels[y0:y1, x0:x1])
    window = pixels[y : y + mask.shape[0], x : x + mask.shape[1]]
    below = float(window[mask >= banners.SEEN].mean())
    ink, contrast = style.ink, style.contrast
    if ink is None:
        whites = 0.9 if below < 255 - contrast - 60 else 0.5
        ink = 255.0 if rng.random() < whites else 0.0
        ink = 255.0 - ink if abs(ink - below) < contrast else ink
    elif ink == "grey":
        levels = np.arange(0, 256, 5)
        ink = float(rng.choice(levels[np.abs(levels - below) >= contrast]))
    share = mask.astype(np.float32) / 255
    if style.outline:
        rim = ndimage.grey_dilation(share, size=2 * style.outline + 1)
        window += rim * ((255.0 if float(ink) < 128 else 0.0) - window)
    window += style.opacity * share * (float(ink) - window)


def _worn(pixels: FloatImage, rng: np.random.Generator) -> GreyImage:
    """What scaling and JPEG leave of a picture on its way through a journal."""
    image = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        scale = rng.uniform(0.4, 0.9)
        small = (max(int(image.width * scale), 8), max(int(image.height * scale), 8))
        image = image.resize(small, Image.Resampling.BICUBIC)
        image = image.resize(pixels.shape[::-1], Image.Resampling.BICUBIC)
    if rng.random() < 0.6:
        stream = io.BytesIO()
        image.save(stream, format="JPEG", quality=int(rng.integers(35, 96)))
        image = Image.open(stream)
    return np.asarray(image.convert("L"))


def _meet(one: Box, other: Box) -> bool:
    gap = 3
    return (
        one[0] < other[2] + gap
        and other[0] < one[2] + gap
        and one[1] < other[3] + gap
        and other[1] < one[3] + gap
    )
