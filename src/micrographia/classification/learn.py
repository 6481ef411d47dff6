"""Training of a classifier from embeddings, with confidence fitted on what it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.classification.classifier import Classifier, answer
from micrographia.classification.embedding import matrix
from micrographia.classification.identify.confidence import temperature, threshold
from micrographia.classification.identify.methods import fit_probe
from micrographia.classification.identify.space import Space
from micrographia.classification.splits.clusters import clusters_of
from micrographia.classification.splits.held_out import folds
from micrographia.config import Classification
from micrographia.errors import MicrographiaError

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Examples:
    """Labelled vectors.

    Attributes
    ----------
    classes
        Names, sorted.
    vectors
        Shape (n, d).
    mirrored
        The same of the mirrored pictures; None where they were not embedded.
    labels
        Shape (n,), from 0; the number of classes for pictures of no class.
    seconds
        Class that is right too, shape (n,); -1 for none.
    clusters
        Shape (n,).
    sources
        Which set each is of, shape (n,).
    certain
        Whether its answer counts where confidences are fitted, shape (n,).
    encoder
        Name and digest.
    """

    classes: tuple[str, ...]
    vectors: FloatArray
    mirrored: FloatArray | None
    labels: IntArray
    seconds: IntArray
    clusters: IntArray
    sources: IntArray
    certain: BoolArray
    encoder: str

    @property
    def belongs(self) -> BoolArray:
        """Whether each picture belongs to a class, shape (n,)."""
        return self.labels < len(self.classes)

    def part(self, chosen: BoolArray) -> Examples:
        """Return some of the examples; the classes stay, also those of which none is chosen."""
        columns: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, each in columns.items():
            columns[name] = each[chosen] if isinstance(each, np.ndarray) else each
        return Examples(**columns)


def examples_of(
    sets: Sequence[Rows], none_of_these: str | None, certain: Sequence[str] = ()
) -> Examples:
    """Return the examples of sets of rows of `schemas.EMBEDDINGS`, without failures.

    Parameters
    ----------
    sets
        The rows.
    none_of_these
        Label of pictures of no class.
    certain
        Words that the quality of a certain picture has.

    Raises
    ------
    MicrographiaError
        There are fewer than two classes.
    """
    usable = [
        [row for row in rows if row["failure"] is None and row["label"] is not None]
        for rows in sets
    ]
    good = [row for rows in usable for row in rows]
    names = sorted({row["label"] for row in good} - {none_of_these})
    if len(names) < 2:
        raise MicrographiaError(
            "A classifier needs at least two classes",
            seen=", ".join(names) or "none",
            remedy="Add labelled pictures of other classes",
        )
    places = {name: number for number, name in enumerate(names)}
    numbers = dict(places)
    if none_of_these is not None:
        numbers[none_of_these] = len(names)
    sure = [set(certain) <= set((row["quality"] or "").split()) for row in good]
    both = all(row["mirrored"] is not None for row in good)
    return Examples(
        tuple(names),
        matrix(good),
        matrix(good, "mirrored") if both else None,
        np.array([numbers[row["label"]] for row in good], dtype=np.int64),
        np.array([places.get(row["second"], -1) for row in good], dtype=np.int64),
        clusters_of(good),
        np.repeat(np.arange(len(usable)), [len(rows) for rows in usable]),
        np.array(sure, dtype=np.bool_),
        str(good[0]["encoder"]),
    )


def fit(examples: Examples, chosen: BoolArray) -> tuple[Space, FloatArray, FloatArray]:
    """Fit the space and the probe to some of the examples; mirrored ones count as pictures.

    Returns
    -------
    space, weights, biases
        With a row for each class, and one for no class where there are such examples. A class
        without examples among the chosen is never predicted.
    """
    labels = examples.labels[chosen]
    vectors = examples.vectors[chosen]
    weights_of = shares(labels, examples.clusters[chosen], examples.sources[chosen])
    if examples.mirrored is not None:
        vectors = np.concatenate([vectors, examples.mirrored[chosen]])
        labels, weights_of = np.tile(labels, 2), np.tile(weights_of, 2)
    space = Space.of(vectors)
    rows = len(examples.classes) + int(not examples.belongs.all())
    weights = np.zeros((rows, vectors.shape[1]))
    biases = np.full(rows, -1e3)
    present = np.unique(labels)
    weights[present], biases[present] = fit_probe(space(vectors), labels, weights_of)
    return space, weights, biases


def shares(labels: IntArray, clusters: IntArray, sources: IntArray) -> FloatArray:
    """Return the weights of examples: classes count the same, and so do the sets of a class.

    Within a set and class a cluster of n pictures weighs as much as the root of n single ones:
    pictures of one article are neither one picture nor n.

    Parameters
    ----------
    labels, clusters, sources
        Shape (n,).

    Returns
    -------
    ndarray
        Shape (n,), of mean 1.

    Examples
    --------
    >>> shares(np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([0, 0, 0])).tolist()
    [0.75, 0.75, 1.5]
    """
    kinds = np.stack([labels, clusters], axis=1)
    _, place, counts = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(counts[place])
    for parts in (np.stack([labels, sources], axis=1), labels[:, None]):
        _, place = np.unique(parts, axis=0, return_inverse=True)
        weights = weights / np.bincount(place, weights=weights)[place]
    return weights * len(labels) / weights.sum()


def out_of_fold(examples: Examples, count: int, seed: int, counted: BoolArray) -> FloatArray:
    """Return the logits of each picture by a probe that saw neither it nor its cluster.

    Those that do not count, shape (n,), are always learned from, but for copies of what is held
    out; their logits are 0.
    """
    labels = [str(label) for label in examples.labels[counted]]
    dealt = np.full(len(counted), -1)
    dealt[counted] = folds(labels, count, seed, examples.clusters[counted])
    found: FloatArray | None = None
    for number in range(count):
        held = dealt == number
        if not held.any():
            continue
        copies = np.isin(examples.clusters, examples.clusters[held])
        space, weights, biases = fit(examples, ~held & ~copies)
        logits = space(examples.vectors[held]) @ weights.T + biases
        found = np.zeros((len(held), logits.shape[1])) if found is None else found
        found[held] = logits
    assert found is not None
    return found


def train(
    sets: Sequence[Rows], settings: Classification, seed: int, judged: Sequence[Rows] = ()
) -> tuple[Classifier, dict[str, Any]]:
    """Train a classifier on embeddings.

    Temperature and threshold are fitted to logits of cross-validation, in which near-copies and
    groups stay together; the probe is then fitted to all.

    Parameters
    ----------
    sets
        Rows of `schemas.EMBEDDINGS`, of one or several sets.
    settings
        Folds, coverage, and the label of pictures of no class.
    seed
        Of the folds.
    judged
        More sets to train on. If there are any, temperature, threshold and metrics are of these
        alone, such as those of real pictures beside many drawn ones.

    Returns
    -------
    classifier, metrics
        `metrics` are those of the cross-validation: `top1`, `n`, `turned_away` (share of the
        pictures of no class that are declined; absent where there are none).

    Raises
    ------
    MicrographiaError
        There are too few classes or pictures, or none is certain.
    """
    examples = examples_of([*sets, *judged], settings.none_of_these, settings.certain)
    count, belongs = len(examples.classes), examples.belongs
    counted = examples.sources >= (len(sets) if judged else 0)
    logits = out_of_fold(examples, settings.folds, seed, counted)
    counted = counted & examples.certain
    own, others = counted & belongs, counted & ~belongs
    if not own.any():
        raise MicrographiaError(
            "There is no picture to fit confidences to",
            seen=f"classification.certain: {', '.join(settings.certain)}",
            remedy="Name words that the quality of some pictures has, or none",
        )
    labels, seconds = examples.labels[own], examples.seconds[own]
    heat = temperature(logits[own][:, :count], labels, seconds)
    known = answer(logits, count, heat, 0.0).known
    least = threshold(known[counted], belongs[counted], settings.coverage)
    best = logits[own][:, :count].argmax(axis=1)
    hits = (best == labels) | (best == seconds)
    metrics: dict[str, Any] = {"top1": float(hits.mean()), "n": int(own.sum())}
    if others.any():
        metrics["turned_away"] = float((known[others] < least).mean())
    space, weights, biases = fit(examples, np.ones(len(belongs), dtype=np.bool_))
    return (
        Classifier(examples.classes, examples.encoder, space, weights, biases, heat, least),
        metrics,
    )
