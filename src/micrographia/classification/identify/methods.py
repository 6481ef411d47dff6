"""Embedded methods: from demonstrations and a query to a score for each class.

All take vectors of a `Space` and give logits: larger is more likely, and their softmax, once a
temperature is fitted, is a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.linalg import eigh
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from micrographia.arrays import FloatArray, IntArray
from micrographia.classification.identify.space import unit
from micrographia.method_names import EmbeddedMethod

#: Vectors and classes of demonstrations, the number of classes, and queries, to logits.
Method = Callable[[FloatArray, IntArray, int, FloatArray], FloatArray]

#: A difference of cosines of 1/SHARPNESS multiplies a neighbour's vote by e.
_SHARPNESS = 10.0
#: Inverse of the ridge penalty of a probe on vectors of length about 1.
STRENGTH = 3.0
#: Most principal axes in which a probe is fitted.
AXES = 800
#: Logit of a class without demonstrations.
_ABSENT = -30.0


def prototypes(vectors: FloatArray, classes: IntArray, count: int, queries: FloatArray
               ) -> FloatArray:  # fmt: skip
    """Return the cosine with the mean of each class (Snell et al., Prototypical Networks, 2017).

    Parameters
    ----------
    vectors, classes
        Demonstrations, shapes (n, d) and (n,).
    count
        Number of classes.
    queries
        Shape (m, d).

    Returns
    -------
    ndarray
        Logits, shape (m, count).
    """
    logits = np.full((len(queries), count), _ABSENT)
    plain, asked = unit(vectors), unit(queries)
    for number in np.unique(classes):
        mean = plain[classes == number].mean(axis=0, keepdims=True)
        logits[:, number] = _SHARPNESS * (asked @ unit(mean).T)[:, 0]
    return logits


def neighbours(vectors: FloatArray, classes: IntArray, count: int, queries: FloatArray
               ) -> FloatArray:  # fmt: skip
    """Return the votes of demonstrations, weighed by cosine, as a mean over each class's.

    Parameters and result as for `prototypes`.
    """
    logits = np.full((len(queries), count), _ABSENT)
    votes = _SHARPNESS * unit(queries) @ unit(vectors).T
    for number in np.unique(classes):
        own = votes[:, classes == number]
        logits[:, number] = logsumexp(own, axis=1) - np.log(own.shape[1])
    return logits


def probe(vectors: FloatArray, classes: IntArray, count: int, queries: FloatArray) -> FloatArray:
    """Return the logits of a linear probe that is fitted to the demonstrations.

    Parameters and result as for `prototypes`.
    """
    present = np.unique(classes)
    logits = np.full((len(queries), count), _ABSENT)
    if len(present) == 1:
        logits[:, present[0]] = 0.0
        return logits
    weights, biases = fit_probe(vectors, classes)
    logits[:, present] = queries @ weights.T + biases
    return logits


def fit_probe(
    vectors: FloatArray,
    classes: IntArray,
    shares: FloatArray | None = None,
    strength: float = STRENGTH,
) -> tuple[FloatArray, FloatArray]:
    """Fit a multinomial logistic regression.

    Parameters
    ----------
    vectors, classes
        Shapes (n, d) and (n,); at least two classes.
    shares
        Weights of the vectors, shape (n,), of mean 1; None: every class weighs the same.
    strength
        Inverse of the ridge penalty, `C` of scikit-learn.

    Returns
    -------
    weights, biases
        Shapes (c, d) and (c,), for the classes that are there, in their order.

    Notes
    -----
    The weights of a ridge-penalised fit lie in the span of the vectors, so that it is done in
    the coordinates of their principal axes: as many as pictures, where features are more, and at
    most `AXES`. Along the others vectors hardly differ, and the penalty leaves nothing.
    """
    axes = _principal_axes(vectors)
    places = vectors @ axes.T
    balance = "balanced" if shares is None else None
    model = LogisticRegression(C=strength, max_iter=1000, class_weight=balance)
    model.fit(places, classes, sample_weight=shares)
    weights, biases = model.coef_ @ axes, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives one logit for two classes
        weights, biases = np.vstack([-weights, weights]) / 2, np.array([-1, 1]) * biases / 2
    return weights, biases


def _principal_axes(vectors: FloatArray) -> FloatArray:
    """Return the unit axes along which vectors lie, shape (at most `AXES`, d).

    From products between vectors or between features, whichever are fewer.
    """
    few = len(vectors) <= vectors.shape[1]
    products = vectors @ vectors.T if few else vectors.T @ vectors
    last = len(products) - 1
    powers, found = eigh(products, subset_by_index=(max(last + 1 - AXES, 0), last), driver="evr")
    kept = powers > powers[-1] * 1e-10
    if not few:
        return np.asarray(found[:, kept].T)
    return np.asarray((found[:, kept] / np.sqrt(powers[kept])).T @ vectors)


METHODS: Mapping[EmbeddedMethod, Method] = {
    "prototypes": prototypes,
    "neighbours": neighbours,
    "probe": probe,
}
