"""Demonstrations, methods and confidence, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from micrographia.classification.identify.confidence import (
    probabilities,
    temperature,
    threshold,
)
from micrographia.classification.identify.demonstrations import demonstrations
from micrographia.classification.identify.methods import METHODS, STRENGTH, fit_probe
from micrographia.method_names import EMBEDDED_METHODS


def test_every_method_has_a_name() -> None:
    assert tuple(METHODS) == EMBEDDED_METHODS


@pytest.mark.parametrize("name", EMBEDDED_METHODS)
def test_methods_tell_three_directions_apart(name: str) -> None:
    generator = np.random.default_rng(0)
    axes = np.eye(6)[:3]
    shown = np.concatenate([axis + generator.normal(0, 0.1, (5, 6)) for axis in axes])
    classes = np.repeat(np.arange(3), 5)
    asked = np.concatenate([axis + generator.normal(0, 0.1, (20, 6)) for axis in axes])
    logits = METHODS[name](shown, classes, 4, asked)
    assert logits.shape == (60, 4)
    assert (logits.argmax(axis=1) == np.repeat(np.arange(3), 20)).all()
    # A class without demonstrations is never likely.
    assert probabilities(logits, 1.0)[:, 3].max() < 1e-6


@pytest.mark.parametrize("name", EMBEDDED_METHODS)
def test_demonstrations_of_one_class_leave_one_answer(name: str) -> None:
    logits = METHODS[name](np.eye(3)[:1], np.array([1]), 2, np.eye(3))
    assert (logits.argmax(axis=1) == 1).all()


def test_the_probe_is_the_ridge_regression_of_scikit_learn() -> None:
    """In the span of the vectors, the fit is that in the whole space."""
    generator = np.random.default_rng(1)
    vectors, classes = generator.normal(size=(30, 200)), np.arange(30) % 3
    weights, biases = fit_probe(vectors, classes, strength=0.1)
    model = LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced", tol=1e-8)
    model.fit(vectors, classes)
    assert weights == pytest.approx(model.coef_, abs=5e-3)
    assert biases == pytest.approx(model.intercept_, abs=5e-3)


def test_two_classes_have_two_logits_that_differ_as_scikit_learns_one() -> None:
    generator = np.random.default_rng(2)
    vectors, classes = generator.normal(size=(40, 5)), np.arange(40) % 2
    weights, biases = fit_probe(vectors, classes)
    model = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced").fit(
        vectors, classes
    )
    assert weights[1] - weights[0] == pytest.approx(model.coef_[0], abs=1e-2)
    assert weights.shape == (2, 5) and biases.shape == (2,)


def test_random_demonstrations_are_one_draw_and_likeness_asks_the_query() -> None:
    generator = np.random.default_rng(3)
    pool, classes = generator.normal(size=(40, 4)), np.arange(40) % 2
    queries = generator.normal(size=(3, 4))
    random = demonstrations(pool, classes, queries, 5, "random", 0)
    assert all(np.array_equal(random[0], each) for each in random)
    assert sorted(classes[random[0]]) == [0] * 5 + [1] * 5
    assert not np.array_equal(random[0], demonstrations(pool, classes, queries, 5, "random", 1)[0])
    alike = demonstrations(pool, classes, pool[:3], 5, "likeness", 0)
    assert all(number in alike[number] for number in range(3))
    assert demonstrations(pool, classes, queries, 0, "likeness", 0)[0].size == 0


def test_the_temperature_undoes_a_factor_of_the_logits() -> None:
    """Labels drawn from the softmax itself: the best temperature is the factor applied."""
    generator = np.random.default_rng(4)
    logits = generator.normal(0, 2, (20_000, 3))
    cumulated = probabilities(logits, 1.0).cumsum(axis=1)
    classes = (generator.random((20_000, 1)) > cumulated).sum(axis=1)
    assert temperature(3.0 * logits, classes) == pytest.approx(3.0, rel=0.05)


def test_where_two_classes_are_right_the_temperature_asks_for_either() -> None:
    """Labels from the sum of two classes: telling them apart is not asked for."""
    generator = np.random.default_rng(6)
    logits = generator.normal(0, 2, (20_000, 3))
    chances = probabilities(logits, 1.0)
    # Half of the pictures of class 0 and 1 are named the one though they are the other.
    cumulated = chances.cumsum(axis=1)
    classes = (generator.random((20_000, 1)) > cumulated).sum(axis=1)
    either = classes < 2
    named = np.where(either, generator.integers(0, 2, len(classes)), classes)
    seconds = np.where(either, 1 - named, -1)
    assert temperature(3.0 * logits, named, seconds) == pytest.approx(3.0, rel=0.1)
    assert temperature(3.0 * logits, named) > 4.0


def test_a_probe_of_many_vectors_is_the_same_as_of_few() -> None:
    """Axes from products of features, and from those of vectors, span the same space."""
    generator = np.random.default_rng(7)
    vectors = generator.normal(0, 0.2, (30, 12))
    classes = generator.integers(0, 3, 30)
    weights, biases = fit_probe(vectors, classes)
    wide = np.concatenate([vectors, np.zeros((30, 40))], axis=1)
    padded, same = fit_probe(wide, classes)
    assert padded[:, :12] == pytest.approx(weights, abs=1e-3)
    assert padded[:, 12:] == pytest.approx(0, abs=1e-9) and same == pytest.approx(biases, abs=1e-3)


def test_the_threshold_keeps_the_share_of_those_that_belong() -> None:
    generator = np.random.default_rng(5)
    known, belongs = generator.random(1000), generator.random(1000) < 0.7
    least = threshold(known, belongs, 0.9)
    assert (known[belongs] >= least).mean() == pytest.approx(0.9, abs=2e-3)
    assert threshold(known, np.zeros(1000, dtype=np.bool_), 0.9) == 0.0
