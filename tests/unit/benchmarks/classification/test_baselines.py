"""The comparison of baselines: one table, published figures, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from micrographia.benchmarks.classification.baselines import compare
from micrographia.benchmarks.published import published_rows
from micrographia.errors import MicrographiaError
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.schemas import BASELINE_SCORES
from micrographia.io.tables import read_rows
from micrographia.method_names import PICTURE_BASELINES
from micrographia.provenance import stamp

METRICS = ("top-1", "top-2", "top-3", "top-5", "macro-F1", "expected calibration error")


def card(name: str, **known: Any) -> dict[str, Any]:
    return {
        "name": name, "family": "ConvNets", "library": "torchvision", "stands_for": name,
        "parameters": 10, "steps": 5, "minutes": 0.5, "validation": 0.25, "side": 64,
        "budget": {"minutes": 0.5, "steps": None}, "classes": ["a", "b"], "trained_on": 8,
        "tested_on": 4,
    } | known  # fmt: skip


def files(tmp_path: Path, *cards: dict[str, Any], scored: tuple[str, ...]) -> tuple[Path, Path]:
    metrics = [
        metric_row(
            metric, group="all", method=name, value=0.1 * place, low=0.0, high=0.5, n=4, n_failed=1
        )
        for name in scored
        for place, metric in enumerate(METRICS, 1)
    ]
    result, told = tmp_path / "scores.json", tmp_path / "cards.json"
    write_result(result, "classification", metrics, stamp({}, 1), n=4, n_failed=1)
    told.write_text(json.dumps({"baselines": cards}))
    return result, told


def test_a_row_has_scores_card_and_published_figures(tmp_path: Path) -> None:
    result, cards = files(tmp_path, card("vgg"), card("mine"), scored=("mine", "vgg"))
    compare([result], [cards], tmp_path / "out.json")
    vgg, mine = read_rows(tmp_path / "out.parquet", BASELINE_SCORES)
    assert (vgg["name"], vgg["n"], vgg["n_failed"], vgg["minutes"]) == ("vgg", 4, 1, 0.5)
    got = [vgg[name] for name in ("top1", "top2", "top3", "top5", "macro_f1", "calibration_error")]
    assert got == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert (vgg["top1_low"], vgg["macro_f1_high"]) == (0.0, 0.5)
    # Table 3 of the article.
    published = [vgg[f"published_top{count}"] for count in (1, 2, 3, 5)]
    assert published == [0.538, 0.669, 0.756, 0.808] and mine["published_top1"] is None
    written = json.loads((tmp_path / "out.json").read_text())
    assert "NFFA-EUROPE" in written["published"]["note"]
    assert [one["name"] for one in written["baselines"]] == ["vgg", "mine"]
    assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_unlike_is_not_compared(tmp_path: Path) -> None:
    longer = card("mine", budget={"minutes": 9.0, "steps": None})
    result, cards = files(tmp_path, card("vgg"), longer, scored=("mine", "vgg"))
    with pytest.raises(MicrographiaError, match=r"cannot be compared; saw 'budget: .*9\.0"):
        compare([result], [cards], tmp_path / "out.json")
    result, cards = files(tmp_path, card("vgg"), card("mine"), scored=("vgg",))
    with pytest.raises(MicrographiaError, match="trained and not scored; saw 'mine'"):
        compare([result], [cards], tmp_path / "out.json")
    with pytest.raises(MicrographiaError, match="scored twice; saw 'vgg'"):
        compare([result, result], [cards], tmp_path / "out.json")


def test_published_figures_belong_to_baselines_that_there_are() -> None:
    rows = published_rows("classification")
    assert {row["baseline"] for row in rows} - {""} == set(PICTURE_BASELINES)
    assert all(0 < row["value"] < 1 for row in rows)
    # Each method has four figures, and more answers are never worse.
    for name in {row["system"] for row in rows}:
        own = {row["metric"]: row["value"] for row in rows if row["system"] == name}
        assert list(own) == ["top-1", "top-2", "top-3", "top-5"]
        assert list(own.values()) == sorted(own.values())
    best = max((row for row in rows if row["metric"] == "top-1"), key=lambda row: row["value"])
    assert (best["system"], best["value"]) == ("GDL-NMID", 0.962)
