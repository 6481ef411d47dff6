"""Train the classifiers of an embedded annotator on pictures whose attributes are known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.annotation.annotator import AnnotationError
from micrographia.annotation.embedded.examples import Example
from micrographia.annotation.embedded.heads import softmax
from micrographia.arrays import Float32Array, FloatArray, IntArray
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY

#: Words with fewer examples cannot be learned.
_FEWEST = 12
#: Share of the pictures that calibrate and score and are not trained on.
_HELD_OUT = 5
_CLIP = 6.0


def learn(
    kind: str,
    examples: Sequence[Example],
    seed: int,
    *,
    members: int = 4,
    hidden: int = 48,
    least_confidence: float = 0.4,
) -> tuple[dict[str, Any], dict[str, Float32Array]]:
    """Return the card and the weights of classifiers, one per attribute.

    Parameters
    ----------
    kind
        Which features the examples have: "measured" or "texture".
    examples
        What to learn from; all versions of a picture stand on one side of the division.
    seed
        Seed of the initial weights and of the order of examples.
    members
        Networks per attribute, whose probabilities are averaged.
    hidden
        Units of the hidden layer.
    least_confidence
        Confidence below which an attribute is left unknown.

    Raises
    ------
    AnnotationError
        There is nothing to learn from.
    """
    if not examples:
        raise AnnotationError(
            "There are no pictures to train on",
            remedy="Generate more pictures with `synthesis micrographs`",
        )
    names = sorted(examples[0].features)
    raw = np.array([[example.features[name] for name in names] for example in examples])
    held = np.array([_held_out(example.name) for example in examples])
    mean, scale = _standard(raw[~held])
    scaled = np.clip(np.nan_to_num((raw - mean) / scale, posinf=0, neginf=0), -_CLIP, _CLIP)
    basis = _whitening(scaled[~held])
    far = float(np.quantile(np.mean((scaled[held] @ basis) ** 2, axis=1), 0.99))
    often = _repeats(examples)
    card: dict[str, Any] = {
        "kind": kind,
        "features": names,
        "members": members,
        "least_confidence": least_confidence,
        "far": far,
        "attributes": {},
        "temperature": {},
        "metrics": {},
        "data": {"pictures": len({example.name for example in examples}), "seed": seed},
    }
    tensors = {"mean": mean, "scale": scale, "basis": basis}
    for attribute in ATTRIBUTE_NAMES:
        words = np.array([example.words[attribute] for example in examples])
        counts = {word: int((words[~held] == word).sum()) for word in VOCABULARY[attribute]}
        known = [word for word, n in counts.items() if n >= _FEWEST and word != UNKNOWN]
        if len(known) < 2:
            continue
        use = np.isin(words, known)
        target = np.searchsorted(np.sort(known), words)
        card["attributes"][attribute] = sorted(known)
        train, test = np.repeat(np.arange(len(use)), often * (use & ~held)), use & held
        logits = np.zeros((int(test.sum()), len(known)))
        for member in range(members):
            layers = _fit(scaled[train], target[train], hidden, seed + member)
            logits += softmax(_forward(layers, scaled[test]))
            for layer, (weights, bias) in enumerate(layers):
                tensors[f"{attribute}.{member}.{layer}.w"] = weights
                tensors[f"{attribute}.{member}.{layer}.b"] = bias
        logits = np.log(logits / members + 1e-9)
        temperature = _temperature(logits, target[test])
        card["temperature"][attribute] = temperature
        card["metrics"][attribute] = _metrics(logits / temperature, target[test])
    return card, {name: value.astype(np.float32) for name, value in tensors.items()}


def _held_out(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % _HELD_OUT == 0


def _repeats(examples: Sequence[Example]) -> IntArray:
    """How often each example is shown: versions that are rarer, such as segmented, more often."""
    counts = Counter(example.version for example in examples)
    most = max(counts.values())
    return np.array([round(most / counts[example.version]) for example in examples])


def _standard(raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean, scale = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
    return mean, np.where(scale > 1e-9, scale, 1.0)


def _whitening(scaled: FloatArray) -> FloatArray:
    """Directions in which examples vary, each scaled to deviation 1; faint ones are left out."""
    _, deviations, directions = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    deviations = deviations / np.sqrt(len(scaled))
    kept = deviations > 0.1
    return np.asarray((directions[kept] / deviations[kept, None]).T)


def _fit(
    features: FloatArray, target: NDArray[np.integer], hidden: int, seed: int
) -> list[tuple[FloatArray, FloatArray]]:
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(
        (hidden,),
        alpha=0.3,
        batch_size=min(64, len(target)),
        learning_rate_init=2e-3,
        max_iter=60,
        random_state=seed,
        tol=0.0,
        n_iter_no_change=1000,
    )
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # The number of rounds is the regulariser; it is meant to be reached.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(features, target)
    layers = list(zip(network.coefs_, network.intercepts_, strict=True))
    if layers[-1][1].size == 1:  # two classes share one logistic output
        weights, bias = layers[-1]
        layers[-1] = (np.hstack([0 * weights, weights]), np.concatenate([0 * bias, bias]))
    return layers


def _forward(layers: list[tuple[FloatArray, FloatArray]], vector: FloatArray) -> FloatArray:
    for weights, bias in layers[:-1]:
        vector = np.maximum(vector @ weights + bias, 0.0)
    weights, bias = layers[-1]
    return np.asarray(vector @ weights + bias)


def _temperature(logits: FloatArray, target: NDArray[np.integer]) -> float:
    """Divisor of the logits at which held-out words are likeliest (Guo et al., 2017)."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        chances = softmax(logits / np.exp(log_temperature))
        return float(-np.log(chances[np.arange(len(target)), target] + 1e-12).mean())

    if not len(target):
        return 1.0
    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.0), method="bounded").x))


def _metrics(logits: FloatArray, target: NDArray[np.integer]) -> dict[str, float]:
    """Held-out accuracy and expected calibration error over ten bins."""
    if not len(target):
        return {}
    chances = softmax(logits)
    right, sure = chances.argmax(axis=1) == target, chances.max(axis=1)
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(
        abs(float((right[bins == k] - sure[bins == k]).sum())) for k in np.unique(bins)
    ) / len(target)
    return {"n": len(target), "accuracy": float(right.mean()), "calibration_error": error}
