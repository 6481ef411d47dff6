"""The phase-object engine beside multislice: figures, and pictures where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import FloatArray
from micrographia.errors import MicrographiaError
from micrographia.report.collect import Results, records
from micrographia.report.page import pictures
from micrographia.report.page.blocks import (
    Block,
    Column,
    Fold,
    Gallery,
    Part,
    Picture,
    Table,
    Words,
)
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number
from micrographia.report.sections.solved import crystals
from micrographia.report.sections.solved.arrays import read_arrays

_SIDE = 300  # of a picture on the page [px]


def part(results: Results) -> Part:
    """Return the comparison; an empty part where the engines were not compared."""
    title = "Phase object and multislice"
    if results.engines is None or results.engines.empty:
        return Part(title, ())
    rows = records(results.engines)
    columns = (
        Column("crystal"),
        Column("detector"),
        Column("correlation", "value"),
        Column("phase object [s]", "number"),
        Column("multislice [s]", "number"),
        Column("time ratio", "number"),
        Column("scan points", "number"),
    )
    told = tuple(
        row(
            str(one["structure_id"]),
            str(one["detector"] or "–"),
            number(one["correlation"], 5),
            number(one["seconds_phase_object"]),
            number(one["seconds_multislice"]),
            number(one["time_ratio"]),
            number(one["scan_points"]),
        )
        for one in rows
    )
    text = (
        "The fast engine, which the pictures are made with, against abTEM's multislice on the "
        "same scan points, without noise."
    )
    galleries: list[Block] = []
    for one in rows:
        galleries += _drawn(one, results.root)
    summary = f"Show the pictures of {count(len(rows), 'comparison')}"
    table = Table(columns, told, label=title)
    return Part(title, (Words(text), table, Fold(summary, tuple(galleries))), "engines")


def _drawn(one: dict[str, Any], root: Path) -> list[Block]:
    blocks: list[Block] = []
    if one.get("failure"):
        blocks.append(Words(f"{one['structure_id']}: {one['failure']}", "note"))
    path = root / "stem" / "engines" / f"{one['structure_id']}-{one['detector']}.npz"
    if not path.is_file():
        return blocks
    try:
        return [*blocks, _gallery(one, path)]
    except MicrographiaError as error:
        return [*blocks, Words(str(error), "note")]


def _gallery(one: dict[str, Any], path: Path) -> Gallery:
    """Both pictures on the same grey scale, and their difference over that scale."""
    arrays = read_arrays(path, ("phase_object", "multislice", "pixel_size"))
    size = float(arrays["pixel_size"])
    ours, theirs = (_standard(arrays[name]) for name in ("phase_object", "multislice"))
    low = min(float(ours.min()), float(theirs.min()))
    span = max(float(ours.max()), float(theirs.max())) - low or 1.0
    difference = (ours - theirs) / span
    what = f"{one['structure_id']}, {one['detector']}"
    panels = (
        ("phase object", (ours - low) / span),
        ("multislice", (theirs - low) / span),
        ("difference × 5", 0.5 + 2.5 * difference),
    )
    shown = tuple(
        Picture(_fixed(values, size), _SIDE, _SIDE, label, f"{label} of {what}")
        for label, values in panels
    )
    largest = number(100 * float(np.abs(difference).max()), 2)
    caption = (
        f"{what}: repeated periodically over {crystals.WINDOW:g} Å, both normalised to zero mean "
        "and unit standard deviation, on the same grey scale; largest difference: "
        f"{largest} % of the scale."
    )
    return Gallery(shown, caption, size="medium")


def _standard(pixels: NDArray[Any]) -> FloatArray:
    """Zero mean and unit deviation: iDPC has no absolute level, and no scale of its own here."""
    centred = np.asarray(pixels, dtype=np.float64) - float(np.mean(pixels))
    return centred / (float(centred.std()) or 1.0)


def _fixed(values: FloatArray, pixel_size: float) -> str:
    """Repeat a picture of one cell over the window and draw it on a fixed grey scale."""
    height, width = (side * pixel_size for side in values.shape)
    cell = np.array([[0.0, height], [width, 0.0]])  # rows run along y, columns along x
    drawn = crystals.tile_average(values, cell, _SIDE)
    return pictures.data_uri(np.asarray(np.round(255 * np.clip(drawn, 0, 1)), dtype=np.uint8))
