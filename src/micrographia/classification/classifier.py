"""A trained classifier: a calibrated linear probe on the vectors of a frozen encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from micrographia.arrays import BoolArray, FloatArray
from micrographia.classification.identify.confidence import probabilities
from micrographia.classification.identify.space import Space
from micrographia.errors import CheckpointError
from micrographia.training.checkpoint import load_checkpoint, save_checkpoint

#: What a checkpoint of a classifier says it is.
KIND = "classifier"
_AGAIN = "Take the card that was written with the weights, or train the classifier again"


@dataclass(frozen=True)
class Answer:
    """What a classifier says of n pictures.

    Attributes
    ----------
    probabilities
        Of the classes, given that the picture belongs to one of them, shape (n, c).
    known
        Score that it does, 0 … 1, shape (n,).
    sure
        Whether the classifier answers, shape (n,).
    """

    probabilities: FloatArray
    known: FloatArray
    sure: BoolArray


@dataclass(frozen=True)
class Classifier:
    """Weights of a probe and what makes its scores probabilities.

    Attributes
    ----------
    classes
        Names of the c classes.
    encoder
        Name and digest of the encoder, as in `schemas.EMBEDDINGS`.
    space
        In which vectors are compared.
    weights, biases
        Shapes (c, d) and (c,); with one row more where pictures of no class were trained on: the
        last row is then that they belong to none.
    heat
        Temperature of the probabilities.
    threshold
        Least `known` score of an answer.
    """

    classes: tuple[str, ...]
    encoder: str
    space: Space
    weights: FloatArray
    biases: FloatArray
    heat: float
    threshold: float

    def __call__(self, vectors: FloatArray) -> Answer:
        """Classify pictures by their vectors, shape (n, d)."""
        logits = self.space(vectors) @ self.weights.T + self.biases
        return answer(logits, len(self.classes), self.heat, self.threshold)


def answer(logits: FloatArray, count: int, heat: float, least: float) -> Answer:
    """Turn logits into probabilities and decide whether to answer.

    Parameters
    ----------
    logits
        Shape (n, count), or (n, count + 1) where the last is that of no class.
    count
        Number of classes.
    heat
        Temperature.
    least
        Least `known` score of an answer.

    Notes
    -----
    Without pictures of no class the probability of the best class is the score (Hendrycks &
    Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples, 2017); with
    them it is the probability that the picture belongs to any class, whichever: a picture between
    two classes is none the less known.
    """
    own = probabilities(logits[:, :count], heat)
    known = own.max(axis=1)
    if logits.shape[1] > count:
        known = 1.0 - probabilities(logits, heat)[:, count]
    return Answer(own, known, known >= least)


def save_classifier(path: Path, model: Classifier, card: Mapping[str, Any]) -> None:
    """Write a classifier and its card; numbers in single precision."""
    numbers = {
        "centre": model.space.centre,
        "scale": model.space.scale,
        "weights": model.weights,
        "biases": model.biases,
        "heat_threshold": np.array([model.heat, model.threshold]),
    }
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(value, dtype=np.float32))
        for name, value in numbers.items()
    }
    told = {"kind": KIND, "classes": list(model.classes), "encoder": model.encoder}
    save_checkpoint(path, tensors, {**card, **told}, half=False)


def load_classifier(path: str | Path) -> tuple[Classifier, dict[str, Any]]:
    """Read what `save_classifier` wrote, and the card.

    Raises
    ------
    CheckpointError
        The checkpoint is absent, damaged, or no classifier.
    """
    found = load_checkpoint(path)
    if found.card.get("kind") != KIND:
        raise CheckpointError(
            f"{path} is no classifier",
            seen=str(found.card.get("kind")),
            allowed=KIND,
            remedy="Train one with `micrographia classification train`",
        )
    values = {name: tensor.double().numpy() for name, tensor in found.tensors.items()}
    try:
        classes, encoder = tuple(found.card["classes"]), found.card["encoder"]
        heat, least = (float(value) for value in values["heat_threshold"])
        space = Space(values["centre"], values["scale"])
        weights, biases = values["weights"], values["biases"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is no whole classifier: its card or its weights lack {error}",
            remedy=_AGAIN,
        ) from None
    # The last row may be that of no class.
    if len(biases) not in (len(classes), len(classes) + 1):
        raise CheckpointError(
            f"The card of {path} names other classes than its weights know",
            seen=len(classes),
            allowed=f"{len(biases) - 1} or {len(biases)}",
            remedy=_AGAIN,
        )
    return Classifier(classes, encoder, space, weights, biases, heat, least), found.card


def refuse_other_encoder(seen: Iterable[str | None], model: Classifier) -> None:
    """Refuse vectors of another encoder than the classifier was trained on.

    Raises
    ------
    CheckpointError
        They are.
    """
    others = sorted({str(name) for name in seen if name is not None and name != model.encoder})
    if others:
        raise CheckpointError(
            "The classifier was trained on vectors of another encoder",
            seen=", ".join(others),
            allowed=model.encoder,
            remedy="Set classification.encoder to it, or train the classifier again",
        )
