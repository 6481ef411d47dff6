"""A crystal from a picture's Fourier data, with nothing stated but the elements."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.lattice import Fit
from micrographia.reconstruction.unstated.data import Data, doubted, price, trimmed
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Mode, Optics, usual_strength
from micrographia.reconstruction.unstated.outline import Outline, cost, model, seeded, trace
from micrographia.reconstruction.unstated.search import Read, assign

_DARK, _JUDGED = 1.0, 12  # deviations below which a reflection is dark, and how many judge
_BLURRED = (0.14, 0.0, 0.14)  # [Å²]
_FAINTEST = 0.4  # of what the faintest column could be, below which it is none
_DOUBTS = (0.15, 0.05, 0.015, 0.004)  # relative errors of the model that are tried
_START = 0.05  # with which the optics to begin with are chosen


@dataclass(frozen=True)
class Reading:
    """Answers of one mode, best first, with the data and outline they explain."""

    mode: Mode
    data: Data
    outline: Outline
    answers: list[Read]
    doubt: float

    @property
    def value(self) -> float:
        """Evidence of the best answer, comparable between readings of one picture."""
        spread = float(np.log(self.data.deviation / self.data.fit.sigma).sum())
        return self.answers[0].value - 2 * spread


def read(fit: Fit, asked: Asked, start: Optics, most: int, deadline: Deadline) -> Reading:
    """Read the crystal of a cell's Fourier data in one mode.

    Parameters
    ----------
    fit
        Lattice and coefficients.
    asked
        What is known of the sample.
    start
        Mode, and the optics to begin with.
    most
        Columns in the cell.
    deadline
        Limit of time.
    """
    mode = start.mode
    fit = trimmed(fit)
    shape = usual_strength(mode, list(asked.numbers), fit.g)
    faintest = _FAINTEST * _contrast(mode, asked)
    bent = start.vague > 1
    rough = doubted(fit, shape, _START, bent)
    outline = max(
        (
            trace(rough, begun, most, faintest, deadline)
            for optics in _starts(start)
            for begun in _begun(rough, optics, most)
        ),
        key=lambda found: _comparable(rough, found),
    )
    fit = replace(fit, sigma=fit.sigma * _unseen_noise(rough, outline))
    traced = []
    for doubt in _DOUBTS:
        data = doubted(fit, shape, doubt, bent)
        outline = trace(data, outline, most, faintest, deadline)
        traced.append((_comparable(data, outline), data, outline, doubt))
    _, data, outline, doubt = max(traced, key=lambda item: item[0])
    return Reading(mode, data, outline, assign(data, outline, asked, deadline), doubt)


def _starts(optics: Optics) -> list[Optics]:
    """Sharp and blurred optics: no descent leads from defocus that blurs to a blur that does."""
    if optics.stated is not None:
        return [optics]
    return [optics, replace(optics, blur=_BLURRED)]


def _begun(data: Data, optics: Optics, most: int) -> list[Outline]:
    """Outlines that a search begins with: the strong columns, and none at all."""
    seeds = seeded(data, optics, most)
    if seeds.count < 2:
        # The first column that a search from nothing finds is the same.
        return [seeds]
    return [seeds, Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), optics)]


def _unseen_noise(data: Data, outline: Outline) -> float:
    """Factor by which the noise is stronger than what surrounds the reflections says.

    Judged by the reflections that the columns leave dark: of a picture of few cells that was
    resampled, compressed or labelled they hold more than the rings about them.
    """
    explained = model(data, outline)
    dark = np.abs(explained) < _DARK
    if dark.sum() < _JUDGED:
        return 1.0
    power = np.square(np.abs(data.values - explained))[dark]
    return float(np.sqrt(max(1.0, np.median(power) / np.log(2))))


def _contrast(mode: Mode, asked: Asked) -> float:
    """Signal of the lightest atom over that of the heaviest."""
    middle = np.array([[0.7, 0.0]])
    strengths = [float(Optics(mode).strength(number, middle)[0]) for number in asked.numbers]
    return min(strengths) / max(strengths)


def _comparable(data: Data, outline: Outline) -> float:
    """Evidence of an outline that can be compared between data that doubt differently."""
    spread = float(np.log(data.deviation / data.fit.sigma).sum())
    return -cost(data, outline) - 2 * spread - price(data) * outline.count
