"""Kappa against scikit-learn, textbooks and explicit resampling."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from micrographia.annotation.review.agreement import agreement, cohen_kappa, fleiss_kappa
from micrographia.annotation.schema import Attributes
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, VOCABULARY

#: Fourteen raters, ten subjects, five categories: the worked example that goes with Fleiss 1971
#: in textbooks and encyclopedias; kappa = 0.210.
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def rows_of(name: str, words: list[str], attribute: str = "layering") -> list[dict[str, Any]]:
    """Rows of ATTRIBUTES with one attribute set."""
    return [
        {"image_id": f"{number:03d}", "annotator": name, "model": "m", "failure": None}
        | Attributes.from_values(**{attribute: word}).to_row()
        for number, word in enumerate(words)
    ]


def entry(found: dict[str, Any], kind: str, attribute: str = "layering") -> dict[str, Any]:
    """The one entry of an attribute."""
    (only,) = [item for item in found[kind] if item["attribute"] == attribute]
    return only


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_cohen_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    confusion = np.zeros((5, 5))
    for first, second in pairs:
        confusion[first, second] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined: scikit-learn warns and returns NaN
        expected = cohen_kappa_score(*zip(*pairs, strict=True), labels=list(range(5)))
    assert float(cohen_kappa(confusion)) == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_fleiss_is_that_of_the_textbook() -> None:
    assert round(float(fleiss_kappa(FLEISS)), 3) == 0.210
    twice = [*FLEISS, *FLEISS[:4]]
    often = [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]
    assert float(fleiss_kappa(FLEISS, often)) == pytest.approx(float(fleiss_kappa(twice)))
    assert np.isnan(fleiss_kappa([[3, 0], [3, 0]]))


def test_the_interval_is_that_of_resampled_pictures() -> None:
    rng = np.random.default_rng(1)
    words = np.array(["tiled", "multilayer"])
    first = rng.integers(0, 2, 150)
    second = np.where(rng.random(150) < 0.75, first, 1 - first)
    found = agreement(rows_of("a", list(words[first])) + rows_of("b", list(words[second])), [])
    pair = entry(found, "pairs")
    draws = rng.integers(0, 150, (3000, 150))
    spread = []
    for draw in draws:
        confusion = np.zeros((2, 2))
        np.add.at(confusion, (first[draw], second[draw]), 1)
        spread.append(float(cohen_kappa(confusion)))
    low, high = np.percentile(spread, (2.5, 97.5))
    assert pair["kappa"] == pytest.approx(cohen_kappa_score(first, second))
    assert pair["low"] == pytest.approx(low, abs=0.02)
    assert pair["high"] == pytest.approx(high, abs=0.02)
    assert pair["observed"] == pytest.approx((first == second).mean())


def test_two_raters_of_fleiss_come_close_to_cohen() -> None:
    first = ["tiled", "multilayer"] * 30
    second = ["tiled", "multilayer"] * 25 + ["multilayer", "tiled"] * 5
    found = agreement(rows_of("a", first) + rows_of("b", second), [])
    assert entry(found, "fleiss")["kappa"] == pytest.approx(entry(found, "pairs")["kappa"])
    assert entry(found, "fleiss")["n"] == 60


def test_unknowns_and_failures_are_no_answers() -> None:
    one = rows_of("a", ["tiled", "tiled", "unknown", "multilayer"])
    two = rows_of("b", ["tiled", "multilayer", "tiled", "multilayer"])
    blank = dict.fromkeys([*ATTRIBUTE_NAMES, *(f"{name}_text" for name in ATTRIBUTE_NAMES)])
    two[3] = two[3] | blank | {"failure": "no answer"}
    found = agreement(one + two, [])
    assert entry(found, "pairs")["n"] == 2
    assert entry(found, "pairs")["observed"] == 0.5
    first, second = found["annotators"]
    assert (first["answered"]["layering"], first["n_failed"]) == (3, 0)
    assert (second["answered"]["layering"], second["n_failed"]) == (3, 1)
    assert first["answered"]["subject"] == 0
    assert entry(found, "pairs", "subject")["kappa"] is None


def test_one_word_only_has_no_kappa() -> None:
    words = ["tiled"] * 5
    pair = entry(agreement(rows_of("a", words) + rows_of("b", words), []), "pairs")
    assert (pair["observed"], pair["kappa"], pair["low"]) == (1.0, None, None)


def test_three_annotators_have_three_pairs_and_verdicts_are_counted() -> None:
    rng = np.random.default_rng(2)
    words = list(VOCABULARY["morphology"])[:3]
    rows = [
        row
        for name in "abc"
        for row in rows_of(name, [words[i] for i in rng.integers(0, 3, 90)], "morphology")
    ]
    verdicts = [
        {"annotator": "a", "judge": "b", "attribute": "morphology", "verdict": verdict}
        for verdict in ("yes", "no", "yes", "abstain", None)
    ]
    found = agreement(rows, verdicts, resamples=500)
    pairs = [item for item in found["pairs"] if item["attribute"] == "morphology"]
    assert [item["annotators"] for item in pairs] == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert all(item["low"] < 0.1 and item["high"] > -0.1 for item in pairs)  # all by chance
    assert entry(found, "fleiss", "morphology")["n"] == 90
    (counted,) = found["crosscheck"]
    assert counted["accepted"] == pytest.approx(2 / 3)
    assert (counted["abstain"], counted["failed"]) == (1, 1)
