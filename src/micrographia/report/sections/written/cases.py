"""Examples: picture, what was written, and the ball models of the written and the true crystal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from micrographia.arrays import ColourImage
from micrographia.errors import MicrographiaError
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.report.collect import Results, locate, records
from micrographia.report.page import pictures
from micrographia.report.page.beside import Beside, safe_name
from micrographia.report.page.blocks import Bar, Block, Gallery, Link, Part, Picture, Words
from micrographia.report.page.scale_bars import place_bar
from micrographia.report.page.words import number
from micrographia.report.sections.solved import crystals
from micrographia.report.sections.solved.gallery import projection

Row = Mapping[str, Any]
#: Side of a picture on the page [px]; of a large cell this much is shown at least.
_SIDE, _CELLS = 360, 1.2
#: Width of the column of the written text [characters].
_WIDTH = 22
#: Errors below are all the same [Å, degree].
_LEAST = 1e-4
_TOLD = (
    "Cases from the best answer to the worst: answers that match the crystal (Hit@1) come before "
    "those that do not, then the smaller error of a and b comes first. They stand at equal steps "
    "of this rank, the median among them, and more of the misses are added. All pictures of a "
    "case show the same square, the vector a along its rows. The written crystal is shifted onto "
    "the true one, because a picture has no origin; it is not turned. Of the texts the left one "
    "was written, the right one is the true crystal as the picture shows it; lines that differ "
    "are marked ≠. Where two species share a column the smaller ball is in front."
)


def part(results: Results, beside: Beside) -> Part:
    """Return the examples, the best first; empty where none were drawn."""
    title = "From picture to text"
    if results.written_examples is None or results.written is None:
        return Part(title, ())
    scores = _by_image(results.written_scores)
    first = results.written[results.written["rank"].isna() | (results.written["rank"] == 1)]
    answers = _by_image(first)
    blocks: list[Block] = []
    for example in sorted(records(results.written_examples), key=lambda one: one["rank"]):
        image = str(example["image_id"])
        blocks += _case(example, answers.get(image, {}), scores.get(image, {}), beside)
    return Part(title, (Words(_TOLD), *blocks) if blocks else (), "written-cases")


def _by_image(table: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    return {} if table is None else {str(row["image_id"]): row for row in records(table)}


def _case(example: Row, answer: Row, score: Row, beside: Beside) -> list[Block]:
    name = str(score.get("formula") or example["structure_id"])
    try:
        if example["failure"] is not None:
            raise MicrographiaError(str(example["failure"]))
        panels, key = _panels(example, answer, name)
    except MicrographiaError as error:
        return [Words(f"{name}: {error}", "note")]
    caption = f"{name} ({example['structure_id']}). {_scores(answer, score)}"
    links: tuple[Link, ...] = ()
    if answer.get("cif"):
        file = safe_name(f"{name}-{example['image_id']}")
        links = beside.add(f"crystals/{file}.cif", str(answer["cif"]), "crystal written, CIF")
    text = beside_one_another(answer.get("text"), str(example["text"]))
    heading = f"{name}: {_standing(example)}"
    return [Gallery(tuple(panels), caption, tuple(key), "medium", heading, links, text)]


def _standing(example: Row) -> str:
    rank, of = int(example["rank"]), int(example["pictures"])
    named = {1: "best", (of + 1) // 2: "median", of: "worst"}
    told = f"rank {rank:,} of {of:,}"
    return f"{named[rank]}, {told}" if rank in named and of > 1 else told


def _scores(answer: Row, score: Row) -> str:
    """What is wrong, in words and figures."""
    if answer.get("cif") is None:
        return f"No answer: {answer.get('failure') or 'there is none'}"
    if not score:
        return ""
    told = [
        "Hit@1: right" if score["hit_1"] else f"Hit@1: wrong ({score['kind']})",
        f"Match_abs: {'right' if score['match_abs_1'] else 'wrong'}",
        f"composition {'right' if score['composition_correct'] else 'wrong'} (C.C.)",
        f"error of a and b {_error(score['rmsd_xy'])} Å, of γ {_error(score['gamma_error'])}°",
    ]
    if score["rms_sites"] is not None:
        told.append(f"of the sites {_error(score['rms_sites'])} Å (rms)")
    groups = (score["space_group"], score["space_group_true"])
    if None not in groups:
        found, true = (int(group) for group in groups)
        told.append(f"space group {found}" + ("" if found == true else f" instead of {true}"))
    if not score["hit_1"] and score["hit_5"]:
        told.append("one of the first five matches (Hit@5)")
    return "; ".join(told) + "."


def _error(value: float) -> str:
    """Write an error; what the digits of a text cannot hold is none."""
    return number(value) if value >= _LEAST else "0"


def beside_one_another(written: str | None, true: str) -> str:
    """Return two texts in two columns, lines that differ marked.

    Examples
    --------
    >>> print(beside_one_another("2.46 2.46 120.0\\nC2", "2.46 2.47 120.0\\nC2"))
    written                  true
    2.46 2.46 120.0        ≠ 2.46 2.47 120.0
    C2                       C2
    """
    lines = [f"{'written':{_WIDTH}}   true"]
    if written is None:
        return "\n".join([*lines, *(f"{'':{_WIDTH}}   {line}" for line in true.splitlines())])
    for one, other in zip_longest(written.splitlines(), true.splitlines(), fillvalue=""):
        lines.append(f"{one:{_WIDTH}} {' ' if one == other else '≠'} {other}".rstrip())
    return "\n".join(lines)


def _panels(example: Row, answer: Row, name: str) -> tuple[list[Picture], list[tuple[str, str]]]:
    path = locate(example["path"], str(example["folder"]))
    if path is None:
        raise MicrographiaError("The picture listed in the tables does not exist")
    image = read_stem_image(path, example["pixel_size"])
    field = min(image.pixels.shape) * image.pixel_size
    cell = np.reshape(example["cell"], (2, 2))
    longest = float(np.linalg.norm(cell, axis=1).max())
    window = min(field, max(crystals.WINDOW, _CELLS * longest))
    xy = np.column_stack([example["x"], example["y"]])
    truth = crystals.Layer(cell, xy, np.array(example["numbers"], dtype=np.int64))
    truth = truth.moved(-image.pixel_size * np.array(image.pixels.shape[::-1]) / 2)
    panels = [_measured(image, window, name)]
    shown = [truth]
    if answer.get("cif"):
        turned = projection(str(answer["cif"])).turned(float(example["rotation"]))
        written = crystals.align(turned, truth)
        panels.append(_panel("written", name, crystals.draw_balls(written, window)))
        shown.append(written)
    panels.append(_panel("true crystal", name, crystals.draw_balls(truth, window)))
    numbers = np.concatenate([layer.numbers for layer in shown])
    return panels, [(colour, symbol) for symbol, colour in crystals.legend(numbers)]


def _measured(image: StemImage, window: float, name: str) -> Picture:
    """The middle of the picture."""
    wide = max(1, round(window / image.pixel_size))
    top, left = ((length - wide) // 2 for length in image.pixels.shape)
    pixels = image.pixels[top : top + wide, left : left + wide]
    grey = pictures.to_grey(pixels)
    if len(grey) < _SIDE:
        # Whole pixels: nothing is smoothed that was measured.
        place = np.arange(_SIDE) * len(grey) // _SIDE
        grey = grey[np.ix_(place, place)]
    bar = place_bar(grey, window / grey.shape[1], "Å", bare=True)
    return _panel("picture", name, np.repeat(grey[..., None], 3, axis=2), bar)


def _panel(label: str, name: str, pixels: ColourImage, bar: Bar | None = None) -> Picture:
    height, width = pixels.shape[:2]
    uri = pictures.data_uri(pixels, 75)
    return Picture(uri, width, height, label, f"{label} of {name}", bar=bar)
