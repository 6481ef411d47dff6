"""Comparison of segmentation methods on the held-out pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.benchmarks.published import SEGMENTATION_NOTE, published_rows
from micrographia.benchmarks.segmentation.scores import ScoredRow, score_files
from micrographia.errors import MicrographiaError
from micrographia.io.benchmark_results import write_result
from micrographia.provenance import stamp


def score_held_out(
    pictures: pd.DataFrame, folder: Path, predictions: pd.DataFrame, method: str
) -> list[ScoredRow]:
    """Score the predictions for every held-out picture.

    Parameters
    ----------
    pictures
        Columns of `schemas.TRAINING_PICTURES`; of the validation split the real ones are
        scored, where there are any.
    folder
        Folder of the predicted masks.
    predictions
        Its table, columns of `schemas.PREDICTIONS`.
    method
        Which method is scored.

    Returns
    -------
    list of dict
        A row per picture; one that the method did not segment has a `failure`.

    Raises
    ------
    MicrographiaError
        The table holds out no picture.
    """
    apart = pictures[pictures["split"] == "validation"]
    if (apart["source"] == "real").any():
        apart = apart[apart["source"] == "real"]
    if apart.empty:
        raise MicrographiaError(
            "The table contains no held-out picture", remedy="Give another table"
        )
    mine = predictions[predictions["method"] == method]
    found = {item["path"]: item for item in mine.to_dict("records")}
    rows = []
    for item in apart.to_dict("records"):
        given = found.get(item["path"], {})
        mask, failure = given.get("mask"), given.get("failure")
        name = given.get("image_id") or Path(item["path"]).stem
        rows.append(
            score_files(
                Path(item["mask_path"]),
                None if pd.isna(mask) else folder / mask,
                identity={"image_id": name, "path": item["path"], "method": method},
                failure=None if pd.isna(failure) else str(failure),
            )
        )
    return rows


def read_alike(results: Sequence[Path]) -> list[dict[str, Any]]:
    """Read JSON files that `segmentation.write_scores` wrote, all of the same pictures.

    Raises
    ------
    MicrographiaError
        They are of different pictures.
    """
    every = [json.loads(path.read_text(encoding="utf-8")) for path in results]
    if len({result["pictures_digest"] for result in every}) > 1:
        raise MicrographiaError(
            "The results come from different pictures and cannot be compared",
            seen=", ".join(map(str, results)),
            remedy="Score all methods with the same table of pictures",
        )
    return every


def compare(results: Sequence[Path], out: Path) -> dict[str, Any]:
    """Gather single methods' results into one, with the published figures, and draw them.

    Parameters
    ----------
    results
        JSON files that `segmentation.write_scores` wrote, one for each method, all of the same
        pictures.
    out
        The JSON file; its PNG is written beside it.

    Raises
    ------
    MicrographiaError
        The results are of different pictures, or two are of one method.
    """
    from micrographia.benchmarks.segmentation.methods_figure import draw_methods

    every = read_alike(results)
    methods = [result["metrics"][0]["method"] for result in every]
    if len(set(methods)) < len(methods):
        raise MicrographiaError("Two results belong to the same method", seen=methods)
    metrics = [row for result in every for row in result["metrics"]]
    published = published_rows("segmentation")
    draw_methods(metrics, published, out.with_suffix(".png"))
    return write_result(
        out,
        "segmentation_methods",
        metrics,
        stamp({"results": [result["config_digest"] for result in every]}, every[0]["seed"]),
        n=every[0]["n"],
        n_failed=sum(result["n_failed"] for result in every),
        pictures_digest=every[0]["pictures_digest"],
        published={"note": SEGMENTATION_NOTE, "rows": published},
    )
