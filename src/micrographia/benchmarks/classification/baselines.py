"""Baselines of classification side by side, with published figures of other pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micrographia.benchmarks.published import CLASSIFICATION_NOTE, published_rows
from micrographia.errors import MicrographiaError
from micrographia.io.benchmark_results import write_result
from micrographia.io.schemas import BASELINE_SCORES
from micrographia.io.tables import write_table
from micrographia.provenance import stamp

#: Metrics of `scores.summarise` and the columns that they become; some with their interval.
_COLUMNS = {
    "top-1": ("top1", True),
    "top-2": ("top2", False),
    "top-3": ("top3", False),
    "top-5": ("top5", False),
    "macro-F1": ("macro_f1", True),
    "expected calibration error": ("calibration_error", False),
}


def compare(results: Sequence[Path], cards: Sequence[Path], out: Path) -> list[dict[str, Any]]:
    """Gather scores of baselines into one table, with published figures, and draw it.

    Parameters
    ----------
    results
        JSON files of `score-classification`, of one or more baselines each.
    cards
        JSON files that `classification baseline` wrote beside its answers.
    out
        The JSON file; parquet and PNG are written beside it.

    Returns
    -------
    list of dict
        Rows of `schemas.BASELINE_SCORES`, in the order of the cards.

    Raises
    ------
    MicrographiaError
        A baseline has a card and no scores, or scores twice, or they are of unlike pictures or
        budgets.
    """
    from micrographia.benchmarks.classification.baselines_figure import draw_baselines

    every = [json.loads(path.read_text(encoding="utf-8")) for path in results]
    known = [
        card
        for path in cards
        for card in json.loads(path.read_text(encoding="utf-8"))["baselines"]
    ]
    metrics = [row for result in every for row in result["metrics"]]
    scored = _by_method(metrics)
    _check(known, scored)
    published = published_rows("classification")
    rows = [_row(card, scored[card["name"]], published) for card in known]
    provenance = stamp(
        {"results": [result["config_digest"] for result in every]}, every[0]["seed"]
    )
    write_table(rows, out.with_suffix(".parquet"), BASELINE_SCORES, provenance)
    draw_baselines(rows, out.with_suffix(".png"), known[0]["budget"])
    write_result(
        out,
        "classification_baselines",
        metrics,
        provenance,
        n=every[0]["n"],
        n_failed=every[0]["n_failed"],
        baselines=known,
        published={"note": CLASSIFICATION_NOTE, "rows": published},
    )
    return rows


def _by_method(metrics: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return the metrics over all classes by method and name."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in metrics:
        if row["group"] == "all" and row["metric"] in _COLUMNS:
            own = found.setdefault(row["method"], {})
            if row["metric"] in own:
                raise MicrographiaError(
                    "A baseline was scored twice", seen=row["method"],
                    remedy="Give each result once",
                )  # fmt: skip
            own[row["metric"]] = row
    return found


def _check(cards: Sequence[Mapping[str, Any]], scored: Mapping[str, Any]) -> None:
    missing = [card["name"] for card in cards if card["name"] not in scored]
    if missing or not cards:
        raise MicrographiaError(
            "Baselines were trained and not scored",
            seen=", ".join(missing) or "no baselines",
            remedy="Give the results of `score-classification` for each",
        )
    for field in ("budget", "side", "trained_on", "tested_on", "classes"):
        seen = {json.dumps(card[field]) for card in cards}
        if len(seen) > 1:
            raise MicrographiaError(
                "The baselines differ in what they were trained with and cannot be compared",
                seen=f"{field}: {', '.join(sorted(seen))}",
                remedy="Train all with the same split, side and budget",
            )


def _row(
    card: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Any]],
    published: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(BASELINE_SCORES.names)
    row |= {name: card[name] for name in row.keys() & card.keys()}
    row |= {"n": scores["top-1"]["n"], "n_failed": scores["top-1"]["n_failed"]}
    for metric, (column, interval) in _COLUMNS.items():
        row[column] = scores[metric]["value"]
        if interval:
            row[f"{column}_low"] = scores[metric]["low"]
            row[f"{column}_high"] = scores[metric]["high"]
    for other in published:
        if other["baseline"] == card["name"]:
            row[f"published_{_COLUMNS[other['metric']][0]}"] = other["value"]
    return row
