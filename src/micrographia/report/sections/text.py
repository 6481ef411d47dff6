"""Part on text regions: numbers, treatment of the pictures, training of the detector."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing.charts import FIRST, SECOND
from micrographia.report.page import pictures
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import (
    Block,
    Chart,
    Fold,
    Gallery,
    Outline,
    Part,
    Picture,
    Words,
)
from micrographia.report.page.svg import STYLE, to_svg
from micrographia.report.page.words import count, verb
from micrographia.report.sections.names import file_name

_SIDE = 300  # longest side of a picture on the page [px]


def part(results: Results, most: int, config: Mapping[str, Any] | None, beside: Beside) -> Block:
    """Return what the page tells of text regions; an empty part where nobody looked for them.

    Parameters
    ----------
    results
        Of the run.
    most
        Pictures that are shown at most: those with most regions first.
    config
        The run's configuration, which names the detector; None when unknown.
    beside
        Takes the training curve as a file.
    """
    title = "Text in the pictures"
    table = results.micrographs
    if table is None:
        return Part(title, ())
    looked = [row for row in records(table) if row["text_policy"] is not None]
    if not looked:
        return Part(title, ())
    with_text = [row for row in looked if len(row["text_boxes"])]
    order = sorted(with_text, key=lambda row: (-len(row["text_boxes"]), row["image_id"]))
    drawn = (_drawn(row, results.root) for row in order)
    shown = [case for case, _ in zip(filter(None, drawn), range(most), strict=False)]
    regions = sum(len(row["text_boxes"]) for row in with_text)
    told = f"{count(len(looked), 'picture')} {verb(len(looked), 'was', 'were')} searched for text"
    if not with_text:
        told += "; none was found."
    else:
        what = verb(len(with_text), "of them has", "of them have")
        told += f": {len(with_text)} {what} {count(regions, 'text region')}. {_treated(with_text)}"
    key = [("unmatched", "text region")]
    if any(row["crop_box"] is not None for row in with_text):
        key.append(("matched", "part used by later steps"))
    gallery = Gallery(
        tuple(shown),
        f"Text regions in {len(shown)} of {count(len(with_text), 'picture')} with text.",
        tuple(key),
        "medium",
    )
    return Part(
        title,
        (
            Words(told),
            Fold("Show the regions", (gallery,)),
            Fold("Training curve of the text detector", _training(config, beside)),
        ),
        "text",
    )


def _treated(rows: list[dict[str, Any]]) -> str:
    """Say what later steps see of the pictures with text."""
    words = {
        "inpaint": "with the text painted over",
        "mask": "with the text filled with the ground",
        "crop": "cut to a part without text",
        "none": "as they are",
    }
    policies = Counter(row["text_policy"] for row in rows)
    told = ", ".join(
        f"{count(number, 'picture')} {words.get(name, name)}"
        for name, number in policies.most_common()
    )
    return f"Later steps see {told}."


def _drawn(row: Mapping[str, Any], root: Path) -> Picture | None:
    """Draw the regions and the crop on a picture; None where it is no longer there."""
    path = locate(row["path"], root.parent, root, root / "curation")
    if path is None:
        return None
    try:
        grey = pictures.to_grey(read_micrograph(path).pixels)
    except MicrographiaError:
        return None
    small = pictures.shrink(grey, _SIDE)
    scale = small.shape[1] / grey.shape[1]
    crop = [] if row["crop_box"] is None else [row["crop_box"]]
    outlines = (
        Outline("unmatched", _rectangles(row["text_boxes"], scale)),
        Outline("matched", _rectangles(crop, scale)),
    )
    name = file_name(row["path"])
    told = count(len(row["text_boxes"]), "text region")
    height, width = small.shape
    uri = pictures.data_uri(small)
    return Picture(uri, width, height, name, f"{name}: {told}", (told,), outlines)


def _rectangles(boxes: Iterable[Sequence[float]], scale: float) -> str:
    parts = []
    for box in boxes:
        x0, y0, x1, y1 = (f"{2 * edge * scale:.0f}" for edge in box)
        parts.append(f"M{x0} {y0}H{x1}V{y1}H{x0}Z")
    return "".join(parts)


def _training(config: Mapping[str, Any] | None, beside: Beside) -> tuple[Chart, ...]:
    """Draw how a detector of one's own learnt; what the shipped one did is no part of a run."""
    weights = ((config or {}).get("curation", {}).get("text") or {}).get("weights")
    described = Path(weights).with_suffix(".json") if weights else None
    if described is None or not described.is_file():
        return ()
    try:
        curves = json.loads(described.read_text(encoding="utf-8"))["curves"]
        losses = [(stage, epoch["class_loss"]) for stage in curves for epoch in curves[stage]]
        found = [epoch.get("map50") for stage in curves for epoch in curves[stage]]
    except (ValueError, KeyError, TypeError):
        return ()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        axes = figure.subplots()
        epochs = np.arange(1, len(losses) + 1)
        axes.plot(epochs, [loss for _, loss in losses], "o-", color=FIRST)
        axes.set(xlabel="epoch (close-ups first)", ylabel="class loss (circles)", xticks=epochs)
        beside_it = axes.twinx()
        scores = [np.nan if v is None else v for v in found]
        beside_it.plot(epochs, scores, "s-", color=SECOND)
        beside_it.set(ylabel="AP50 (squares)", ylim=(0, 1))
        beside_it.spines["right"].set_visible(True)
        svg = to_svg(figure)
    caption = (
        f"Training of the text detector over {count(len(losses), 'epoch')}: class loss on "
        "rendered pictures (circles, left axis), and average precision at IoU 0.5 on held-out "
        "rendered pictures (squares, right axis)."
    )
    name = "text-detector-training.svg"
    links = beside.add(f"figures/{name}", svg, name)
    return (Chart(svg, "Training curve of the text detector", caption, links),)
