"""Few-shot identification and the full probe, each picture held out once with its cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.classification.classifier import Answer, answer
from micrographia.classification.identify.confidence import temperature, threshold
from micrographia.classification.identify.demonstrations import demonstrations
from micrographia.classification.identify.methods import METHODS
from micrographia.classification.identify.space import Space
from micrographia.classification.learn import Examples, Rows, examples_of, fit
from micrographia.classification.predict import prediction
from micrographia.classification.splits.held_out import folds
from micrographia.config import Classification
from micrographia.errors import MicrographiaError
from micrographia.method_names import Choice, EmbeddedMethod

#: The probe that is trained on all that is not held out.
FULL = "probe/all"
#: Folds of a split; what is trained on has none.
TEST, VALIDATION, UNUSED = 0, 1, -2


@dataclass(frozen=True)
class Task:
    """One way to identify: a method, how its demonstrations are chosen, and how many."""

    method: EmbeddedMethod
    choice: Choice
    shots: int

    @property
    def name(self) -> str:
        """Name in tables, such as `neighbours/likeness/5`."""
        return f"{self.method}/{self.choice}/{self.shots}"


def bench(
    rows: Rows,
    settings: Classification,
    seed: int,
    extra: Rows = (),
    parts: Mapping[str, str | None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield rows of `schemas.CLASSIFIED`: every way to identify, on every picture of a set.

    A random choice of demonstrations is drawn `draws` times; its name ends in `#draw`.

    Parameters
    ----------
    rows
        Of `schemas.EMBEDDINGS`; each is held out once, with all pictures of its cluster.
    settings
        Folds, methods, numbers of demonstrations.
    seed
        Of folds and draws.
    extra
        More embeddings to learn from, such as those of procedural pictures; never tested on.
    parts
        Part of each path of a split, `schemas.SPLITS`: only `test` is told, `validation` sets
        temperature and threshold, `train` is learned from. None: cross-validation.
    """
    held = [row for row in rows if row["failure"] is None and row["label"] is not None]
    failed = [row for row in rows if row["failure"] is not None]
    whole = examples_of([held, extra], settings.none_of_these, settings.certain)
    tested = np.arange(len(whole.labels)) < len(held)
    if parts is None:
        dealt = _dealt(whole, tested, settings.folds, seed)
    else:
        dealt = _of_split(held, parts, len(whole.labels))
        tested = dealt >= 0
    tables = {FULL: _full(whole, dealt, parts is not None)}
    for method, choice, shots in product(settings.methods, settings.choices, settings.shots):
        task = Task(method, choice, shots)
        for draw in range(settings.draws if choice == "random" and shots else 1):
            name = f"{task.name}#{draw}" if choice == "random" else task.name
            tables[name] = _few(whole, dealt, task, seed + draw, parts is not None)
    # Near-copies are no independent pictures: intervals are drawn by cluster.
    kept = [
        {**held[number], "group": f"cluster {whole.clusters[number]}"}
        for number in np.flatnonzero(tested)
    ]
    told = dealt[tested] == TEST if parts is not None else np.ones(len(kept), dtype=np.bool_)
    for name, logits in tables.items():
        answered = _calibrated(logits, whole, tested, dealt, settings.coverage)
        for number in np.flatnonzero(told):
            yield prediction(kept[number], name, whole.classes, answered, int(number))
        yield from (prediction(row, name) for row in failed)


def _dealt(whole: Examples, tested: BoolArray, count: int, seed: int) -> IntArray:
    """Return the fold of each example; -1 for those that are only learned from."""
    labels = [str(label) for label in whole.labels[tested]]
    found = np.full(len(whole.labels), -1, dtype=np.int64)
    found[tested] = folds(labels, count, seed, whole.clusters[tested])
    return found


def _of_split(held: Rows, parts: Mapping[str, str | None], count: int) -> IntArray:
    """Return the fold of each example by a split; what the split does not name is left out.

    Raises
    ------
    MicrographiaError
        The split names none of the pictures as test.
    """
    folds_of = {"test": TEST, "validation": VALIDATION, "train": -1}
    found = np.full(count, -1, dtype=np.int64)
    for number, row in enumerate(held):
        found[number] = folds_of.get(parts.get(row["path"]) or "", UNUSED)
    if not (found == TEST).any():
        raise MicrographiaError(
            "The split has no test pictures among the embeddings",
            remedy="Make the split from the same set: `micrographia classification split`",
        )
    return found


def _pool(whole: Examples, dealt: IntArray, number: int, split: bool) -> BoolArray:
    """Return what may be learned from while a fold is held out.

    Of a split its part `train`; else all that is no copy of what is held out.
    """
    if split:
        return dealt == -1
    held = dealt == number
    return ~held & ~np.isin(whole.clusters, whole.clusters[held])


def _full(whole: Examples, dealt: IntArray, split: bool) -> FloatArray:
    logits = np.zeros((len(dealt), _rows(whole)))
    fitted = None
    for number in np.unique(dealt[dealt >= 0]):
        held = dealt == number
        if fitted is None or not split:
            fitted = fit(whole, _pool(whole, dealt, int(number), split))
        space, weights, biases = fitted
        logits[held] = space(whole.vectors[held]) @ weights.T + biases
    return logits


def _few(whole: Examples, dealt: IntArray, task: Task, seed: int, split: bool) -> FloatArray:
    """Return logits of all examples that are held out, from demonstrations of the pool."""
    logits = np.zeros((len(dealt), _rows(whole)))
    if task.shots == 0:  # nothing is known: all classes are alike
        return logits
    method = METHODS[task.method]
    for number in np.unique(dealt[dealt >= 0]):
        pool, held = np.flatnonzero(_pool(whole, dealt, int(number), split)), dealt == number
        space = Space.of(whole.vectors[pool])
        vectors, labels = space(whole.vectors[pool]), whole.labels[pool]
        asked = space(whole.vectors[held])
        shown = demonstrations(vectors, labels, asked, task.shots, task.choice, seed)
        if task.choice == "random":
            logits[held] = method(vectors[shown[0]], labels[shown[0]], _rows(whole), asked)
            continue
        logits[held] = np.concatenate(
            [
                method(vectors[chosen], labels[chosen], _rows(whole), query[None])
                for chosen, query in zip(shown, asked, strict=True)
            ]
        )
    return logits


def _rows(whole: Examples) -> int:
    return len(whole.classes) + int(not whole.belongs.all())


def _calibrated(
    logits: FloatArray, whole: Examples, tested: BoolArray, dealt: IntArray, coverage: float
) -> Answer:
    """Turn logits of what is tested into answers.

    Temperature and threshold of a fold come from the certain pictures of the others.
    """
    count, shape = len(whole.classes), len(whole.labels)
    own = np.zeros((shape, count))
    known, sure = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    for number in np.unique(dealt[tested]):
        held = tested & (dealt == number)
        others = tested & (dealt != number) & whole.certain
        fitted = others & whole.belongs
        heat = 1.0
        if fitted.any():
            heat = temperature(
                logits[fitted][:, :count], whole.labels[fitted], whole.seconds[fitted]
            )
        score = answer(logits[others], count, heat, 0.0).known
        least = threshold(score, whole.belongs[others], coverage)
        found = answer(logits[held], count, heat, least)
        own[held], known[held], sure[held] = found.probabilities, found.known, found.sure
    return Answer(own[tested], known[tested], sure[tested])
