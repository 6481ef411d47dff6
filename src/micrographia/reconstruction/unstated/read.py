"""A crystal from a picture's Fourier data, with nothing stated but the elements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.unstated.data import Data, doubted, price, trimmed
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Mode, Optics, usual_strength
from micrographia.reconstruction.unstated.outline import Outline, cost, trace
from micrographia.reconstruction.unstated.pupil import ABERRATIONS
from micrographia.reconstruction.unstated.search import Read, assign

_FAINTEST = 0.6  # of what the faintest column could be, below which it is none
_DOUBTS = (0.05, 0.015, 0.004)  # relative errors of the model that are tried

# At no defocus the first derivative by it vanishes, and no descent would leave there.
_START = (1.0, *(0.0,) * (ABERRATIONS - 1))


@dataclass(frozen=True)
class Reading:
    """Answers of one mode, best first, with the data and outline they explain."""

    mode: Mode
    data: Data
    outline: Outline
    answers: list[Read]
    doubt: float


def read(fit: Fit, asked: Asked, mode: Mode, most: int, deadline: Deadline) -> Reading:
    """Read the crystal of a cell's Fourier data in one mode."""
    fit = trimmed(fit)
    shape = usual_strength(mode, list(asked.numbers), fit.g)
    traced = []
    faintest = _FAINTEST * _contrast(mode, asked)
    outline = Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), Optics(mode, aberrations=_START))
    for doubt in _DOUBTS:
        data = doubted(fit, shape, doubt)
        outline = trace(data, outline, most, faintest, deadline)
        traced.append((_comparable(data, outline), data, outline, doubt))
    _, data, outline, doubt = max(traced, key=lambda item: item[0])
    return Reading(mode, data, outline, assign(data, outline, asked, deadline), doubt)


def _contrast(mode: Mode, asked: Asked) -> float:
    """Signal of the lightest atom over that of two of the heaviest."""
    middle = np.array([[0.7, 0.0]])
    strengths = [float(Optics(mode).strength(number, middle)[0]) for number in asked.numbers]
    return min(strengths) / (2 * max(strengths))


def _comparable(data: Data, outline: Outline) -> float:
    """Evidence of an outline that can be compared between data that doubt differently."""
    spread = float(np.log(data.deviation / data.fit.sigma).sum())
    return -cost(data, outline) - 2 * spread - price(data) * outline.count
