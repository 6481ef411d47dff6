"""Calibrated probabilities, and the score below which a classifier declines to answer."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from micrographia.arrays import BoolArray, FloatArray, IntArray

#: Temperatures that are searched, as natural logarithms.
_COLDEST, _HOTTEST = np.log(0.02), np.log(50.0)


def temperature(logits: FloatArray, classes: IntArray, seconds: IntArray | None = None) -> float:
    """Return the temperature that makes probabilities of held-out logits the most likely.

    Guo et al., On Calibration of Modern Neural Networks (2017).

    Parameters
    ----------
    logits
        Shape (n, c), of pictures that were not trained on.
    classes
        The true ones, shape (n,).
    seconds
        Classes that are right too, shape (n,); -1 for none.
    """
    rows = np.arange(len(classes))
    also = classes if seconds is None else np.where(seconds < 0, classes, seconds)
    alone = also == classes

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        both = np.logaddexp(scaled[rows, classes], scaled[rows, also])
        return float(-np.where(alone, scaled[rows, classes], both).mean())

    found = minimize_scalar(loss, bounds=(_COLDEST, _HOTTEST), method="bounded")
    return float(np.exp(found.x))


def probabilities(logits: FloatArray, heat: float) -> FloatArray:
    """Return the softmax of logits, shape (n, c), at a temperature."""
    return np.asarray(softmax(logits / heat, axis=1), dtype=np.float64)


def threshold(known: FloatArray, belongs: BoolArray, coverage: float) -> float:
    """Return the score that keeps a share of the pictures that belong to a class.

    Parameters
    ----------
    known
        Scores of held-out pictures that they belong to any class, shape (n,).
    belongs
        Whether they do, shape (n,).
    coverage
        Share of these that is to be answered, 0 … 1.

    Examples
    --------
    >>> threshold(np.array([0.1, 0.4, 0.8, 0.9, 0.0]), np.array([1, 1, 1, 1, 0]) > 0, 0.75)
    0.4
    """
    scores = np.sort(known[belongs])[::-1]
    if not len(scores):
        return 0.0
    return float(scores[max(int(np.ceil(coverage * len(scores))), 1) - 1])
