"""Agreement of annotators beyond chance: Cohen's and Fleiss' kappa with bootstrap intervals."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from micrographia.arrays import FloatArray
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY

Row = Mapping[str, Any]


def cohen_kappa(confusion: ArrayLike) -> FloatArray:
    """Return Cohen's kappa of confusion matrices.

    Parameters
    ----------
    confusion
        Counts, shape (..., k, k): first annotator's word by second annotator's.

    Returns
    -------
    ndarray
        Shape (...); NaN where chance alone explains everything (both always say one word).

    References
    ----------
    J. Cohen, Educational and Psychological Measurement 20 (1960) 37.

    Examples
    --------
    >>> round(float(cohen_kappa([[20, 5], [10, 15]])), 3)
    0.4
    """
    counts = np.asarray(confusion, dtype=np.float64)
    total = counts.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(counts, axis1=-2, axis2=-1) / total
        chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
    return _beyond_chance(observed, chance)


def fleiss_kappa(ratings: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Return Fleiss' kappa.

    Parameters
    ----------
    ratings
        Shape (n, k): how many annotators gave picture i the word j; equal sums in all rows, 2
        at least.
    weights
        How often each row counts, shape (..., n); None for once.

    Returns
    -------
    ndarray
        Shape (...); NaN where only one word occurs.

    References
    ----------
    J. L. Fleiss, Psychological Bulletin 76 (1971) 378.
    """
    counts = np.asarray(ratings, dtype=np.float64)
    raters = counts[0].sum()
    often = np.ones(len(counts)) if weights is None else np.asarray(weights, dtype=np.float64)
    total = often.sum(axis=-1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    observed = (often * agreeing).sum(axis=-1) / total
    share = often @ counts / (total[..., None] * raters)
    return _beyond_chance(observed, (share**2).sum(axis=-1))


def _beyond_chance(observed: Any, chance: Any) -> FloatArray:
    room = 1.0 - np.asarray(chance)
    # Rounding must not make a kappa of what is undefined.
    defined = room > 1e-12
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, (observed - chance) / np.where(defined, room, 1.0), np.nan)


def agreement(
    answers: Sequence[Row],
    verdicts: Iterable[Row],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Return kappas by attribute, for each pair of annotators and for all together.

    Parameters
    ----------
    answers
        Rows of ATTRIBUTES. "unknown" and failures are no answers: they are counted, and left
        out of the kappas.
    verdicts
        Rows of CROSSCHECK.
    resamples, confidence, seed
        Of the bootstrap over pictures (percentiles).
    """
    words = _words(answers)
    names = sorted({row["annotator"] for row in answers})
    rng = np.random.default_rng(seed)
    options = (resamples, confidence, rng)
    pairs, together = [], []
    for attribute in ATTRIBUTE_NAMES:
        given = words[attribute]
        for one, other in itertools.combinations(names, 2):
            pairs.append(_pair(attribute, one, other, given, options))
        together.append(_all(attribute, given, options))
    return {
        "n_images": len({row["image_id"] for row in answers}),
        "annotators": [_coverage(name, answers) for name in names],
        "pairs": pairs,
        "fleiss": together,
        "crosscheck": _acceptance(verdicts),
        "bootstrap": {"resamples": resamples, "confidence": confidence, "seed": seed},
    }


Given = dict[str, dict[str, str]]  # annotator → image_id → word


def _words(answers: Iterable[Row]) -> dict[str, Given]:
    """Sort definite answers by attribute, annotator and picture."""
    found: dict[str, Given] = {name: {} for name in ATTRIBUTE_NAMES}
    for row in answers:
        for name in ATTRIBUTE_NAMES if row["failure"] is None else ():
            if row[name] != UNKNOWN:
                found[name].setdefault(row["annotator"], {})[row["image_id"]] = row[name]
    return found


def _pair(
    attribute: str, one: str, other: str, given: Given, options: tuple[int, float, Any]
) -> dict[str, Any]:
    first, second = given.get(one, {}), given.get(other, {})
    both = sorted(first.keys() & second.keys())
    place = {word: index for index, word in enumerate(VOCABULARY[attribute])}
    size = len(place)
    confusion = np.zeros(size * size, dtype=np.int64)
    for image in both:
        confusion[place[first[image]] * size + place[second[image]]] += 1
    entry: dict[str, Any] = {"attribute": attribute, "annotators": [one, other], "n": len(both)}
    if not both:
        return entry | dict.fromkeys(("observed", "kappa", "low", "high"))
    square = confusion.reshape(size, size)
    # Drawing pictures with replacement is drawing cells with their frequencies: as exact, and
    # as fast for a million pictures as for ten.
    draws = options[2].multinomial(len(both), confusion / len(both), size=options[0])
    spread = cohen_kappa(draws.reshape(-1, size, size))
    kappa = float(cohen_kappa(square))
    return entry | {
        "observed": float(np.trace(square) / len(both)),
        **_interval(kappa, spread, options),
    }


def _all(attribute: str, given: Given, options: tuple[int, float, Any]) -> dict[str, Any]:
    """Fleiss' kappa over the pictures that all who ever answer have answered."""
    names = sorted(given)
    entry: dict[str, Any] = {"attribute": attribute, "annotators": names}
    images = sorted(set.intersection(*(set(given[name]) for name in names))) if names else []
    entry["n"] = len(images)
    if len(names) < 2 or not images:
        return entry | dict.fromkeys(("observed", "kappa", "low", "high"))
    place = {word: index for index, word in enumerate(VOCABULARY[attribute])}
    patterns: Counter[tuple[int, ...]] = Counter()
    for image in images:
        counts = [0] * len(place)
        for name in names:
            counts[place[given[name][image]]] += 1
        patterns[tuple(counts)] += 1
    ratings = np.array(sorted(patterns), dtype=np.float64)
    often = np.array([patterns[pattern] for pattern in sorted(patterns)])
    draws = options[2].multinomial(len(images), often / len(images), size=options[0])
    agreeing = (ratings * (ratings - 1)).sum(axis=1) / (len(names) * (len(names) - 1))
    kappa = float(fleiss_kappa(ratings, often))
    observed = float((often * agreeing).sum() / len(images))
    return entry | {
        "observed": observed,
        **_interval(kappa, fleiss_kappa(ratings, draws), options),
    }


def _interval(
    kappa: float, spread: FloatArray, options: tuple[int, float, Any]
) -> dict[str, float | None]:
    """Percentile interval; resamples in which kappa is undefined say nothing."""
    defined = spread[np.isfinite(spread)]
    if not np.isfinite(kappa) or defined.size == 0:
        return {"kappa": None, "low": None, "high": None}
    tail = 50.0 * (1.0 - options[1])
    low, high = np.percentile(defined, (tail, 100.0 - tail))
    return {"kappa": kappa, "low": float(low), "high": float(high)}


def _coverage(name: str, answers: Iterable[Row]) -> dict[str, Any]:
    """How much one annotator answered."""
    rows = [row for row in answers if row["annotator"] == name]
    served = [row for row in rows if row["failure"] is None]
    return {
        "annotator": name,
        "model": rows[0]["model"],
        "n": len(rows),
        "n_failed": len(rows) - len(served),
        "answered": {
            attribute: sum(row[attribute] != UNKNOWN for row in served)
            for attribute in ATTRIBUTE_NAMES
        },
    }


def _acceptance(verdicts: Iterable[Row]) -> list[dict[str, Any]]:
    """Counts of verdicts by annotator, judge and attribute."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for row in verdicts:
        key = (row["annotator"], row["judge"], row["attribute"])
        counts.setdefault(key, Counter())[row["verdict"] or "failed"] += 1
    entries = []
    for (annotator, judge, attribute), found in sorted(counts.items()):
        decided = found["yes"] + found["no"]
        entries.append(
            {
                "annotator": annotator,
                "judge": judge,
                "attribute": attribute,
                **{word: found[word] for word in ("yes", "no", "abstain", "failed")},
                "accepted": found["yes"] / decided if decided else None,
            }
        )
    return entries
