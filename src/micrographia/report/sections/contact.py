"""Contact sheets of the noisy STEM pictures, one per tier."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrographia.errors import MicrographiaError
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing import pictures

#: Side of the part that is shown, from the middle of a picture [Å]: columns must be seen apart.
WINDOW = 20.0
_SIDE = 104  # of a thumbnail [px]
_LARGEST = 10  # thumbnails along the side of a sheet


def sheets(results: Results, examples: int) -> list[dict[str, Any]]:
    """Return one sheet per tier, easiest first.

    Parameters
    ----------
    results
        Tables of the run; without exposures there are no sheets.
    examples
        A sheet has at most the square of this many thumbnails, and at most 100. They are taken
        in even steps from the tier's pictures in the order of formula and dose.

    Returns
    -------
    Per tier: `tier`, `total` (pictures in the tier), `thumbs` (`image`, `formula`, `dose`),
    `notes` (why a picture is not shown).
    """
    table = results.exposures
    if table is None:
        return []
    formulas: dict[str, str] = {}
    if results.structures is not None:
        known = results.structures.dropna(subset=["formula"])
        formulas = dict(zip(known["structure_id"], known["formula"], strict=True))
    rows = [row for row in records(table) if row["tier"] is not None and row["path"] is not None]
    for row in rows:
        row["formula"] = formulas.get(row["structure_id"], row["structure_id"])
    rows.sort(key=lambda row: (str(row["formula"]), row["dose"] or 0.0, row["image_id"]))
    found = []
    for tier in sorted({int(row["tier"]) for row in rows}):
        mine = [row for row in rows if row["tier"] == tier]
        wanted = min(len(mine), min(examples, _LARGEST) ** 2)
        chosen = np.linspace(0, len(mine) - 1, wanted).round().astype(int)
        found.append(_sheet(tier, len(mine), [mine[place] for place in chosen]))
    return found


def _sheet(tier: int, total: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    sheet: dict[str, Any] = {"tier": tier, "total": total, "thumbs": [], "notes": []}
    for row in rows:
        path = locate(row["path"], str(row.get("folder", "")))
        if path is None:
            sheet["notes"].append(f"The file {row['path']}, listed in the table, does not exist.")
            continue
        try:
            image = read_stem_image(path, row["pixel_size"])
        except MicrographiaError as error:
            sheet["notes"].append(str(error))
            continue
        thumb = {"image": _thumbnail(image), "formula": row["formula"], "dose": row["dose"]}
        sheet["thumbs"].append(thumb)
    return sheet


def _thumbnail(image: StemImage) -> str:
    side = min(round(WINDOW / image.pixel_size), *image.pixels.shape)
    top, left = ((length - side) // 2 for length in image.pixels.shape)
    middle = image.pixels[top : top + side, left : left + side]
    return pictures.data_uri(pictures.shrink(pictures.to_grey(middle), _SIDE))
