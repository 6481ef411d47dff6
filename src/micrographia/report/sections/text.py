"""Section on text regions: numbers, treatment of the pictures, training of the detector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.io.resources import find_resource
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing import pictures
from micrographia.report.drawing.charts import FIRST, SECOND, STYLE, to_uri

_SIDE = 300  # longest side of a picture on the page [px]
#: A text region, and the part of the picture that is worked on.
_REGION, _CROP = (230, 84, 20), (0, 158, 115)


def section(
    results: Results, count: int, config: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return what the page tells of text regions; None where they were not looked for.

    Parameters
    ----------
    results
        Of the run.
    count
        Most pictures that are shown: those with most regions first.
    config
        The run's configuration, which names the detector; None when unknown.
    """
    table = results.micrographs
    if table is None:
        return None
    looked = [row for row in records(table) if row["text_policy"] is not None]
    if not looked:
        return None
    with_text = [row for row in looked if len(row["text_boxes"])]
    order = sorted(with_text, key=lambda row: (-len(row["text_boxes"]), row["image_id"]))
    drawn = (_drawn(row, results.root) for row in order)
    shown = [case for case, _ in zip(filter(None, drawn), range(count), strict=False)]
    policies = [row["text_policy"] for row in with_text]
    return {
        "images": len(looked),
        "with_text": len(with_text),
        "regions": sum(len(row["text_boxes"]) for row in with_text),
        "policies": {name: policies.count(name) for name in sorted(set(policies))},
        "pictures": shown,
        "training": _training(config),
    }


def _drawn(row: Mapping[str, Any], root: Path) -> dict[str, str] | None:
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
    image = Image.fromarray(small).convert("RGB")
    canvas = ImageDraw.Draw(image)
    boxes = [(box, _REGION) for box in row["text_boxes"]]
    if row["crop_box"] is not None:
        boxes.append((row["crop_box"], _CROP))
    for (x0, y0, x1, y1), colour in boxes:
        edges = (x0 * scale, y0 * scale, x1 * scale - 1, y1 * scale - 1)
        if edges[2] >= edges[0] and edges[3] >= edges[1]:
            canvas.rectangle(edges, outline=colour, width=2)
    return {"name": Path(str(path)).name, "image": pictures.data_uri(np.asarray(image))}


def _training(config: Mapping[str, Any] | None) -> str | None:
    """Draw how the detector learnt, where its description says so."""
    weights = ((config or {}).get("curation", {}).get("text") or {}).get("weights")
    described = find_resource(weights).with_suffix(".json") if weights else None
    if described is None or not described.is_file():
        return None
    try:
        curves = json.loads(described.read_text(encoding="utf-8"))["curves"]
        losses = [(stage, epoch["class_loss"]) for stage in curves for epoch in curves[stage]]
        found = [epoch.get("map50") for stage in curves for epoch in curves[stage]]
    except (ValueError, KeyError, TypeError):
        return None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 2.2))
        axes = figure.subplots()
        epochs = np.arange(1, len(losses) + 1)
        axes.plot(epochs, [loss for _, loss in losses], "o-", color=FIRST, label="class loss")
        axes.set(xlabel="epoch (close-ups first)", ylabel="class loss", xticks=epochs)
        beside = axes.twinx()
        beside.plot(epochs, [np.nan if v is None else v for v in found], "s-", color=SECOND)
        beside.set(ylabel="mAP at IoU 0.5", ylim=(0, 1))
        beside.spines["right"].set_visible(True)
        figure.tight_layout()
        return to_uri(figure)
