"""Shape of fibres: curvature, persistence length, direction; and how well they are aligned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.segmentation.fibres.centre_line import Fibre

#: Points of a line between which directions are taken [px]: closer ones feel the pixels.
_LAG = 4.0
#: Uncertainty of a centre line [px]; it bounds how straight a fibre can be seen to be.
_LINE_ERROR = 0.15
#: Tangents are compared up to this share of the length; beyond, there are too few pairs.
_MOST_LAG = 0.5


def tangent_angles(points: FloatArray) -> FloatArray:
    """Directions of the steps of a line, unwrapped, clockwise on the screen [rad]."""
    steps = np.diff(points, axis=0)
    return np.asarray(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))


def direction_deg(fibre: Fibre) -> float:
    """Mean direction of a fibre, counter-clockwise from the x axis, 0 ≤ d < 180 [degree]."""
    return _direction(np.exp(2j * tangent_angles(fibre.points)).sum())


def _direction(doubled: complex) -> float:
    # The y axis of pictures points down, angles are counted as the eye sees them.
    angle = float(np.degrees(-np.angle(doubled) / 2)) % 180.0
    return 0.0 if angle == 180.0 else angle


def alignment(fibres: Sequence[Fibre]) -> tuple[float, float]:
    """Order parameter S2 in the plane and mean direction of fibres, weighted by length.

    Parameters
    ----------
    fibres
        At least one.

    Returns
    -------
    s2
        ⟨cos 2(θ - θ₀)⟩ over all steps of all centre lines, θ₀ being their mean direction: 1 for
        parallel fibres, 0 for any direction alike.
    direction
        θ₀, counter-clockwise from the x axis, 0 ≤ θ₀ < 180 [degree].

    Notes
    -----
    Of n fibres without any order S2 is not 0 but about √(π/4n).

    Examples
    --------
    >>> line = np.column_stack([np.arange(50.0), np.zeros(50)])
    >>> ones = np.ones(50)
    >>> one = Fibre(line, ones, ones > 0, False)
    >>> alignment([one, Fibre(line[:, ::-1], ones, ones > 0, False)])[0]
    0.0
    """
    doubled = sum(_doubled(fibre) for fibre in fibres)
    total = sum(fibre.length for fibre in fibres)
    return round(float(abs(doubled) / total), 12), _direction(doubled)


def _doubled(fibre: Fibre) -> complex:
    lengths = np.hypot(*np.diff(fibre.points, axis=0).T)
    return complex((lengths * np.exp(2j * tangent_angles(fibre.points))).sum())


def curvature(fibre: Fibre) -> tuple[float, float]:
    """Mean and greatest curvature of a centre line, without sign [1/px].

    Turns are taken over `_LAG` px, so nothing bends more tightly than pixels can show.
    """
    angles = tangent_angles(fibre.points)
    lag = max(1, round(_LAG / fibre.step))
    if len(angles) <= lag:
        return 0.0, 0.0
    turns = np.abs(angles[lag:] - angles[:-lag]) / (lag * fibre.step)
    return float(turns.mean()), float(turns.max())


def persistence_px(fibres: Sequence[Fibre]) -> float | None:
    """Persistence length in the plane [px]; None where the fibres look straight.

    Parameters
    ----------
    fibres
        One, or all of a picture: their pairs of tangents are put together.

    Returns
    -------
    float or None
        P of ⟨cos Δθ⟩ = exp(-s / 2P), fitted by least squares to lags s up to half of each fibre's
        length. None where ⟨cos Δθ⟩ cannot be told from 1 or is below 0.

    Notes
    -----
    The 2 is that of a chain at equilibrium in a plane (Rivetti et al., J. Mol. Biol. 264, 919
    (1996)); what was trapped from a solution onto a support looks otherwise. One fibre is one
    sample: its P scatters by a factor of two or more when it is not many P long.
    """
    lags, logs, weights = [], [], []
    longest = max((fibre.length for fibre in fibres), default=0.0)
    for lag in np.arange(_LAG, max(_LAG, _MOST_LAG * longest) + 1e-9, _LAG):
        cosines = [
            np.cos(angles[shift:] - angles[:-shift])
            for fibre in fibres
            if lag <= _MOST_LAG * fibre.length
            and (shift := round(lag / fibre.step)) > 0
            and len(angles := tangent_angles(fibre.points)) > shift
        ]
        pairs = np.concatenate(cosines) if cosines else np.empty(0)
        # Bends below the uncertainty of the line at this distance are none.
        if not len(pairs) or not 0.2 < pairs.mean() < 1 - (2 * _LINE_ERROR / lag) ** 2:
            continue
        lags.append(lag)
        logs.append(-np.log(pairs.mean()))
        weights.append(len(pairs))
    if len(lags) < 3:
        return None
    s, y, w = (np.array(values, dtype=np.float64) for values in (lags, logs, weights))
    slope = float((w * s * y).sum() / (w * s * s).sum())
    return 1 / (2 * slope)
