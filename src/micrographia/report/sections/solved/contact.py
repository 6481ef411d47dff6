"""Contact sheets of the noisy STEM pictures, one per tier."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrographia.errors import MicrographiaError
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.report.collect import Results, locate, records
from micrographia.report.page import pictures
from micrographia.report.page.blocks import Block, Fold, Gallery, Part, Picture, Words

#: Side of the part that is shown, from the middle of a picture [Å]: columns must be seen apart.
WINDOW = 20.0
_SIDE = 104  # of a thumbnail [px]
_LARGEST = 10  # thumbnails along the side of a sheet


def part(results: Results, examples: int) -> Part:
    """Return one folded sheet per tier, easiest first.

    Parameters
    ----------
    results
        Tables of the run; without exposures there are no sheets.
    examples
        A sheet has at most the square of this many thumbnails, and at most 100. They are taken
        in even steps from the tier's pictures in the order of formula and dose.
    """
    title = "Contact sheets"
    table = results.exposures
    if table is None:
        return Part(title, ())
    formulas: dict[str, str] = {}
    if results.structures is not None:
        known = results.structures.dropna(subset=["formula"])
        formulas = dict(zip(known["structure_id"], known["formula"], strict=True))
    rows = [row for row in records(table) if row["tier"] is not None and row["path"] is not None]
    for row in rows:
        row["formula"] = formulas.get(row["structure_id"], row["structure_id"])
    rows.sort(key=lambda row: (str(row["formula"]), row["dose"] or 0.0, row["image_id"]))
    found: list[Block] = []
    for tier in sorted({int(row["tier"]) for row in rows}):
        mine = [row for row in rows if row["tier"] == tier]
        wanted = min(len(mine), min(examples, _LARGEST) ** 2)
        chosen = np.linspace(0, len(mine) - 1, wanted).round().astype(int)
        found.append(_sheet(tier, len(mine), [mine[place] for place in chosen]))
    return Part(title, tuple(found), "sheets")


def _sheet(tier: int, total: int, rows: list[dict[str, Any]]) -> Fold:
    shown: list[Picture] = []
    notes: list[Block] = []
    for row in rows:
        path = locate(row["path"], str(row.get("folder", "")))
        if path is None:
            told = f"The file {row['path']}, listed in the table, does not exist."
            notes.append(Words(told, "note"))
            continue
        try:
            image = read_stem_image(path, row["pixel_size"])
        except MicrographiaError as error:
            notes.append(Words(str(error), "note"))
            continue
        shown.append(_thumbnail(image, row))
    caption = (
        f"Noisy pictures of tier {tier} in the order of formula and dose [e/Å²]: the central "
        f"{WINDOW:g} Å of each, each with its own contrast; n = {len(shown)} of {total}."
    )
    summary = f"Tier {tier}: {len(shown)} of {total} pictures"
    return Fold(summary, (Gallery(tuple(shown), caption, size="small"), *notes))


def _thumbnail(image: StemImage, row: dict[str, Any]) -> Picture:
    side = min(round(WINDOW / image.pixel_size), *image.pixels.shape)
    top, left = ((length - side) // 2 for length in image.pixels.shape)
    middle = image.pixels[top : top + side, left : left + side]
    small = pictures.shrink(pictures.to_grey(middle), _SIDE)
    lines = (f"{row['dose']:,.0f} e/Å²",) if row["dose"] else ()
    alt = f"thumbnail of {row['formula']}"
    height, width = small.shape
    return Picture(pictures.data_uri(small, 60), width, height, str(row["formula"]), alt, lines)
