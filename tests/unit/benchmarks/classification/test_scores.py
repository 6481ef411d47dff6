"""Scores of classes, against scikit-learn and against cases counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from micrographia.benchmarks.classification.confidence import (
    calibration_error,
    error_by_chance,
    risk_at,
    risk_coverage,
    turned_away,
)
from micrographia.benchmarks.classification.scores import (
    NEVER,
    cases_of,
    confusion,
    macro_f1,
    summarise,
    summarise_splits,
)
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.io.schemas import CLASSIFIED, SPLITS
from micrographia.io.tables import write_table

NAMES = ("a", "b", "c", "d")


def row(number: int, label: str, ranked: str, **more: Any) -> dict[str, Any]:
    """A row of `CLASSIFIED`; the classes are letters."""
    known = {
        "path": f"{number}.png", "label": label, "method": "m", "predicted": ranked[0],
        "probability": 0.9, "known": 0.9, "sure": True, "ranked": list(ranked),
        "probabilities": [0.9] + [0.1 / 3] * 3,
    }  # fmt: skip
    return {**dict.fromkeys(CLASSIFIED.names), **known, **more}


def answers(seed: int = 0, count: int = 200) -> list[dict[str, Any]]:
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        label = NAMES[int(generator.integers(4))]
        order = list(generator.permutation(NAMES))
        if generator.random() < 0.6:
            order.remove(label)
            order.insert(0, label)
        found.append(row(number, label, "".join(order), group=f"g{number // 3}"))
    return found


def value(metrics: list[Any], name: str, group: str = "all", method: str = "m") -> Any:
    return next(
        each for each in metrics
        if (each["metric"], each["group"], each["method"]) == (name, group, method)
    )  # fmt: skip


def test_scores_are_those_of_scikit_learn() -> None:
    rows = answers()
    truth, said = [each["label"] for each in rows], [each["predicted"] for each in rows]
    metrics = summarise(rows, Benchmarks(bootstrap=100), 0)
    assert value(metrics, "macro-F1")["value"] == pytest.approx(
        f1_score(truth, said, average="macro")
    )
    for number, name in enumerate(NAMES):
        for metric, score in (("precision", precision_score), ("recall", recall_score)):
            theirs = score(truth, said, average=None)[number]
            assert value(metrics, metric, name)["value"] == pytest.approx(theirs)
    table = confusion(cases_of(rows, (), None))
    assert np.array_equal(table[:, :-1], confusion_matrix(truth, said)) and not table[:, -1].any()
    top2 = np.mean([each["label"] in each["ranked"][:2] for each in rows])
    assert value(metrics, "top-2")["value"] == pytest.approx(top2)
    assert value(metrics, "top-5")["value"] == 1


def test_the_interval_of_a_share_is_that_of_the_normal_law_for_single_pictures() -> None:
    rows = [{**each, "group": None} for each in answers(1, 400)]
    top1 = value(summarise(rows, Benchmarks(bootstrap=2000), 0), "top-1")
    half = 1.96 * np.sqrt(top1["value"] * (1 - top1["value"]) / 400)
    assert top1["high"] - top1["low"] == pytest.approx(2 * half, rel=0.1)


def test_a_second_class_is_right_and_a_failure_is_wrong() -> None:
    rows = [
        row(0, "a", "bacd", second="b"),
        row(1, "a", "cabd"),
        row(2, "b", "bacd"),
        {**row(3, "b", "b"), "ranked": None, "predicted": None, "failure": "damaged"},
    ]
    cases = cases_of(rows, (), None)
    assert cases.rank.tolist() == [0, 1, 0, NEVER] and cases.failed.tolist() == [0, 0, 0, 1]
    metrics = summarise(rows, Benchmarks(bootstrap=100), 0)
    assert value(metrics, "top-1")["value"] == 0.5
    assert value(metrics, "top-5")["value"] == 0.75
    assert value(metrics, "top-1")["n_failed"] == 1
    # a: one hit, one missed; b: one hit, one missed; nothing is taken for a or b wrongly.
    assert macro_f1(cases) == pytest.approx(2 / 3)


def test_quality_words_choose_the_pictures_that_count() -> None:
    rows = [
        row(0, "a", "abcd", quality="clean sure"),
        row(1, "b", "abcd", quality="clean"),
        row(2, "b", "bacd", quality=None),
    ]
    assert len(cases_of(rows, ("clean", "sure"), None).truth) == 1
    assert len(cases_of(rows, ("clean",), None).truth) == 2


def test_pictures_of_no_class_count_for_declining_only() -> None:
    rows = [row(number, "a", "abcd", known=0.5 + number / 100) for number in range(10)]
    rows += [row(10 + number, "other", "abcd", known=known) for number, known in
             enumerate((0.1, 0.505, 0.9))]  # fmt: skip
    metrics = summarise(rows, Benchmarks(bootstrap=100), 0)
    assert value(metrics, "top-1")["n"] == 10
    # Of ten kept at 0.9 the least score is 0.51: two of three strange pictures lie below.
    assert value(metrics, "turned away at 90% kept")["value"] == pytest.approx(2 / 3)


def test_likeness_against_random_is_a_difference_on_the_same_pictures() -> None:
    base = answers(2, 120)
    right = [{**each, "predicted": each["label"], "method": "p/likeness/3",
              "ranked": [each["label"], *(n for n in NAMES if n != each["label"])]}
             for each in base]  # fmt: skip
    draws = [{**each, "method": f"p/random/3#{draw}"} for draw in range(2) for each in base]
    metrics = summarise(right + draws, Benchmarks(bootstrap=200), 0)
    top1 = np.mean([each["label"] == each["predicted"] for each in base])
    gain = value(metrics, "top-1, likeness minus random", method="p/3")
    assert gain["value"] == pytest.approx(1 - top1) and 0 < gain["low"] < gain["high"] < 1


def test_calibration_and_risk_by_hand() -> None:
    """Four answers at 0.55, three right; four at 0.95, two right."""
    probability = np.repeat([0.55, 0.95], 4)
    right = np.array([1, 1, 1, 0, 1, 1, 0, 0], dtype=np.bool_)
    assert calibration_error(probability, right) == pytest.approx((0.2 + 0.45) / 2)
    coverage, risk = risk_coverage(probability, right)
    assert coverage.tolist() == [0.5, 1.0] and risk.tolist() == [0.5, 3 / 8]
    assert risk_at(probability, right, 0.8) == pytest.approx(3 / 8)
    assert np.isnan(turned_away(probability, np.ones(8, dtype=np.bool_), 0.9))


def test_a_perfectly_calibrated_forecaster_has_a_small_error() -> None:
    generator = np.random.default_rng(0)
    probability = generator.random(100_000)
    right = generator.random(100_000) < probability
    assert calibration_error(probability, right) < 0.01


def test_the_command_writes_a_result(tmp_path: Path) -> None:
    write_table(answers(), tmp_path / "found.parquet", CLASSIFIED)
    out = tmp_path / "classification.json"
    settings = '{"bootstrap": 100}'
    call = ["benchmarks", "score-classification", str(tmp_path / "found.parquet")]
    assert main([*call, "--settings", settings, "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    assert result["n"] == 200 and result["confusion"]["m"]["classes"] == list(NAMES)
    assert sum(map(sum, result["confusion"]["m"]["counts"])) == 200


def test_splits_stand_side_by_side_under_their_names(tmp_path: Path) -> None:
    easy = [row(number, "a", "abcd") for number in range(6)]
    hard = [row(number, "a", "abcd" if number < 3 else "bacd") for number in range(6)]
    settings = Benchmarks(bootstrap=100)
    found = summarise_splits({"stratified": easy, "grouped": hard}, settings, 0)
    values = {entry["group"]: entry["value"] for entry in found if entry["metric"] == "top-1"}
    assert values == {"stratified": 1.0, "grouped": 0.5}
    assert {entry["group"] for entry in found} == {"stratified", "grouped"}
    command = ["benchmarks", "score-classification-splits"]
    for name, rows in (("stratified", easy), ("grouped", hard)):
        write_table(rows, tmp_path / f"{name}.parquet", CLASSIFIED, {"seed": 0})
        command.append(str(tmp_path / f"{name}.parquet"))
    out = tmp_path / "splits.json"
    assert main([*command, "--out", str(out), "--settings", settings.model_dump_json()]) == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["name"] == "classification_splits" and told["n"] == 6
    assert {entry["group"] for entry in told["metrics"]} == {"stratified", "grouped"}


def test_the_calibration_error_by_chance_is_that_of_the_binomial_distribution() -> None:
    """All answers lie in one bin: the mean distance of a binomial share from its mean."""
    n, p = 50, 0.7
    share = np.arange(n + 1) / n
    expected = float(np.abs(share - p) @ binom.pmf(np.arange(n + 1), n, p))
    found = error_by_chance(np.full(n, p), seed=0, draws=4000)
    assert found == pytest.approx(expected, rel=0.05)


def test_only_the_test_part_of_a_split_counts(tmp_path: Path) -> None:
    rows = answers()
    write_table(rows, tmp_path / "found.parquet", CLASSIFIED)
    paths = sorted({each["path"] for each in rows})
    parts = [
        {**dict.fromkeys(SPLITS.names), "path": path, "part": "test" if number < 9 else "train"}
        for number, path in enumerate(paths)
    ]
    write_table(parts, tmp_path / "split.parquet", SPLITS)
    out = tmp_path / "classification.json"
    call = ["benchmarks", "score-classification", str(tmp_path / "found.parquet")]
    call += ["--split", str(tmp_path / "split.parquet"), "--out", str(out)]
    assert main([*call, "--settings", '{"bootstrap": 100}']) == 0
    assert json.loads(out.read_text())["n"] == 9
