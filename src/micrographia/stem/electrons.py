"""Fast, exact Poisson counts of electrons, the slowest step of a simulated image.

A Poisson number of rate λ is the sum of one of rate m/4 ≤ λ and one of the remainder. The first
is drawn by Walker's alias method from a table that all pixels share (one look-up whatever the
rate), the second by thinning a draw of rate 1/4, which is 0 four times in five.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
from scipy.stats import poisson

from micrographia.arrays import FloatArray, IntArray

_STEPS = 4  # tables per unit of the rate
_CHUNK = 1 << 16  # numbers drawn at a time, so that all of them stay in the cache
_HIGHEST = 512  # largest tabulated rate; above it numpy's own sampler is used


@dataclass(frozen=True)
class _Tables:
    """Alias tables of rates 0, 1/4, 2/4, …, one after another.

    Attributes
    ----------
    keep, other
        Of each entry: the probability to keep it, and the entry that else takes its place.
    first
        Where each rate's table begins, and the end of the last.
    least
        The count that each table's first entry stands for.
    """

    keep: FloatArray
    other: IntArray
    first: IntArray
    least: IntArray


def draw_counts(rates: FloatArray, generator: np.random.Generator) -> IntArray:
    """Draw a Poisson number for each rate.

    Parameters
    ----------
    rates
        Expected numbers of electrons, at least 0, of any shape.
    generator
        Source of randomness: the same state gives the same counts.

    Returns
    -------
    Counts, of the shape of `rates`.
    """
    highest = float(rates.max(initial=0.0))
    if highest >= _HIGHEST:
        return generator.poisson(rates)
    tables = _tables(1 << int(np.ceil(highest)).bit_length())
    flat = np.ascontiguousarray(rates, dtype=np.float64).ravel()
    counts = np.empty(flat.size, dtype=np.int64)
    uniforms = np.empty((2, _CHUNK))
    for start in range(0, flat.size, _CHUNK):
        generator.random(out=uniforms)
        _draw(
            flat[start : start + _CHUNK],
            uniforms,
            generator,
            tables.keep,
            tables.other,
            tables.first,
            tables.least,
            counts[start : start + _CHUNK],
        )
    return counts.reshape(rates.shape)


@lru_cache(maxsize=4)
def _tables(top: int) -> _Tables:
    """Tables of all rates up to `top`; what lies outside 9.5 deviations is below 1e-17."""
    rows, least = [], []
    for number in range(top * _STEPS + 1):
        rate = number / _STEPS
        reach = 9.5 * np.sqrt(rate)
        low, high = max(0, int(rate - reach - 5)), int(rate + reach + 20)
        shares = poisson.pmf(np.arange(low, high + 1), rate)
        rows.append(shares / shares.sum())
        least.append(low)
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    keep, other = np.empty(first[-1]), np.empty(first[-1], dtype=np.int64)
    for row, start, end in zip(rows, first[:-1], first[1:], strict=True):
        _fill_alias(row * len(row), keep[start:end], other[start:end])
    return _Tables(keep, other, first, np.array(least, dtype=np.int64))


@numba.njit(cache=True)
def _fill_alias(weights: FloatArray, keep: FloatArray, other: IntArray) -> None:
    """Walker's tables by Vose's algorithm (IEEE Trans. Softw. Eng. 17 (1991) 972).

    `weights` are the probabilities over their mean; they are used up.
    """
    poor = [i for i in range(weights.size) if weights[i] < 1]
    rich = [i for i in range(weights.size) if weights[i] >= 1]
    while poor and rich:
        taker, giver = poor.pop(), rich.pop()
        keep[taker] = weights[taker]
        other[taker] = giver
        weights[giver] -= 1 - weights[taker]
        if weights[giver] < 1:
            poor.append(giver)
        else:
            rich.append(giver)
    for i in poor + rich:
        keep[i] = 1.0
        other[i] = i


@numba.njit(cache=True)
def _draw(
    rates: FloatArray,
    uniforms: FloatArray,
    generator: np.random.Generator,
    keep: FloatArray,
    other: IntArray,
    first: IntArray,
    least: IntArray,
    counts: IntArray,
) -> None:
    none = np.exp(-1 / _STEPS)
    for i in range(rates.size):
        table = int(rates[i] * _STEPS)
        start = first[table]
        place = uniforms[0, i] * (first[table + 1] - start)
        entry = int(place)
        if place - entry >= keep[start + entry]:
            entry = other[start + entry]
        count = least[table] + entry
        if uniforms[1, i] >= none:
            share = rates[i] * _STEPS - table
            events, probability, cumulative = 0, none, none
            while uniforms[1, i] >= cumulative and probability > 0:
                events += 1
                probability /= _STEPS * events
                cumulative += probability
                if generator.random() < share:
                    count += 1
        counts[i] = count
