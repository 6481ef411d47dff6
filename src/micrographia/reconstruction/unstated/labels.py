"""Species for an outline: which ratios of strengths the elements can have.

The gain is not known, so strengths are ratios. Each kind of column that the strongest columns
could be gives a gain; under each, every column takes the kind that is nearest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from ase.data import atomic_numbers

from micrographia.arrays import FloatArray
from micrographia.reconstruction.columns import Kind
from micrographia.reconstruction.unstated.chemistry import log_prior
from micrographia.reconstruction.unstated.data import Data, forms
from micrographia.reconstruction.unstated.optics import EXPONENTS, Optics
from micrographia.reconstruction.unstated.outline import Outline, base

_SYSTEMATIC = 0.05  # relative error of a strength that noise does not explain
_FLOOR = 0.012  # the same over the strongest column's
_NEAR, _BEHIND, _BEAMS = 3, 8.0, 6  # kinds of a column, how far behind, and labellings of a gain
_EXPONENTS = (-6.5, -4.0, -2.0, -1.0, 0.0, 1.0)  # tried, in units of their spread


@dataclass(frozen=True)
class Labelling:
    """Kinds of an outline's columns, the gain and exponent they need, and a first score."""

    kinds: tuple[Kind, ...]
    gain: float
    exponent: float
    value: float


@dataclass(frozen=True)
class Asked:
    """What is known of the sample: elements, and atoms per formula where that is known."""

    numbers: tuple[int, ...]
    composition: dict[int, int] | None = None

    @classmethod
    def of(cls, numbers: list[int], composition: Mapping[str, int] | None = None) -> Asked:
        """What is known, from atomic numbers and a formula by symbols."""
        counts = None
        if composition is not None:
            counts = {atomic_numbers[symbol]: count for symbol, count in composition.items()}
        return cls(tuple(numbers), counts)

    def kinds(self) -> list[Kind]:
        """Every kind of column with one or two atoms."""
        singles: list[Kind] = [(number,) for number in self.numbers]
        return singles + list(combinations_with_replacement(self.numbers, 2))


def label(data: Data, outline: Outline, asked: Asked, most: int = 16) -> list[Labelling]:
    """The most promising labellings, best first.

    Parameters
    ----------
    data, outline
        Fourier data and the columns without species.
    asked
        What is known of the sample.
    most
        Labellings that are returned.
    """
    kinds = asked.kinds()
    area = abs(float(np.linalg.det(data.fit.cell)))
    found: dict[tuple[Kind, ...], Labelling] = {}
    for exponent in _exponents(outline.optics):
        strengths = kind_strengths(data, outline.optics, kinds, exponent)
        unusual = _unusual(outline.optics, exponent)
        for gain in _gains(outline.strengths, strengths):
            for places, fitted, value in _nearest(outline.strengths, strengths, gain, kinds):
                chosen = tuple(kinds[place] for place in places)
                value += log_prior(list(chosen), area, frozenset(asked.numbers), asked.composition)
                value -= unusual
                if chosen not in found or found[chosen].value < value:
                    found[chosen] = Labelling(chosen, fitted, exponent, value)
    return sorted(found.values(), key=lambda item: -item.value)[:most]


def _exponents(optics: Optics) -> list[float]:
    if optics.mode == "phase":
        return [optics.exponent]
    usual, spread = EXPONENTS[optics.mode]
    return [usual + spread * step for step in _EXPONENTS]


def _unusual(optics: Optics, exponent: float) -> float:
    usual, _ = EXPONENTS.get(optics.mode, (exponent, 0.0))
    there, here = replace(optics, exponent=exponent), replace(optics, exponent=usual)
    return there.unusual() - here.unusual()


def kind_strengths(data: Data, optics: Optics, kinds: list[Kind], exponent: float) -> FloatArray:
    """Strength (k,) that an outline gives a column of each kind, at gain one."""
    here = base(data, optics)
    signals = forms(data, replace(optics, exponent=exponent), kinds)
    power = float(np.square(np.abs(here)).sum())
    return np.asarray((np.conj(here) * signals).real.sum(axis=1) / power)


def _gains(columns: FloatArray, kinds: FloatArray) -> list[float]:
    """Gains at which one of the three strongest columns is one of the kinds."""
    top = np.sort(columns)[::-1][:3]
    values = np.unique(np.round(np.log((top[:, None] / kinds[None, :]).ravel()), 2))
    return [float(value) for value in np.exp(values)]


def _nearest(
    columns: FloatArray, strengths: FloatArray, gain: float, kinds: list[Kind]
) -> list[tuple[list[int], float, float]]:
    """Kinds near to the columns' strengths, the gain that fits them best, log-likelihood.

    The nearest of all first, then those that differ from it where another kind is near, too.
    """
    spread = np.hypot(_SYSTEMATIC * columns, _FLOOR * columns.max())
    extra = np.array([-1.5 * (len(kind) - 1) for kind in kinds])
    for _ in range(3):
        scores = _scores(columns, strengths, gain, spread) + extra
        places = scores.argmax(axis=1)
        gain = _best_gain(columns, strengths[places], spread)
    scores = _scores(columns, strengths, gain, spread) + extra
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    for row in scores:
        near = [int(place) for place in np.argsort(-row)[:_NEAR]]
        grown = [
            (value + float(row[place]), [*chosen, place])
            for value, chosen in beams
            for place in near
            if row[place] > row[near[0]] - _BEHIND
        ]
        beams = sorted(grown, key=lambda beam: -beam[0])[:_BEAMS]
    found = []
    for _, chosen in beams:
        fitted = _best_gain(columns, strengths[chosen], spread)
        misfit = ((columns - fitted * strengths[chosen]) / spread) ** 2
        found.append((chosen, fitted, float(-0.5 * misfit.sum())))
    return found


def _scores(
    columns: FloatArray, strengths: FloatArray, gain: float, spread: FloatArray
) -> FloatArray:
    """Log-likelihood of each kind in each column (n, k)."""
    off = (columns[:, None] - gain * strengths[None, :]) / spread[:, None]
    return np.asarray(-0.5 * off**2)


def _best_gain(columns: FloatArray, wanted: FloatArray, spread: FloatArray) -> float:
    return float((columns * wanted / spread**2).sum() / (wanted**2 / spread**2).sum())
