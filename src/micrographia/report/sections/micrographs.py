"""Section on micrographs: curation, segmented instances, and their scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micrographia.arrays import GreyImage, LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_labels, read_micrograph
from micrographia.report.collect import Results, locate, records
from micrographia.report.drawing import pictures
from micrographia.report.drawing.charts import histogram
from micrographia.report.sections.ranking import choose

_SIDE = 360  # longest side of a picture on the page [px]


def curation_counts(micrographs: pd.DataFrame) -> dict[str, Any]:
    """Count images kept and rejected, with the reasons, most frequent first."""
    rejected = micrographs[micrographs["status"] != "kept"]
    reasons = rejected["reason"].fillna("no reason given").map(_kind_of_reason)
    return {
        "total": len(micrographs),
        "kept": len(micrographs) - len(rejected),
        "rejected": len(rejected),
        "reasons": list(reasons.value_counts().items()),
        "with_pixel_size": int(micrographs["pixel_size_nm"].notna().sum()),
        "from_bars": int((micrographs["pixel_size_source"] == "bar").sum()),
    }


def _kind_of_reason(reason: str) -> str:
    """Drop the figures of one case, so that reasons of a kind are counted together."""
    return re.split(r":|;| \(| of ", reason, maxsplit=1)[0].strip()


def gallery(results: Results, count: int) -> list[dict[str, Any]]:
    """Return pictures of segmented micrographs: the scored ones spread over their ranks."""
    micrographs, predictions = results.micrographs, results.predictions
    if micrographs is None or predictions is None:
        return []
    known = {row["image_id"]: row for row in records(micrographs)}
    made = {row["image_id"]: row for row in records(predictions) if row["failure"] is None}
    scores = _scores(results)
    chosen: list[tuple[str, float | None, str]] = []
    chosen += choose(scores[scores.index.isin(list(made))], count)
    chosen = chosen or [(image_id, None, "") for image_id in list(made)[:count]]
    return [
        _case(known.get(image_id, {}), made[image_id], results.root)
        | {"score": score, "rank": rank}
        for image_id, score, rank in chosen
    ]


def _scores(results: Results) -> pd.Series:
    table = results.segmentation_scores
    if table is None:
        return pd.Series(dtype=float)
    return table.drop_duplicates("image_id").set_index("image_id")["ap50"]


def _case(known: Mapping[str, Any], prediction: Mapping[str, Any], root: Path) -> dict[str, Any]:
    name = known.get("path") or prediction["path"]
    folders = (root.parent, root, root / "curation")
    case: dict[str, Any] = {
        "name": Path(str(name)).name,
        "n_predicted": int(prediction["n_instances"]),
        "n_true": None,
        "scale": None,
        "panels": [],
        "note": "",
    }
    try:
        picture = locate(name, *folders)
        mask = locate(prediction["mask"], prediction["folder"])
        if picture is None or mask is None:
            case["note"] = (
                "Its picture or its mask, listed in the tables, does not exist any more."
            )
            return case
        grey = pictures.to_grey(read_micrograph(picture).pixels)
        predicted = read_labels(mask)
        truth_path = locate(known.get("mask_path"), *folders)
        truth = read_labels(truth_path) if truth_path else None
    except MicrographiaError as error:
        case["note"] = str(error)
        return case
    _fill(case, grey, predicted, truth, known)
    return case


def _fill(
    case: dict[str, Any],
    grey: GreyImage,
    predicted: LabelMask,
    truth: LabelMask | None,
    known: Mapping[str, Any],
) -> None:
    """Add the panels: the micrograph, the truth where it is known, the prediction."""
    grey, truth = (_cropped(part, predicted.shape, known) for part in (grey, truth))
    if grey is None or grey.shape != predicted.shape:
        case["note"] = "Its mask and its picture have different sizes."
        return
    size = known.get("pixel_size_nm")
    if size:
        case["scale"] = pictures.scale_bar(predicted.shape[1] * size, "nm")
    small = pictures.shrink(grey, _SIDE)
    found_true: set[int] = set()
    found_predicted: set[int] | None = None
    if truth is not None and truth.shape == predicted.shape:
        found_true, found_predicted = pictures.partners(truth, predicted)
        case["n_true"] = int(np.count_nonzero(np.unique(truth)))
        case["n_paired"] = len(found_true)
    case["panels"].append(("micrograph", pictures.data_uri(small)))
    if truth is not None and case["n_true"] is not None:
        marked = pictures.overlay(small, pictures.shrink_labels(truth, _SIDE), found_true)
        case["panels"].append(("truth", pictures.data_uri(marked)))
    marked = pictures.overlay(small, pictures.shrink_labels(predicted, _SIDE), found_predicted)
    case["panels"].append(("prediction", pictures.data_uri(marked)))


def _cropped(part: Any, shape: tuple[int, ...], known: Mapping[str, Any]) -> Any:
    """Cut a picture to its crop box where the prediction was made on that part of it."""
    box = known.get("crop_box")
    if part is None or part.shape == shape or box is None:
        return part
    x0, y0, x1, y1 = (int(edge) for edge in box)
    return part[y0:y1, x0:x1]


def charts(results: Results) -> list[dict[str, str]]:
    """Return histograms of instances per image and of their sizes."""
    drawn = []
    if results.segmentation_scores is not None and len(results.segmentation_scores):
        table = results.segmentation_scores
        series = {"truth": table["n_true"], "prediction": table["n_predicted"]}
        drawn.append(_chart(series, "instances per image", "images", False))
    elif results.predictions is not None and len(results.predictions):
        series = {"prediction": results.predictions["n_instances"]}
        drawn.append(_chart(series, "instances per image", "images", False))
    if results.instances is not None and len(results.instances):
        # What the border cuts has no known size.
        whole = results.instances[~results.instances["cut"].fillna(False).astype(bool)]
        sizes, unit = whole["equivalent_diameter_nm"], "nm"
        if not sizes.notna().any():
            sizes, unit = whole["equivalent_diameter_px"], "px"
        label = f"equivalent diameter [{unit}]"
        fit = _fit(results, unit)
        drawn.append(_chart({"prediction": sizes}, label, "instances", True, fit))
    return drawn


def _fit(results: Results, unit: str) -> Mapping[str, Any] | None:
    """The log-normal fit of all sizes in a unit, if the measurements hold one."""
    if results.sizes is None:
        return None
    for row in records(results.sizes):
        if row["image_id"] is None and row["unit"] == unit and (row["geometric_sd"] or 0) > 1:
            return row
    return None


def _chart(
    series: Mapping[str, pd.Series],
    label: str,
    counted: str,
    logarithmic: bool,
    fit: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    values = {name: column.to_numpy(dtype=float) for name, column in series.items()}
    total = {name: int(np.isfinite(column).sum()) for name, column in values.items()}
    caption = f"{label[0].upper()}{label[1:]}: " + ", ".join(
        f"{name} ({count} {counted})" for name, count in total.items()
    )
    curve = None
    if fit is not None:
        curve = (fit["n"], fit["geometric_mean"], fit["geometric_sd"])
        caption += (
            f"; line: log-normal, geometric mean {fit['geometric_mean']:.3g} {fit['unit']} "
            f"[{fit['geometric_mean_low']:.3g}, {fit['geometric_mean_high']:.3g}], geometric "
            f"standard deviation {fit['geometric_sd']:.3g}, KS distance {fit['ks']:.2f}"
        )
    uri = histogram(dict(values), label, counted=counted, logarithmic=logarithmic, curve=curve)
    return {"image": uri, "caption": caption + "."}
