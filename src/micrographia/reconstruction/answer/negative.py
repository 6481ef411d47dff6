"""Pictures whose atoms are dark: defocus would explain them, but their negative is simpler."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrographia.errors import SolveError
from micrographia.reconstruction.columns import CHECK, describe_cell
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.data import Data, price
from micrographia.reconstruction.unstated.optics import Optics
from micrographia.reconstruction.unstated.outline import Outline, cost, trace
from micrographia.reconstruction.unstated.read import Reading

_DIM = 0.2  # mean transfer, below which optics hardly show atoms as bright
_FAINTEST = 0.1  # column over the strongest, below which it is none
_SURELY = 10.0  # log-odds by which the negative must be more credible


def refuse_negative(reading: Reading, most: int, deadline: Deadline) -> None:
    """Refuse a picture that atoms explain much better once it is turned upside down.

    Far out of focus a probe images atoms dark, so that the fit of a picture with inverted
    contrast ends there, with columns where none are.

    Parameters
    ----------
    reading
        The best, with at least one answer.
    most
        Columns in the cell.
    deadline
        Limit of time.

    Raises
    ------
    SolveError
        The negative is more credible.
    """
    data, optics = reading.data, reading.answers[0].state.optics
    if optics.stated is not None or _shown(data, optics) > _DIM:
        return
    upside_down = replace(data, fit=replace(data.fit, coefficients=-data.fit.coefficients))
    usual = Optics(reading.mode, vague=optics.vague)
    nothing = Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), usual)
    other = trace(upside_down, nothing, most, _FAINTEST, deadline)
    if _credit(upside_down, other) > _credit(data, reading.outline) + _SURELY:
        raise SolveError(
            "Atoms are dark in this picture: columns explain its negative far better than itself",
            seen=describe_cell(data.fit),
            allowed="bright atoms; dark ones in the picture of a detector that is stated as 'abf'",
            remedy=f"Invert the picture if its contrast was inverted. {CHECK}",
        )


def _shown(data: Data, optics: Optics) -> float:
    """Transfer that the picture's power meets on average: near 1 in focus, 0 or less far off."""
    power = np.square(np.abs(data.values))
    return float((power * optics.probe(data.fit.g).real).sum() / power.sum())


def _credit(data: Data, outline: Outline) -> float:
    return -cost(data, outline) - price(data) * outline.count
