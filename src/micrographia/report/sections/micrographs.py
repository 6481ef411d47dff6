"""The user's micrographs with what was found in them: the gallery that the page opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from micrographia.arrays import BoolArray, LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_labels, read_micrograph
from micrographia.report.collect import Results, locate, records
from micrographia.report.page import pictures
from micrographia.report.page.beside import Beside, safe_name
from micrographia.report.page.blocks import Block, Gallery, Link, Outline, Picture, Words
from micrographia.report.page.outlines import outline_path
from micrographia.report.page.scale_bars import place_bar
from micrographia.report.page.words import count, length, number
from micrographia.report.sections.names import by_id, file_name, why_no_size
from micrographia.report.sections.ranking import choose

_SIDE = 520  # longest side of a picture on the page [px]
Row = Mapping[str, Any]


class _Chosen(NamedTuple):
    image_id: str
    score: float | None
    rank: str


def opening(results: Results, most: int, beside: Beside) -> tuple[Block, ...]:
    """Return the gallery of segmented micrographs, and what could not be shown.

    Parameters
    ----------
    results
        Tables of the run.
    most
        Pictures at most: with a truth, at equal steps from the best to the worst score; else in
        even steps through the list of files.
    beside
        Takes the masks of the pictures that are shown.
    """
    predictions = results.predictions
    if predictions is None:
        return _unsegmented(results, most)
    known = by_id(results)
    made = {str(row["image_id"]): row for row in records(predictions) if row["failure"] is None}
    scores = _scores(results)
    chosen = [
        _Chosen(*one) for one in choose(scores[scores.index.isin(list(made))], most)
    ] or _spread(made, known, most)
    shown: list[Picture] = []
    notes: list[Block] = []
    judged = False
    for one in chosen:
        try:
            picture = _segmented(known.get(one.image_id, {}), made[one.image_id], one, results)
        except MicrographiaError as error:
            notes.append(Words(str(error), "note"))
            continue
        judged |= any(outline.kind != "found" for outline in picture.outlines)
        links = _mask_link(made[one.image_id], picture.name, beside)
        shown.append(_with_links(picture, links))
    caption = _caption(shown, made, chosen, judged)
    return (Gallery(tuple(shown), caption, _key(judged)), *notes)


def _key(judged: bool) -> tuple[tuple[str, str], ...]:
    """Colours of the outlines; without a truth there is one, and nothing to tell apart."""
    if not judged:
        return (("found", "outline of an instance"),)
    return (
        ("matched", "found, and in the truth (IoU above 0.5)"),
        ("unmatched", "found, not in the truth"),
        ("missed", "in the truth, not found"),
    )


def _caption(
    shown: list[Picture], made: Mapping[str, Row], chosen: list[_Chosen], judged: bool
) -> str:
    told = sum(int(made[one.image_id]["n_instances"]) for one in chosen)
    part = f"{len(shown)} of the" if len(shown) < len(made) else "The"
    how = ""
    if judged and len(shown) > 2 and any(one.score is not None for one in chosen):
        how = ", at equal steps from the best to the worst AP50"
    elif len(shown) < len(made):
        how = ", in even steps through the list of files"
    noun = "micrograph" if len(made) == 1 else f"{len(made):,} segmented micrographs"
    text = f"{part} {noun}{how}, with the instances found (n = {told:,} in those shown)."
    if any(picture.bar for picture in shown):
        text += " Scale bars are drawn by this page."
    return text + " Select a picture to enlarge it."


def _scores(results: Results) -> pd.Series:
    table = results.segmentation_scores
    if table is None:
        return pd.Series(dtype=float)
    return table.drop_duplicates("image_id").set_index("image_id")["ap50"]


def _spread(made: Mapping[str, Row], known: Mapping[str, Row], most: int) -> list[_Chosen]:
    names = sorted(made, key=lambda one: (str(known.get(one, made[one])["path"]), one))
    steps = np.linspace(0, len(names) - 1, min(most, len(names))).round().astype(int)
    return [_Chosen(names[step], None, "") for step in steps.tolist()]


def _folders(root: Path) -> tuple[Path, ...]:
    return (root.parent, root, root / "curation")


def _segmented(known: Row, made: Row, chosen: _Chosen, results: Results) -> Picture:
    """Draw one micrograph with its outlines; of a cropped one all is shown."""
    name = known.get("path") or made["path"]
    grey = _read(name, results.root)
    mask = locate(made["mask"], made["folder"])
    if mask is None:
        raise MicrographiaError(f"The mask of {file_name(name)} no longer exists")
    found = _placed(read_labels(mask), grey.shape, known)
    if found.shape != grey.shape:
        raise MicrographiaError(f"{file_name(name)} and its mask have different sizes")
    truth_path = locate(known.get("mask_path"), *_folders(results.root))
    truth = read_labels(truth_path) if truth_path else None
    if truth is not None and truth.shape != grey.shape:
        truth = None
    outlines, said = _outlines(found, truth)
    score = "" if chosen.score is None or truth is None else f"AP50 {chosen.score:.2f}"
    lines = (", ".join(part for part in (said, score) if part), *_size_lines(known, made, results))
    picture = _drawn(grey, known, file_name(name), lines, found > 0)
    return replace(picture, outlines=outlines, tag=chosen.rank if score else "")


def _read(name: object, root: Path) -> Any:
    path = locate(name, *_folders(root))
    if path is None:
        raise MicrographiaError(f"{file_name(name)}, listed in the tables, no longer exists")
    return pictures.to_grey(read_micrograph(path).pixels)


def _drawn(
    grey: Any,
    known: Row,
    name: str,
    lines: tuple[str, ...],
    busy: BoolArray | None = None,
) -> Picture:
    small = pictures.shrink(grey, _SIDE)
    scale = small.shape[1] / grey.shape[1]
    bar = None
    if known.get("pixel_size_nm"):
        texts = known.get("text_boxes")
        boxes = [*([] if texts is None else texts), known.get("bar_box")]
        taken = [_scaled(box, scale) for box in boxes if box is not None]
        shown = None if busy is None else pictures.shrink_labels(busy.astype(np.int32), _SIDE) > 0
        bar = place_bar(small, float(known["pixel_size_nm"]) / scale, "nm", taken, shown)
    return Picture(
        pictures.data_uri(small),
        small.shape[1],
        small.shape[0],
        name,
        f"{name}: {lines[0]}" if lines else name,
        lines,
        bar=bar,
    )


def _scaled(box: Any, scale: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (scale * float(edge) for edge in box)
    return x0, y0, x1, y1


def _placed(labels: LabelMask, shape: tuple[int, ...], known: Row) -> LabelMask:
    """Lay the mask of a cropped picture on all of it."""
    box = known.get("crop_box")
    if labels.shape == shape or box is None:
        return labels
    x0, y0, x1, y1 = (int(edge) for edge in box)
    whole = np.zeros(shape, dtype=labels.dtype)
    if labels.shape == whole[y0:y1, x0:x1].shape:
        whole[y0:y1, x0:x1] = labels
        return whole
    return labels


def _outlines(found: LabelMask, truth: LabelMask | None) -> tuple[tuple[Outline, ...], str]:
    """Outlines by kind, and their numbers in words."""
    small = pictures.shrink_labels(found, _SIDE)
    total = int(np.count_nonzero(np.unique(found)))
    if truth is None:
        return (Outline("found", outline_path(small)),), f"{count(total, 'instance')} found"
    matched_truth, matched = pictures.partners(truth, found)
    true = {int(label) for label in np.unique(truth)} - {0}
    others = {int(label) for label in np.unique(found)} - {0} - matched
    small_truth = pictures.shrink_labels(truth, _SIDE)
    outlines = (
        Outline("missed", outline_path(small_truth, true - matched_truth)),
        Outline("matched", outline_path(small, matched)),
        Outline("unmatched", outline_path(small, others)),
    )
    said = f"{count(total, 'instance')} found, {len(matched)} of {len(true)} true ones matched"
    return outlines, said


def _size_lines(known: Row, made: Row, results: Results) -> tuple[str, ...]:
    """The median size of a picture, and why it is not in nm."""
    table = results.instances
    if table is None:
        return ()
    mine = table[table["image_id"] == made["image_id"]]
    whole = mine[~mine["cut"].fillna(False).astype(bool)]
    if whole.empty:
        return ()
    if known.get("pixel_size_nm"):
        told = length(float(whole["equivalent_diameter_nm"].median()))
        return (f"median {told}, n = {len(whole)}",)
    told = f"median {number(float(whole['equivalent_diameter_px'].median()))} px, n = {len(whole)}"
    return (told, f"no nm: {why_no_size(known)}") if known else (told,)


def _mask_link(made: Row, name: str, beside: Beside) -> tuple[Link, ...]:
    mask = locate(made["mask"], made["folder"])
    if mask is None:
        return ()
    return beside.add(f"masks/{safe_name(Path(name).stem)}{mask.suffix}", mask, "mask")


def _with_links(picture: Picture, links: tuple[Link, ...]) -> Picture:
    return replace(picture, links=links)


def _unsegmented(results: Results, most: int) -> tuple[Block, ...]:
    """Show kept micrographs as they are, where nothing was segmented."""
    known = by_id(results)
    shown: list[Picture] = []
    notes: list[Block] = []
    for one in _spread(known, known, most) if known else ():
        row = known[one.image_id]
        try:
            grey = _read(row["path"], results.root)
        except MicrographiaError as error:
            notes.append(Words(str(error), "note"))
            continue
        missing = why_no_size(row)
        lines = (f"no pixel size: {missing}",) if missing else ()
        shown.append(_drawn(grey, row, file_name(row["path"]), lines))
    caption = f"{len(shown)} of {count(len(known), 'kept micrograph')}."
    return (Gallery(tuple(shown), caption), *notes)
