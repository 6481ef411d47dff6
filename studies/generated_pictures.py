"""What generated pictures add to real ones, all of them and only those that are aligned.

    python studies/generated_pictures.py --real real.parquet --generated drawn.parquet

Both tables are written by `micrographia classification embed`: `real` is a labelled set with
groups (articles), of `generated` the label is the class that was asked for. Each article is held
out once, with near-copies; a probe is learned from what is left of the real pictures, from the
generated ones, or from both, and scored on the articles held out. The filter is made anew in each
fold: its judge never sees an article that is tested. Beside the aligned pictures stands a control:
as many generated pictures of each class, drawn at random. `--wrong` lets the generator err: that
share of its pictures is said to be of another class, drawn at random, as where a text was not
followed. Intervals are bootstrap ones by article,
those of the gains on the same resamples; folds are dealt `--draws` times.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.benchmarks.bootstrap import draws, multiplicities
from micrographia.benchmarks.classification.scores import Cases, cases_of, macro_f1
from micrographia.classification.alignment.align import verdicts
from micrographia.classification.classifier import answer
from micrographia.classification.learn import Examples, examples_of, fit
from micrographia.classification.predict import prediction
from micrographia.classification.splits.held_out import folds
from micrographia.config import Classification
from micrographia.io.schemas import EMBEDDINGS
from micrographia.io.tables import read_rows
from micrographia.method_names import JUDGES

Row = dict[str, Any]
Chosen = np.ndarray[Any, np.dtype[np.bool_]]
BOOTSTRAP, SEED = 2000, 1665


def main() -> int:
    """Print the table as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--generated", type=Path, required=True)
    parser.add_argument("--quality", nargs="*", default=["clean", "sure"])
    parser.add_argument("--wrong", type=float, default=0.0, help="share of wrong pictures, 0 to 1")
    parser.add_argument("--draws", type=int, default=3, help="how often folds are dealt")
    arguments = parser.parse_args()
    started = time.perf_counter()
    settings = Classification()
    real = [row for row in usable(arguments.real) if row["label"] is not None]
    generated = usable(arguments.generated)
    for row in (*real, *generated):
        row["mirrored"] = None  # half the time, and the same for all ways
    err(generated, arguments.wrong)
    examples = examples_of([real, generated], settings.none_of_these)
    answers: dict[str, list[list[Row]]] = {}
    kept: dict[str, list[int]] = {}
    for draw in range(arguments.draws):
        for name, rows in held_out(real, examples, settings, draw, kept).items():
            answers.setdefault(name, []).append(rows)
    scored = {
        name: [cases_of(rows, arguments.quality, settings.none_of_these) for rows in each]
        for name, each in answers.items()
    }
    for name, cases in scored.items():
        row = {"learned from": name, "generated kept": mean(kept.get(name)), **summary(cases)}
        for base in ("real", "real + all generated"):
            if name != base:
                row[f"minus {base}"] = gain(cases, scored[base])
        print(json.dumps(row))
    first = scored["real"][0]
    told = {"pictures": int(first.belongs.sum()), "articles": int(first.clusters.max()) + 1}
    print(json.dumps(told | {"seconds": round(time.perf_counter() - started)}))
    return 0


def usable(table: Path) -> list[Row]:
    """Return the rows without a failure."""
    return [row for row in read_rows(table, EMBEDDINGS) if row["failure"] is None]


def err(generated: list[Row], share: float) -> None:
    """Say of a share of the pictures that they are of another class."""
    rng = np.random.default_rng(SEED)
    names = sorted({row["label"] for row in generated})
    for place in rng.permutation(len(generated))[: round(share * len(generated))]:
        row = generated[int(place)]
        row["label"] = str(rng.choice([name for name in names if name != row["label"]]))


def mean(counts: Sequence[int] | None) -> int | None:
    """Return how many generated pictures were learned from, in the mean over folds."""
    return None if counts is None else round(float(np.mean(counts)))


def held_out(
    real: list[Row],
    examples: Examples,
    settings: Classification,
    draw: int,
    kept: dict[str, list[int]],
) -> dict[str, list[Row]]:
    """Return the answers to all real pictures by each way to learn, each held out once.

    The rows are in the order of `real`, whatever the folds.
    """
    is_real = examples.sources == 0
    clusters = examples.clusters[is_real]
    dealt = folds([row["label"] for row in real], settings.folds, draw, clusters)
    logits: dict[str, np.ndarray[Any, Any]] = {}
    count = len(examples.classes)
    for number in range(settings.folds):
        held = np.zeros(len(is_real), dtype=np.bool_)
        held[np.flatnonzero(is_real)[dealt == number]] = True
        # A copy of a held-out picture would be learned from, whoever made it.
        pool = ~held & ~np.isin(examples.clusters, examples.clusters[held])
        for name, chosen in ways(examples, pool, settings, draw):
            kept.setdefault(name, []).append(int((chosen & ~is_real).sum()))
            space, weights, biases = fit(examples, chosen)
            found = logits.setdefault(name, np.zeros((len(real), len(weights))))
            found[dealt == number] = space(examples.vectors[held]) @ weights.T + biases
    return {
        name: [
            prediction(row, name, examples.classes, answer(each, count, 1.0, 0.0), place)
            for place, row in enumerate(real)
        ]
        for name, each in logits.items()
    }


def ways(
    examples: Examples, pool: Chosen, settings: Classification, seed: int
) -> Iterator[tuple[str, Chosen]]:
    """Yield each way to learn: its name and what is learned from."""
    real, generated = pool & (examples.sources == 0), pool & (examples.sources == 1)
    yield "real", real
    yield "generated only", generated
    yield "real + all generated", pool
    part = examples.part(pool)
    for judge in JUDGES:
        said = verdicts(part, part.sources == 1, settings, seed, judge)
        asked = part.labels[part.sources == 1]
        better = said.probabilities > said.probabilities[np.arange(len(asked)), asked][:, None]
        for among in (1, 3):
            taught = np.isin(np.array(examples.classes)[asked], list(said.taught))
            good = (better.sum(axis=1) < among) & (said.known >= said.least) & taught
            chosen = np.zeros(len(pool), dtype=np.bool_)
            chosen[np.flatnonzero(generated)[good]] = True
            name = f"judge {judge}, among {among}"
            yield f"real + aligned generated ({name})", real | chosen
            if among == 1:
                control = at_random(examples.labels, generated, chosen, seed)
                yield f"real + as many generated at random ({name})", real | control


def at_random(
    labels: np.ndarray[Any, Any], generated: Chosen, chosen: Chosen, seed: int
) -> Chosen:
    """Return as many generated pictures of each class as were chosen, at random."""
    rng = np.random.default_rng(seed)
    found = np.zeros(len(labels), dtype=np.bool_)
    for label in np.unique(labels[chosen]):
        own = np.flatnonzero(generated & (labels == label))
        found[rng.permutation(own)[: int((chosen & (labels == label)).sum())]] = True
    return found


def scores(cases: Sequence[Cases], weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return top-1, top-3 and macro-F1, means over the draws, of cases in one order."""
    found = []
    for each in cases:
        own = weights * each.belongs
        tops = [float((own * (each.rank < count)).sum() / own.sum()) for count in (1, 3)]
        found.append([*tops, macro_f1(each, weights)])
    return np.mean(found, axis=0)


def resampled(cases: Sequence[Cases]) -> np.ndarray[Any, Any]:
    """Return the scores of bootstrap resamples of articles, shape (n, 3).

    The pictures of all draws are put into one order, so that a resample is the same for all.
    """
    count = int(cases[0].clusters.max()) + 1
    return np.array(
        [
            scores(cases, times[cases[0].clusters].astype(np.float64))
            for drawn in draws(count, len(cases[0].clusters), BOOTSTRAP, SEED)
            for times in multiplicities(drawn, count)
        ]
    )


NAMES = ("top-1", "top-3", "macro-F1")


def summary(cases: Sequence[Cases]) -> dict[str, list[float]]:
    """Return each score with its interval."""
    value = scores(cases, np.ones(len(cases[0].clusters)))
    low, high = np.nanpercentile(resampled(cases), [2.5, 97.5], axis=0)
    return _told(value, low, high)


def gain(ours: Sequence[Cases], theirs: Sequence[Cases]) -> dict[str, list[float]]:
    """Return by how much each score is above another, on the same resamples."""
    ones = np.ones(len(ours[0].clusters))
    value = scores(ours, ones) - scores(theirs, ones)
    low, high = np.nanpercentile(resampled(ours) - resampled(theirs), [2.5, 97.5], axis=0)
    return _told(value, low, high)


def _told(*parts: np.ndarray[Any, Any]) -> dict[str, list[float]]:
    return {
        name: [round(float(part[place]), 3) for part in parts] for place, name in enumerate(NAMES)
    }


if __name__ == "__main__":
    raise SystemExit(main())
