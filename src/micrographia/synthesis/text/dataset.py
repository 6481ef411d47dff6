"""A set of pictures for the text detector: backgrounds from the generator and from real files."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import GreyImage
from micrographia.config import Synthesis, TextTraining
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import read_micrograph, to_unit
from micrographia.io.pictures.kinds import is_read
from micrographia.synthesis.procedural.micrograph import make_micrograph, role_of
from micrographia.synthesis.text.banners import find_fonts
from micrographia.synthesis.text.pictures import Box, annotate, background, fit

LOG = logging.getLogger(__name__)

#: Pictures that are made of one procedural micrograph, each another part of it; close-ups that
#: are made of one picture.
_PER_BACKGROUND, _PER_SOURCE = 8, 4
#: Share of real backgrounds where there are some, and of pictures kept to validate.
_REAL, _VALIDATION = 0.5, 0.1
#: Side of a procedural background, before a part of it is taken, over the side of a picture.
_LARGER = 0.85


def make_set(folder: Path, settings: TextTraining, seed: int) -> list[dict[str, Any]]:
    """Write pictures into `folder`; return their rows of `schemas.TEXT_PICTURES`.

    Parameters
    ----------
    folder
        Where `<name>.png` go.
    settings
        How many and how large; real backgrounds; fonts.
    seed
        Seed of the whole set.

    Raises
    ------
    MicrographiaError
        A real background cannot be read.
    """
    fonts: list[str | None] = [None, *find_fonts(settings.fonts)]
    if len(fonts) < 8:
        LOG.warning(
            "only %d fonts were found; add folders of fonts to curation.text.training.fonts",
            len(fonts),
        )
    sources = -(-settings.closeups // _PER_SOURCE)
    held = max(round(settings.pictures * _VALIDATION), 1)
    counts = {"closeup": sources, "train": settings.pictures - held, "validation": held}
    parts = [part for part, count in counts.items() for _ in range(count)]
    rows: list[dict[str, Any]] = []
    for index, (part, ground) in enumerate(
        zip(parts, _backgrounds(parts, settings, seed), strict=True)
    ):
        rng = np.random.default_rng([seed, 11, index])
        made = annotate(fit(background(ground, rng), settings.side), fonts, rng)
        views = _closeups(*made, settings.closeup_side, rng) if part == "closeup" else [made]
        for pixels, boxes, kinds in views:
            name = f"{part}_{len(rows):06d}"
            Image.fromarray(pixels).save(folder / f"{name}.png")
            rows.append(
                {
                    "name": name,
                    "part": part,
                    "width": pixels.shape[1],
                    "height": pixels.shape[0],
                    "boxes": [list(box) for box in boxes],
                    "classes": kinds,
                }
            )
    return rows


def _closeups(
    pixels: GreyImage,
    boxes: list[Box],
    kinds: list[str],
    side: int,
    rng: np.random.Generator,
) -> Iterator[tuple[GreyImage, list[Box], list[str]]]:
    """Yield square parts of a picture, each around a region drawn by lot if there is one.

    A region that reaches beyond a part is cut; if less than a third of it is left it does not
    count, nor does what is too thin to be seen.
    """
    height, width = pixels.shape
    deep, wide = min(side, height), min(side, width)
    for _ in range(_PER_SOURCE):
        if boxes:
            x0, y0, x1, y1 = boxes[int(rng.integers(len(boxes)))]
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        else:
            x, y = rng.uniform(0, width), rng.uniform(0, height)
        left = int(np.clip(x - wide * rng.uniform(0.15, 0.85), 0, width - wide))
        top = int(np.clip(y - deep * rng.uniform(0.15, 0.85), 0, height - deep))
        cut = np.array(boxes, dtype=np.int64).reshape(-1, 4) - [left, top, left, top]
        inside = cut.clip(0, [wide, deep, wide, deep])
        area, left_over = (_areas(part) for part in (cut, inside))
        keep = (left_over * 3 >= area) & (inside[:, 2] - inside[:, 0] >= 4) & (left_over >= 12)
        part = np.zeros((side, side), dtype=np.uint8) + np.uint8(114)
        part[:deep, :wide] = pixels[top : top + deep, left : left + wide]
        found = [(int(a), int(b), int(c), int(d)) for a, b, c, d in inside[keep]]
        yield part, found, [kind for kind, stays in zip(kinds, keep, strict=True) if stays]


def _areas(boxes: NDArray[Any]) -> NDArray[Any]:
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def _backgrounds(parts: Sequence[str], settings: TextTraining, seed: int) -> Iterator[GreyImage]:
    """Yield a text-free picture for each entry; a procedural one serves for eight of one part."""
    real = _real_files(settings)
    split = max(int(len(real) * (1 - _VALIDATION)), 1)
    generator = Synthesis(size=int(settings.side * _LARGER), annotated_share=0)
    rng = np.random.default_rng([seed, 7])
    made: GreyImage | None = None
    number = used = 0
    for index, part in enumerate(parts):
        if real and rng.random() < _REAL:
            # What validates is not trained on, if there is more than one.
            among = real[split:] or real if part == "validation" else real[:split]
            yield _read(among[int(rng.integers(len(among)))])
            continue
        if made is None or used == _PER_BACKGROUND or part != parts[index - 1]:
            while role_of(number).defect is not None:
                number += 1
            made, used = make_micrograph(number, seed, generator)[0], 0
            number += 1
        used += 1
        yield made


def _real_files(settings: TextTraining) -> list[str]:
    """List the real backgrounds: files, and the images in folders, one level deep."""
    files: list[str] = []
    for source in settings.backgrounds:
        if os.path.isdir(source):
            names = sorted(name for name in os.listdir(source) if is_read(name))
            files += [os.path.join(source, name) for name in names]
        else:
            files.append(source)
    return files


def _read(path: str) -> GreyImage:
    try:
        unit = to_unit(read_micrograph(path).pixels)
    except ImageError as error:
        raise MicrographiaError(
            f"A background of curation.text.training cannot be used: {error}"
        ) from error
    return np.asarray(np.rint(unit * 255), dtype=np.uint8)
