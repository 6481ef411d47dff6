"""Scores of instance segmentation: per image, and summed up with confidence intervals."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from micrographia.arrays import BoolArray, FloatArray
from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.segmentation.boundary import boundary_f
from micrographia.benchmarks.segmentation.groups import DENSE, DENSITIES, GROUPS, METRICS, SIZES
from micrographia.benchmarks.segmentation.matching import (
    COCO_THRESHOLDS,
    average_precision,
    count,
    count_sizes,
    panoptic_quality,
    precision_curve,
)
from micrographia.config import Benchmarks
from micrographia.errors import MicrographiaError
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.images import read_labels
from micrographia.io.label_masks import MASK_SUFFIXES, masks_in, overlaps, refuse_binary
from micrographia.io.schemas import SEGMENTATION_SCORES
from micrographia.io.schemas.rows import (
    SegmentationScoreRow,
    blank,
)
from micrographia.io.tables import write_table
from micrographia.provenance import stamp


class Identity(TypedDict):
    """Whose scores they are."""

    image_id: str
    path: str
    method: str


class SizeScores(TypedDict):
    """AP@0.5 by size; None where there is nothing of that size."""

    ap50_small: float | None
    ap50_medium: float | None
    ap50_large: float | None


class ImageScores(SizeScores):
    """What `score_image` finds; see there."""

    n_true: int
    n_predicted: int
    ap50: float
    ap50_95: float
    pq50: float
    boundary_f: float | None
    density: str
    curve: list[float]


class ScoredRow(SegmentationScoreRow):
    """A row of `SEGMENTATION_SCORES`, and AP at each threshold of COCO; None where it failed."""

    curve: list[float] | None


Summary = dict[str, dict[str, dict[str, Any]]]


def score_image(predicted: NDArray[np.integer], true: NDArray[np.integer]) -> ImageScores:
    """Score one label mask against the truth.

    Parameters
    ----------
    predicted, true
        Label masks of the same shape (H, W), 0 for background.

    Returns
    -------
    dict
        `n_true`, `n_predicted`, `ap50`, `ap50_95` (mean over IoU 0.5, 0.55 … 0.95), `pq50`,
        `boundary_f`, `ap50_small` and so on for `SIZES` (None where there is nothing of that
        size), `density` ("sparse" or "dense") and `curve`, AP at each of these thresholds.

    Raises
    ------
    ValueError
        The shapes differ or a mask is no label mask.

    Examples
    --------
    >>> mask = np.array([[1, 1, 0, 2]])
    >>> score_image(mask, mask)["ap50_95"]
    1.0
    """
    found = overlaps(true, predicted)
    curve = precision_curve(found, COCO_THRESHOLDS)
    return {
        "n_true": found.n_true,
        "n_predicted": found.n_predicted,
        "ap50": float(curve[0]),
        "ap50_95": float(curve.mean()),
        "pq50": panoptic_quality(count(found, 0.5)),
        "boundary_f": boundary_f(true, predicted),
        **_by_size(
            {
                name: average_precision(counts) if any(counts) else None
                for name, counts in count_sizes(found).items()
            }
        ),
        "density": _density(found.n_true),
        "curve": curve.tolist(),
    }


def score_files(
    true: Path,
    predicted: Path | None,
    *,
    identity: Identity,
    failure: str | None = None,
    box: Sequence[int] | None = None,
) -> ScoredRow:
    """Score the mask in one file against that in another; what cannot be scored has a `failure`.

    Parameters
    ----------
    true, predicted
        Label masks; `predicted` is None when there is none.
    identity
        The row's `image_id`, `path` and `method`.
    failure
        Why there is no prediction, if that is known.
    box
        Part of the picture that was worked on: x0, y0, x1, y1 [px]; only there is it scored.
    """
    x0, y0, x1, y1 = (None,) * 4 if box is None else (int(edge) for edge in box)
    part = (slice(y0, y1), slice(x0, x1))
    row: ScoredRow = blank(SEGMENTATION_SCORES)
    row = {**row, **identity, "curve": None}
    try:
        truth = read_labels(true)
        refuse_binary(truth, Path(true).name)
        truth = truth[part]
        # An image keeps its group when its prediction fails: failures must not thin out a group.
        row["n_true"] = int(np.count_nonzero(np.unique(truth)))
        row["density"] = _density(row["n_true"])
        row = {**row, **_missed(truth)}
        if failure is not None or predicted is None:
            row["failure"] = failure or "no prediction"
        else:
            row = {**row, **score_image(read_labels(predicted)[part], truth)}
    except (MicrographiaError, ValueError) as error:
        row["failure"] = str(error)
    return row


def _missed(truth: NDArray[np.integer]) -> SizeScores:
    """Scores by size where nothing is found: 0 for what there is, None for what there is not."""
    counts = count_sizes(overlaps(truth, np.zeros_like(truth)))
    return _by_size({name: 0.0 if one.fn else None for name, one in counts.items()})


def _by_size(values: Mapping[str, float | None]) -> SizeScores:
    return {
        "ap50_small": values["small"],
        "ap50_medium": values["medium"],
        "ap50_large": values["large"],
    }


def summarise(scores: pd.DataFrame, settings: Benchmarks, seed: int) -> Summary:
    """Mean and interval of each metric over all, the sparse and the dense images.

    Parameters
    ----------
    scores
        Columns of `micrographia.io.schemas.SEGMENTATION_SCORES`; a row with a `failure` counts
        as 0, whatever else it holds.
    settings
        Resamples and coverage.
    seed
        Seed of the resampling.

    Returns
    -------
    dict
        `summary[metric][group]` holds `value`, `low`, `high` (NaN for an empty group), `n`
        (failures included) and `n_failed`. Groups are `GROUPS`; of AP@0.5 also `DENSITIES`, and
        `SIZES`, whose `n` are the images that have instances of that size on either side.
    """
    failed = scores["failure"].notna().to_numpy(dtype=bool)

    def entry(values: FloatArray, inside: BoolArray) -> dict[str, Any]:
        mean, low, high = bootstrap_mean(
            values[inside], settings.bootstrap, settings.confidence, seed
        )
        n, n_failed = int(inside.sum()), int((failed & inside).sum())
        return {"value": mean, "low": low, "high": high, "n": n, "n_failed": n_failed}

    summary: Summary = {}
    for metric, column in METRICS.items():
        values = np.where(failed, 0.0, _numbers(scores, column))
        summary[metric] = {}
        for group in GROUPS:
            inside = (scores["density"] == group).to_numpy(dtype=bool) | (group == "all")
            summary[metric][group] = entry(values, inside)
    values, n_true = np.where(failed, 0.0, _numbers(scores, "ap50")), _numbers(scores, "n_true")
    for group, (least, end) in DENSITIES.items():
        summary["AP@0.5"][group] = entry(values, (n_true >= least) & (n_true < end))
    for group, column in SIZES.items():
        known = _numbers(scores, column)
        # Of a picture whose truth cannot be read nobody knows the sizes: it fails in each.
        inside = ~np.isnan(known) | (failed & np.isnan(n_true))
        summary["AP@0.5"][group] = entry(np.where(failed, 0.0, known), inside)
    return summary


def _numbers(scores: pd.DataFrame, column: str) -> FloatArray:
    return np.asarray(pd.to_numeric(scores[column]).to_numpy(dtype=float))


def pair_folders(predictions: Path, references: Path) -> tuple[list[ScoredRow], list[str]]:
    """Score every reference mask of a folder; return the rows and the unused predictions.

    Masks (.png, .tif, .tiff) are matched by their name without suffix.

    Raises
    ------
    MicrographiaError
        A folder is absent or has no mask, a name occurs twice, or nothing matches.
    """
    true, predicted = _masks(references, "reference"), _masks(predictions, "prediction")
    if not set(true) & set(predicted):
        raise MicrographiaError(
            f"No mask in {predictions} has the name of a reference in {references}",
            seen=sorted(predicted)[:3],
            allowed=", ".join(sorted(true)[:3]) + " …",
            remedy="Give each predicted mask the file name of its reference",
        )
    rows = [
        score_files(
            path,
            predicted.get(name),
            identity={"image_id": name, "path": str(path), "method": predictions.name},
        )
        for name, path in true.items()
    ]
    return rows, sorted(set(predicted) - set(true))


def score_tables(
    micrographs: pd.DataFrame, predictions: Sequence[tuple[Path, pd.DataFrame]], method: str
) -> tuple[list[ScoredRow], int]:
    """Score the predictions for every kept micrograph that has a truth.

    Parameters
    ----------
    micrographs
        Columns of `micrographia.io.schemas.MICROGRAPHS`.
    predictions
        Folders with their tables of `micrographia.io.schemas.PREDICTIONS`.
    method
        Which method is scored.

    Returns
    -------
    rows, n_without_truth
        One row per image with truth, and how many kept images have none.
    """
    found: dict[str, tuple[Path | None, str | None]] = {}
    for folder, table in predictions:
        for item in table[table["method"] == method].to_dict("records"):
            broken = None if pd.isna(item["failure"]) else str(item["failure"])
            mask = None if pd.isna(item["mask"]) else folder / item["mask"]
            found[item["image_id"]] = (mask, broken)
    kept = micrographs[micrographs["status"] == "kept"]
    with_truth = kept[kept["mask_path"].notna()]
    rows = []
    for item in with_truth.to_dict("records"):
        mask, failure = found.get(item["image_id"], (None, None))
        identity: Identity = {"image_id": item["image_id"], "path": item["path"], "method": method}
        crop = item["crop_box"]
        box = [int(edge) for edge in crop] if isinstance(crop, Sequence | np.ndarray) else None
        true = Path(item["mask_path"])
        rows.append(score_files(true, mask, identity=identity, failure=failure, box=box))
    return rows, len(kept) - len(with_truth)


def seen_in_training(predictions: Sequence[tuple[Path, pd.DataFrame]], method: str) -> int:
    """Count the pictures that the method was trained on, or chosen by; warn if there are some.

    Parameters
    ----------
    predictions
        As for `score_tables`.
    method
        Which method is scored.
    """
    tables = [table[table["method"] == method] for _, table in predictions]
    n = sum(int(table["seen"].notna().sum()) for table in tables)
    if n:
        logging.getLogger(__name__).warning(
            "%d of %d pictures were used in the training of %s: their scores tell nothing of new "
            "pictures",
            *(n, sum(map(len, tables)), method),
        )
    return n


def write_scores(
    rows: Sequence[ScoredRow],
    out: Path,
    method: str,
    settings: Benchmarks,
    seed: int,
    **extra: Any,
) -> Summary:
    """Write the benchmark's JSON to `out` and its parquet and PNG beside it.

    Parameters
    ----------
    rows
        What `score_tables` returned; may be empty.
    out
        The JSON file; its suffix is replaced for the other two.
    extra
        Further entries of the JSON.
    """
    from micrographia.benchmarks.segmentation.figure import draw

    scores = table_of(rows)
    summary = summarise(scores, settings, seed)
    provenance = stamp(settings, seed)
    metrics = [
        metric_row(metric, group=group, method=method, **summary[metric][group])
        for metric in METRICS
        for group in summary[metric]
    ]
    n_failed = int(scores["failure"].notna().sum())
    write_table(scores, out.with_suffix(".parquet"), SEGMENTATION_SCORES, provenance)
    draw(rows, summary, method, out.with_suffix(".png"))
    write_result(
        out, "segmentation", metrics, provenance, n=len(scores), n_failed=n_failed, **extra
    )
    if n_failed:
        log = logging.getLogger(__name__)
        log.warning("%d of %d images failed and count as 0", n_failed, len(scores))
    return summary


def table_of(rows: Sequence[ScoredRow]) -> pd.DataFrame:
    """Return the rows as a table with the columns of `SEGMENTATION_SCORES`."""
    return pd.DataFrame(list(rows), columns=list(SEGMENTATION_SCORES.names))


def _density(n_true: int) -> str:
    return "dense" if n_true >= DENSE else "sparse"


def _masks(folder: Path, what: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise MicrographiaError(
            f"The folder {folder} does not exist", remedy=f"Give the folder of {what} masks"
        )
    found = masks_in(folder, what)
    if not found:
        raise MicrographiaError(
            f"Folder {folder} contains no {what} mask", allowed=", ".join(MASK_SUFFIXES)
        )
    return found
