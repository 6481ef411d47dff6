"""STEM pictures and the crystals found in them, beside the true ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micrographia.arrays import ColourImage, FloatArray
from micrographia.drawing.panels import Reading
from micrographia.errors import MicrographiaError
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.io.structures import from_cif
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing.charts import histogram
from micrographia.report.page import pictures
from micrographia.report.page.beside import Beside, safe_name
from micrographia.report.page.blocks import Bar, Block, Chart, Gallery, Link, Part, Picture, Words
from micrographia.report.page.scale_bars import place_bar
from micrographia.report.page.words import count, number, verb
from micrographia.report.sections.ranking import choose
from micrographia.report.sections.solved import crystals
from micrographia.report.sections.solved.arrays import read_arrays

_SIDE = 360  # longest side of a picture on the page [px]
Row = Mapping[str, Any]
#: Errors below are all the same [Å].
_LEAST = 1e-5


def told(results: Results) -> tuple[Block, ...]:
    """Say in words what was simulated and solved."""
    parts = []
    if results.structures is not None:
        used = int((results.structures["status"] == "kept").sum())
        parts.append(f"{count(used, 'crystal')} {verb(used, 'was', 'were')} used.")
    if results.exposures is not None:
        made = len(results.exposures)
        parts.append(f"{count(made, 'noisy picture')} {verb(made, 'was', 'were')} simulated.")
    answers = results.reconstructions
    if answers is not None and len(answers):
        solved = int(answers["failure"].isna().sum())
        parts.append(f"A crystal was found in {solved} of {count(len(answers), 'picture')}.")
    same = (
        "These pictures were simulated with the phase-object engine, the same image model that "
        "the solver fits: the scores measure the effect of noise and of the search, not how well "
        "the model describes a microscope."
    )
    if results.engines is not None and len(results.engines):
        same += " Further below the model is compared with multislice."
    alone = (
        answers is not None
        and results.exposures is not None
        and set(results.exposures["engine"].dropna()) == {"phase-object"}
    )
    return (Words(" ".join(parts)), Words(same if alone else ""))


def gallery(results: Results, most: int, beside: Beside) -> Part:
    """Return pictures of solved images, spread over the ranks of their agreement in sites."""
    title = "From picture to crystal"
    table = results.reconstructions
    if table is None:
        return Part(title, ())
    solved = {_key(row): row for row in records(table) if row["failure"] is None}
    scores = {_key(row): row for row in _rows(results.structure_scores)}
    # Lower is better; an answer whose lattice or composition is wrong has no rms at all.
    errors = {
        key: math.inf if scores[key]["rms_sites"] is None else scores[key]["rms_sites"]
        for key in solved
        if key in scores
    }
    chosen = choose(-pd.Series(errors, dtype=float), most)
    chosen = chosen or [(key, math.nan, "") for key in list(solved)[:most]]
    if not chosen:
        return Part(title, ())
    text = (
        "All pictures of a case show the same square of the measured picture. The residual is "
        "measured less model: red is more, blue is less than the model, white is no difference. A "
        "true crystal is shifted onto the columns found, because a picture has no origin; it is "
        "not turned or mirrored. Where two species share a column the smaller ball is in front; "
        "dashed lines show the cell."
    )
    if errors and len(chosen) > 2:
        text = f"Cases at equal steps from the best to the worst agreement of the sites. {text}"
    cases: list[Block] = [Words(text)]
    for key, _, rank in chosen:
        cases += _case(results, solved[key], scores.get(key), rank if errors else "", beside)
    return Part(title, tuple(cases), "solved")


def _key(row: Row) -> str:
    """Name of an answer: one image may be read on two tracks."""
    return f"{row['image_id']} {_track(row)}"


def _track(row: Row) -> str:
    return str(row.get("track") or "given")


def _rows(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    return [] if table is None else records(table)


def _row(table: pd.DataFrame | None, column: str, value: object) -> dict[str, Any]:
    if table is None or value is None:
        return {}
    found = records(table[table[column] == value].head(1))
    return found[0] if found else {}


def _case(
    results: Results, answer: Row, score: Row | None, rank: str, beside: Beside
) -> list[Block]:
    """One picture with its answer as a figure, and what could not be drawn of it."""
    image_id = str(answer["image_id"])
    exposure = _row(results.exposures, "image_id", image_id)
    structure = _row(results.structures, "structure_id", exposure.get("structure_id"))
    name = str(structure.get("formula") or exposure.get("structure_id") or image_id)
    panels: list[Picture] = []
    key: list[tuple[str, str]] = []
    notes: list[Block] = []
    # Where an answer cannot be drawn, the picture alone is shown.
    for add in (_found, _truth, _measured):
        if add is _measured and panels:
            continue
        try:
            more, colours = add(name, answer, structure, exposure)
        except MicrographiaError as error:
            notes.append(Words(f"{name}: {error}", "note"))
            continue
        panels += more
        key += [one for one in colours if one not in key]
    heading = name if _track(answer) == "given" else f"{name}, {_track(answer)}"
    if rank:
        heading += f": {rank} case"
    caption = _caption(name, exposure, answer, score)
    links = _cif(answer, name, beside)
    return [Gallery(tuple(panels), caption, tuple(key), "medium", heading, links), *notes]


def _caption(name: str, exposure: Row, answer: Row, score: Row | None) -> str:
    text = name
    if exposure.get("dose"):
        text += f" at a dose of {exposure['dose']:,.0f} e/Å²"
    text += f" ({answer['image_id']}). "
    if score is not None and score["rmsd_xy"] is not None:
        sites = score["rms_sites"]
        right = "right" if score["composition_correct"] else "wrong"
        text += f"Error of the lattice vectors {_error(score['rmsd_xy'])} Å (RMSD_xy), "
        text += "" if sites is None else f"of the sites {_error(sites)} Å (rms), "
        text += f"composition {right}. "
    if answer.get("confidence") is not None:
        text += f"Stated confidence {number(answer['confidence'], 2)}. "
    if answer.get("seconds") is not None:
        text += f"Solved in {number(answer['seconds'], 2)} s."
    return text.strip()


def _error(value: float) -> str:
    """Write an error; what no microscope could see is not written out."""
    return number(value) if value >= _LEAST else "below 0.00001"


def _measured(
    name: str, answer: Row, structure: Row, exposure: Row
) -> tuple[list[Picture], list[tuple[str, str]]]:
    """The noisy picture as it was measured, all of it."""
    image = _image(exposure)
    grey = pictures.shrink(pictures.to_grey(image.pixels), _SIDE)
    size = image.pixel_size * image.pixels.shape[1] / grey.shape[1]
    bar = place_bar(grey, size, "Å", bare=True)
    height, width = grey.shape
    uri = pictures.data_uri(grey, 60)
    return [Picture(uri, width, height, "measured", f"measured of {name}", bar=bar)], []


def _found(
    name: str, answer: Row, structure: Row, exposure: Row
) -> tuple[list[Picture], list[tuple[str, str]]]:
    """Measured picture, model, residual and crystal, all over the same square."""
    reading = _reading(answer, exposure)
    panels: list[Picture] = []
    for label, pixels in crystals.draw_reading(reading):
        bar = None
        if not panels:
            grey = pictures.to_grey(pixels.mean(axis=2))
            bar = place_bar(grey, reading.window / pixels.shape[1], "Å", bare=True)
        panels.append(_panel(label, name, pixels, bar))
    return panels, _key_of(reading.crystal)


def _truth(
    name: str, answer: Row, structure: Row, exposure: Row
) -> tuple[list[Picture], list[tuple[str, str]]]:
    """The true crystal where it is known, laid on the columns found."""
    if not structure.get("cif"):
        return [], []
    reading = _reading(answer, exposure)
    truth = projection(str(structure["cif"])).turned(float(exposure.get("rotation") or 0.0))
    there = crystals.align(truth, reading.columns).moved(-reading.centre)
    drawn = crystals.draw_balls(there, reading.window)
    return [_panel("true crystal", name, drawn)], _key_of(truth)


def _image(exposure: Row) -> StemImage:
    path = locate(exposure.get("path"), str(exposure.get("folder", "")))
    if path is None:
        raise MicrographiaError("The image listed in the tables does not exist")
    return read_stem_image(path, exposure.get("pixel_size"))


def _reading(answer: Row, exposure: Row) -> Reading:
    """Put what the solver found back into its picture."""
    image = _image(exposure)
    path = Path(str(answer["folder"])) / "cells" / f"{answer['image_id']}.npz"
    arrays = read_arrays(path, ("model", "cell", "xy", "numbers"))
    columns = crystals.Layer(arrays["cell"], arrays["xy"], arrays["numbers"].astype(np.int64))
    # A column may hold atoms of two kinds; the crystal has them all.
    found = crystals.place(projection(answer["cif"]), columns) if answer["cif"] else columns
    return crystals.reading_of(image, arrays["model"], columns, found)


def _key_of(layer: crystals.Layer) -> list[tuple[str, str]]:
    return [(colour, symbol) for symbol, colour in crystals.legend(layer.numbers)]


def _panel(label: str, name: str, pixels: ColourImage, bar: Bar | None = None) -> Picture:
    height, width = pixels.shape[:2]
    uri = pictures.data_uri(pixels, 75)
    return Picture(uri, width, height, label, f"{label} of {name}", bar=bar)


def projection(cif: str) -> crystals.Layer:
    """Project a crystal along z."""
    atoms = from_cif(cif)
    return crystals.Layer(
        np.asarray(atoms.cell[:2, :2], dtype=np.float64),
        np.asarray(atoms.positions[:, :2], dtype=np.float64),
        np.asarray(atoms.numbers, dtype=np.int64),
    )


def _cif(answer: Row, name: str, beside: Beside) -> tuple[Link, ...]:
    if not answer["cif"]:
        return ()
    file = f"crystals/{safe_name(f'{name}-{_key(answer)}')}.cif"
    return beside.add(file, str(answer["cif"]), "crystal found, CIF")


def all_cifs(results: Results, beside: Beside) -> tuple[Link, ...]:
    """Pack the crystals found in all pictures into one archive."""
    found = {
        f"{safe_name(_key(answer))}.cif": str(answer["cif"])
        for answer in _rows(results.reconstructions)
        if answer["cif"]
    }
    return beside.pack("crystals/crystals.zip", found, "all crystals found, CIF", "file")


def charts(results: Results, beside: Beside) -> Part:
    """Return histograms of the lattice error and of the sites' error."""
    table = results.structure_scores
    if table is None:
        return Part("Errors", ())
    tracks = {str(track): part for track, part in table.groupby(table["track"].fillna("given"))}
    ordered = {track: tracks[track] for track in sorted(tracks, reverse=True)}  # given first
    found = tuple(
        _chart(
            {track: part[column].to_numpy(dtype=float) for track, part in ordered.items()},
            label,
            column.replace("_", "-"),
            beside,
        )
        for column, label in (
            ("rmsd_xy", "error of the lattice vectors, RMSD_xy [Å]"),
            ("rms_sites", "error of the sites, rms [Å]"),
        )
        if table[column].notna().any()
    )
    return Part("Errors", found)


def _chart(series: dict[str, FloatArray], label: str, name: str, beside: Beside) -> Chart:
    counts = {track: int(np.isfinite(values).sum()) for track, values in series.items()}
    said = [
        f"n = {counts[track]} of {count(len(values), 'picture')}"
        for track, values in series.items()
    ]
    if len(series) > 1:
        said = [f"{text} ({track})" for text, track in zip(said, series, strict=True)]
    caption = f"{label[0].upper()}{label[1:]}: {', '.join(said)}"
    if any(counts[track] < len(values) for track, values in series.items()):
        caption += "; the other pictures have no such value and count as failed"
    least = [float(np.nanmin(values)) for values in series.values() if np.isfinite(values).any()]
    if least and min(least) < _LEAST:
        caption += "; errors below 0.00001 Å are drawn there"
    drawn = {track: np.maximum(values, _LEAST) for track, values in series.items()}
    svg = histogram(dict(drawn), label, counted="pictures", logarithmic=True)
    links = beside.add(f"figures/{name}.svg", svg, f"{name}.svg")
    return Chart(svg, f"Histogram: {label}", caption + ".", links)
