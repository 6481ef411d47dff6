"""Keep generated pictures that show the class that was asked for; say why others are dropped.

The filter of GDL-NMID, which discards generated pictures that do not match their text, by a
classifier instead of by hand. Whatever made the pictures, they come as embeddings whose label is
the class that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.classification.classifier import answer
from micrographia.classification.identify.confidence import temperature, threshold
from micrographia.classification.learn import Examples, Rows, examples_of, fit, out_of_fold
from micrographia.config import Classification
from micrographia.errors import MicrographiaError
from micrographia.io.schemas import ALIGNED
from micrographia.method_names import Judge


@dataclass(frozen=True)
class Verdicts:
    """What a judge says of n generated pictures.

    Attributes
    ----------
    classes
        Names of the c classes.
    taught
        Those of which the judge learned from any picture.
    probabilities
        Shape (n, c).
    known
        Score that a picture belongs to any class, shape (n,).
    least
        Least score of a picture that is kept.
    """

    classes: tuple[str, ...]
    taught: frozenset[str]
    probabilities: FloatArray
    known: FloatArray
    least: float


def align(
    generated: Rows,
    reference: Sequence[Rows],
    settings: Classification,
    seed: int,
    judge: Judge = "reference",
    among: int = 1,
) -> list[dict[str, Any]]:
    """Judge generated pictures by a classifier that learned from none of those it judges.

    Parameters
    ----------
    generated
        Rows of `schemas.EMBEDDINGS`; `label` is the class that was asked for.
    reference
        Sets of rows of labelled pictures, such as real ones.
    settings
        Folds, label of pictures of no class, and the share of known pictures whose score is to
        be enough.
    seed
        Of the folds.
    judge
        As in `verdicts`.
    among
        How many of the judge's most probable classes may be the one that was asked for.

    Returns
    -------
    list of dict
        Rows of `schemas.ALIGNED`, in the order of `generated`.

    Raises
    ------
    MicrographiaError
        There is nothing to learn from, or the embeddings are of several encoders.
    """
    good = [row for row in generated if row["failure"] is None and row["label"] is not None]
    if judge == "reference" and not any(len(rows) for rows in reference):
        raise MicrographiaError(
            "There is no reference to judge by",
            remedy="Name embeddings of labelled pictures with --reference, or take --judge both",
        )
    if not good:
        return [_unread(row) for row in generated]
    examples = examples_of([*reference, good], settings.none_of_these)
    said = verdicts(examples, examples.sources == len(reference), settings, seed, judge)
    judged = {id(row): _row(row, said, n, among) for n, row in enumerate(good)}
    return [judged[id(row)] if id(row) in judged else _unread(row) for row in generated]


def verdicts(
    examples: Examples, generated: BoolArray, settings: Classification, seed: int, judge: Judge
) -> Verdicts:
    """Return what a judge says of generated pictures, with a threshold from what it did not see.

    Parameters
    ----------
    examples
        Reference and generated pictures.
    generated
        Which of them are generated, shape (n,).
    settings, seed
        As in `align`.
    judge
        `reference`: learned from the reference alone. `both`: learned from the reference and from
        the generated pictures of the other folds, near-copies together: for classes of which the
        reference holds few or none.

    Raises
    ------
    MicrographiaError
        The judge would learn from fewer than two classes.
    """
    count = len(examples.classes)
    learned = np.ones(len(generated), dtype=np.bool_) if judge == "both" else ~generated
    part = examples.part(learned)
    if len(np.unique(part.labels)) < 2:
        seen = {examples.classes[label] for label in part.labels[part.belongs]}
        raise MicrographiaError(
            "A judge has to learn from at least two classes",
            seen=", ".join(sorted(seen)) or "none",
            remedy="Name embeddings of more classes with --reference, or take --judge both",
        )
    counted = np.ones(len(part.labels), dtype=np.bool_)
    logits = out_of_fold(part, settings.folds, seed, counted)
    heat = temperature(logits[part.belongs][:, :count], part.labels[part.belongs])
    least = threshold(answer(logits, count, heat, 0.0).known, part.belongs, settings.coverage)
    if judge == "both":
        own = logits[generated]
    else:
        space, weights, biases = fit(examples, learned)
        own = space(examples.vectors[generated]) @ weights.T + biases
    said = answer(own, count, heat, least)
    taught = frozenset(examples.classes[label] for label in part.labels[part.belongs])
    return Verdicts(examples.classes, taught, said.probabilities, said.known, least)


def _row(row: Mapping[str, Any], said: Verdicts, number: int, among: int) -> dict[str, Any]:
    """Return the row of a picture that was judged."""
    own, known = said.probabilities[number], float(said.known[number])
    order: IntArray = np.argsort(-own, kind="stable")
    judged = said.classes[int(order[0])]
    one = dict.fromkeys(ALIGNED.names) | {
        "path": row["path"],
        "asked": row["label"],
        "judged": judged,
        "known": known,
        "kept": False,
    }
    if row["label"] not in said.taught:
        return one | {"reason": f"the judge knows no picture of {row['label']}"}
    asked = said.classes.index(row["label"])
    one |= {"probability": float(own[asked]), "place": int(np.flatnonzero(order == asked)[0]) + 1}
    if one["place"] > among:
        told = f"looks like {judged} ({own[order[0]]:.2f}), asked for {row['label']}"
        return one | {"reason": f"{told} ({own[asked]:.2f})"}
    if known < said.least:
        told = f"may belong to no class: score {known:.2f}, least {said.least:.2f}"
        return one | {"reason": told}
    return one | {"kept": True}


def _unread(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a picture that could not be judged."""
    return dict.fromkeys(ALIGNED.names) | {
        "path": row["path"],
        "asked": row["label"],
        "kept": False,
        "reason": row["failure"] or "no class was asked for",
        "failure": row["failure"],
    }
