"""Scores of annotators against attributes that are known."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import cohen_kappa_score

from micrographia.benchmarks.annotation.scores import kappa, reliability, score, summarise
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.io.schemas import ANNOTATION_SCORES, ATTRIBUTES, MICROGRAPHS, SYNTHETIC
from micrographia.io.tables import read_table, write_table
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN

WORDS = ("tiled", "multilayer")


def tables() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Twelve pictures; one annotator errs once in layering and is once silent, one fails once."""
    micrographs, truths, answers = [], [], []
    for number in range(12):
        name = f"synthetic_{number:06d}"
        picture = {"image_id": f"id{number}", "path": f"a/{name}.png", "status": "kept"}
        micrographs.append(dict.fromkeys(MICROGRAPHS.names) | picture)
        known = dict.fromkeys(ATTRIBUTE_NAMES, UNKNOWN) | {"layering": WORDS[number % 2]}
        truths.append(dict.fromkeys(SYNTHETIC.names) | {"name": name} | known)
        for annotator in ("one", "other"):
            row = dict.fromkeys(ATTRIBUTES.names) | dict.fromkeys(ATTRIBUTE_NAMES, UNKNOWN)
            row |= {"image_id": f"id{number}", "annotator": annotator}
            row |= {f"{attribute}_confidence": 0.0 for attribute in ATTRIBUTE_NAMES}
            row |= {"layering": WORDS[number % 2], "layering_confidence": 0.5 + number / 24}
            if annotator == "one" and number == 3:
                row["layering"] = WORDS[0]
            if annotator == "one" and number == 4:
                row["layering"] = UNKNOWN
            if annotator == "other" and number == 5:
                row |= dict.fromkeys(ATTRIBUTE_NAMES) | {"failure": "no mask"}
            answers.append(row)
    return micrographs, truths, answers


def test_silence_and_failure_are_wrong_answers() -> None:
    rows = score(*tables())
    assert {row["attribute"] for row in rows} == {"layering"}
    assert len(rows) == 24
    found = {(row["metric"], row["method"]): row for row in summarise(rows, Benchmarks(), seed=1)}
    assert found["accuracy", "one"]["value"] == pytest.approx(10 / 12)
    assert found["accuracy", "one"]["n_failed"] == 1
    assert found["accuracy of answers", "one"]["value"] == pytest.approx(10 / 11)
    assert found["accuracy", "other"]["value"] == pytest.approx(11 / 12)
    assert found["kappa", "other"]["value"] == pytest.approx(1)
    low, high = found["accuracy", "one"]["low"], found["accuracy", "one"]["high"]
    assert low < 10 / 12 < high


def test_pictures_of_unknown_name_do_not_count() -> None:
    micrographs, truths, answers = tables()
    assert len(score(micrographs[:6], truths, answers)) == 12
    assert score(micrographs, truths[:0], answers) == []
    micrographs[0]["status"] = "rejected"
    assert len(score(micrographs, truths, answers)) == 22


def test_kappa_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    words = ["a", "b", "c"]
    for _ in range(5):
        truth = list(rng.choice(words, 60))
        answer = [w if rng.random() < 0.6 else str(rng.choice(words)) for w in truth]
        assert kappa(truth, answer, words) == pytest.approx(cohen_kappa_score(truth, answer))
    assert math.isnan(kappa(["a"], ["a"], words))
    assert math.isnan(kappa([], [], words))


def test_reliability_rises_with_confidence() -> None:
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.3, 1, 4000)
    rows = [
        {"answer": "tiled", "confidence": value, "correct": bool(rng.random() < value)}
        for value in sure
    ]
    curve = reliability([*rows, {"answer": UNKNOWN, "confidence": 0.0, "correct": False}])
    assert curve.shape == (10, 2)
    np.testing.assert_allclose(curve[:, 0], curve[:, 1], atol=0.08)
    assert reliability([]).shape == (0, 2)


def test_the_command(tmp_path: Path) -> None:
    micrographs, truths, answers = tables()
    write_table(micrographs, tmp_path / "m.parquet", MICROGRAPHS)
    write_table(truths, tmp_path / "made" / "truth.parquet", SYNTHETIC)
    write_table(answers, tmp_path / "a.parquet", ATTRIBUTES)
    given = ["--micrographs", str(tmp_path / "m.parquet"), "--truth", str(tmp_path / "made")]
    given += ["--answers", str(tmp_path / "a.parquet"), "--out", str(tmp_path / "o.json")]
    assert main(["benchmarks", "score-annotation", *given]) == 0
    result = json.loads((tmp_path / "o.json").read_text())
    assert (result["n"], result["n_failed"]) == (24, 1)
    assert len(read_table(tmp_path / "o.parquet", ANNOTATION_SCORES)) == 24
    with Image.open(tmp_path / "o.png") as picture:
        assert picture.width > 500
