"""Section on STEM: from the noisy image to the crystal, beside the true crystal."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from micrographia.arrays import FloatArray
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.io.structures import from_cif
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing import pictures
from micrographia.report.drawing.charts import histogram
from micrographia.report.sections import crystals
from micrographia.report.sections.ranking import choose

_SIDE = 360  # longest side of a picture on the page [px]


def gallery(results: Results, count: int) -> list[dict[str, Any]]:
    """Return pictures of solved images, spread over the ranks of their agreement in sites."""
    table = results.reconstructions
    if table is None:
        return []
    solved = {_key(row): row for row in records(table) if row["failure"] is None}
    scores = {_key(row): row for row in _rows(results.structure_scores)}
    # Lower is better; an answer whose lattice or composition is wrong has no rms at all.
    errors = {
        key: math.inf if scores[key]["rms_sites"] is None else scores[key]["rms_sites"]
        for key in solved
        if key in scores
    }
    chosen = choose(-pd.Series(errors, dtype=float), count)
    chosen = chosen or [(key, math.nan, "") for key in list(solved)[:count]]
    return [
        _case(results, solved[key], scores.get(key)) | {"rank": rank} for key, _, rank in chosen
    ]


def _key(row: Mapping[str, Any]) -> str:
    """Name of an answer: one image may be read on two tracks."""
    return f"{row['image_id']} {_track(row)}"


def _track(row: Mapping[str, Any]) -> str:
    return str(row.get("track") or "given")


def _rows(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    return [] if table is None else records(table)


def _case(
    results: Results, answer: Mapping[str, Any], score: Mapping[str, Any] | None
) -> dict[str, Any]:
    image_id = str(answer["image_id"])
    exposure = _row(results.exposures, "image_id", image_id)
    structure = _row(results.structures, "structure_id", exposure.get("structure_id"))
    title = str(structure.get("formula") or exposure.get("structure_id") or image_id)
    case: dict[str, Any] = {
        "title": title if _track(answer) == "given" else f"{title}, {_track(answer)}",
        "dose": exposure.get("dose"),
        "confidence": answer.get("confidence"),
        "seconds": answer.get("seconds"),
        "score": score,
        "panels": [],
        "legend": [],
        "notes": [],
    }
    image = None
    try:
        image = _add_picture(case, exposure)
    except MicrographiaError as error:
        case["notes"].append(str(error))
    try:
        _add_crystal(case, answer, structure, exposure, image)
    except MicrographiaError as error:
        case["notes"].append(str(error))
    return case


def _row(table: pd.DataFrame | None, column: str, value: object) -> dict[str, Any]:
    if table is None or value is None:
        return {}
    found = records(table[table[column] == value].head(1))
    return found[0] if found else {}


def _add_picture(case: dict[str, Any], exposure: Mapping[str, Any]) -> StemImage | None:
    path = locate(exposure.get("path"), str(exposure.get("folder", "")))
    if path is None:
        case["notes"].append("The image listed in the tables does not exist.")
        return None
    image = read_stem_image(path, exposure.get("pixel_size"))
    grey = pictures.shrink(pictures.to_grey(image.pixels), _SIDE)
    extent = image.pixels.shape[1] * image.pixel_size
    panel = ("picture", pictures.data_uri(grey), pictures.scale_bar(extent, "Å"))
    case["panels"].append(panel)
    return image


def _add_crystal(
    case: dict[str, Any],
    answer: Mapping[str, Any],
    structure: Mapping[str, Any],
    exposure: Mapping[str, Any],
    image: StemImage | None,
) -> None:
    """Show what was found in the picture: measured, model, residual, crystal; and the true one."""
    path = Path(str(answer["folder"])) / "cells" / f"{answer['image_id']}.npz"
    arrays = read_arrays(path, ("model", "cell", "xy", "numbers"))
    columns = crystals.Layer(arrays["cell"], arrays["xy"], arrays["numbers"].astype(np.int64))
    # A column may hold atoms of two kinds; the crystal has them all.
    found = crystals.place(projection(answer["cif"]), columns) if answer["cif"] else columns
    case["legend"] = crystals.legend(found.numbers)
    if image is None:
        return
    reading = crystals.reading_of(image, arrays["model"], columns, found)
    bar = pictures.scale_bar(reading.window, "Å")
    case["panels"] = [
        (title, pictures.data_uri(pixels), bar) for title, pixels in crystals.draw_reading(reading)
    ]
    if structure.get("cif"):
        truth = projection(str(structure["cif"]))
        turned = truth.turned(float(exposure.get("rotation") or 0.0))
        there = crystals.align(turned, columns).moved(-reading.centre)
        drawn = pictures.data_uri(crystals.draw_balls(there, reading.window))
        case["panels"].append(("true crystal", drawn, bar))
        case["legend"] = crystals.legend(np.concatenate([found.numbers, truth.numbers]))


def projection(cif: str) -> crystals.Layer:
    """Project a crystal along z."""
    atoms = from_cif(cif)
    return crystals.Layer(
        np.asarray(atoms.cell[:2, :2], dtype=np.float64),
        np.asarray(atoms.positions[:, :2], dtype=np.float64),
        np.asarray(atoms.numbers, dtype=np.int64),
    )


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read named arrays of an `.npz` file.

    Raises
    ------
    ImageError
        The file is absent, no archive of arrays, or lacks one of them.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ImageError(
            f"{path.name} cannot be drawn: {error}", remedy="Run the step that writes it again"
        ) from error


def engine_rows(results: Results) -> list[dict[str, Any]]:
    """Return the phase-object engine beside multislice: figures, and pictures where they are."""
    if results.engines is None:
        return []
    rows = []
    for row in records(results.engines):
        row["panels"], row["note"] = [], row.get("failure") or ""
        name = f"{row['structure_id']}-{row['detector']}.npz"
        path = results.root / "stem" / "engines" / name
        if path.is_file():
            try:
                _add_engines(row, path)
            except MicrographiaError as error:
                row["note"] = str(error)
        rows.append(row)
    return rows


def _add_engines(row: dict[str, Any], path: Path) -> None:
    """Add both pictures on the same grey scale, and their difference over that scale."""
    arrays = read_arrays(path, ("phase_object", "multislice", "pixel_size"))
    size = float(arrays["pixel_size"])
    ours, theirs = (_standard(arrays[name]) for name in ("phase_object", "multislice"))
    low = min(float(ours.min()), float(theirs.min()))
    span = max(float(ours.max()), float(theirs.max())) - low or 1.0
    difference = (ours - theirs) / span
    row["panels"] = [
        ("phase object", _fixed((ours - low) / span, size)),
        ("multislice", _fixed((theirs - low) / span, size)),
        ("difference × 5", _fixed(0.5 + 2.5 * difference, size)),
    ]
    row["largest_difference"] = float(np.abs(difference).max())


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


def charts(results: Results) -> list[dict[str, str]]:
    """Return histograms of the lattice error and of the sites' error."""
    table = results.structure_scores
    if table is None:
        return []
    tracks = {str(track): part for track, part in table.groupby(table["track"].fillna("given"))}
    ordered = {track: tracks[track] for track in sorted(tracks, reverse=True)}  # given first
    return [
        _chart(
            {track: part[column].to_numpy(dtype=float) for track, part in ordered.items()}, label
        )
        for column, label in (
            ("rmsd_xy", "error of the lattice vectors, RMSD_xy [Å]"),
            ("rms_sites", "error of the sites, rms [Å]"),
        )
        if table[column].notna().any()
    ]


def _chart(series: dict[str, FloatArray], label: str) -> dict[str, str]:
    counts = {track: int(np.isfinite(values).sum()) for track, values in series.items()}
    told = [f"{counts[track]} of {len(values)} images" for track, values in series.items()]
    if len(series) > 1:
        told = [f"{text} ({track})" for text, track in zip(told, series, strict=True)]
    caption = f"{label[0].upper()}{label[1:]}: {', '.join(told)}"
    if any(counts[track] < len(values) for track, values in series.items()):
        caption += "; the other images have no such value and count as failed"
    image = histogram(dict(series), label, counted="images", logarithmic=True)
    return {"image": image, "caption": caption + "."}
