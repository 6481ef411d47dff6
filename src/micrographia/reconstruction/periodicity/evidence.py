"""Whether a picture's lattice is larger or smaller than it was taken for: its power spectrum.

A superstructure puts power on fractions of the reciprocal lattice, a cell that is too large
predicts reflections that are not there. What noise, streaks of jittering rows and tails of strong
reflections put anywhere is measured around each point, and by the same statistic at points of the
reciprocal cell that no small superstructure has. Drift and bending widen the reflections that are
there; they put nothing on fractions, so they make no superlattices.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.fft import fft2, next_fast_len
from scipy.ndimage import uniform_filter

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.physics.imaging import reciprocal_vectors
from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.lattice import sublattices
from micrographia.reconstruction.periodicity.folding import fold, look_up

_PADDING = 2
_INNER, _OUTER = 2.5, 6.0  # ring in which the surroundings are measured [1/side]
_LINE_INNER, _LINE_OUTER = 1.5, 4.0  # and the parts of lines in which streaks are
_LINE_SHARE = 0.8
_LEAST_AROUND = 16  # samples of the padded spectrum in it, or nothing is said
_APART = 4.0  # least distance of a fraction from a reflection [1/side]
_CAP = 40.0  # what one reflection may say at most, in units of its surroundings
_CONTROLS = 16
_LEAST_CONTROLS = 6
_CERTAIN = 5.0  # deviations by which a superstructure must stand out
_PRESENT = 4.0  # and by which reflections of the lattice must, for it to be kept
_LARGEST_INDEX = 4
_FRACTIONS = (2, 3, 4)
_FAINT = 3e-7  # of the strongest reflection's power, below which nothing counts
_MOST_REFLECTIONS = 150


@dataclass(frozen=True)
class _Statistic:
    """What a set of points of the spectrum shows: the mean and the largest excess."""

    mean: float
    largest: float
    tested: int


class Spectrum:
    """Power of a picture at any frequency, over what is usual around it."""

    def __init__(self, flat: FloatArray, weight: FloatArray, floor: float = 0.0) -> None:
        rows, columns = flat.shape
        window = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[None, 1:-1]
        shape = (next_fast_len(_PADDING * rows), next_fast_len(_PADDING * columns))
        self.power = np.square(np.abs(fft2(flat * weight * window, s=shape)))
        self._scale = np.array([shape[1], shape[0]], dtype=np.float64)  # samples per 1/px, x and y
        self.sides = np.array([columns, rows], dtype=np.float64)
        step = self._scale / self.sides  # samples per 1/side
        reach = np.ceil(_OUTER * step).astype(int)
        down, along = np.mgrid[-reach[1] : reach[1] + 1, -reach[0] : reach[0] + 1]
        radius = np.hypot(along / step[0], down / step[1])
        # Every other sample of the padded spectrum says what all of them would.
        ring = (radius >= _INNER) & (radius <= _OUTER) & ((along + down) % 2 == 0)
        # Jittering rows and flicker put power on lines along the axes.
        narrow = (radius >= _LINE_INNER) & (radius <= _LINE_OUTER)
        lines = [narrow & (np.abs(along) <= 1), narrow & (np.abs(down) <= 1)]
        self._around = [np.stack([along[one], down[one]], axis=1) for one in (ring, *lines)]
        self._local = uniform_filter(self.power, 3, mode="wrap")
        self.floor = max(floor, _FAINT * float(self.power.max()))

    def excess(self, g: FloatArray, cell: FloatArray) -> FloatArray:
        """Power at frequencies (m, 2) [1/px] over that around them (m,); NaN where unknown.

        Reflections of `cell` do not count as surroundings.
        """
        places = np.rint(g * self._scale).astype(np.int64)
        here = self._at(self._local, places)
        usual = np.full(len(g), np.nan)
        # The larger of noisy medians is too large: lines count where they stand out.
        for around, share in zip(self._around, (1.0, _LINE_SHARE, _LINE_SHARE), strict=True):
            usual = np.fmax(usual, share * self._usual(places, around, cell))
        return np.asarray(here / np.maximum(usual, self.floor))

    def _usual(self, places: IntArray, around: IntArray, cell: FloatArray) -> FloatArray:
        """Mean power (m,) by the median of the samples around places (m, 2); NaN if too few."""
        if not len(around):
            return np.full(len(places), np.nan)
        near = places[:, None] + around
        values = self._at(self.power, near)
        indices = (near / self._scale) @ cell.T
        gaps = (indices - np.rint(indices)) @ np.linalg.inv(cell).T
        values[np.linalg.norm(gaps * self.sides, axis=2) < _INNER] = np.nan
        counts = np.isfinite(values).sum(axis=1)
        values.sort(axis=1)
        # What is not known is sorted to the end; the middle is that of the rest.
        middles = np.stack([(counts - 1) // 2, counts // 2], axis=1)
        medians = np.take_along_axis(values, np.maximum(middles, 0), axis=1).mean(axis=1)
        known = counts >= min(_LEAST_AROUND, len(around) // 2)
        return np.where(known, medians / np.log(2), np.nan)

    @staticmethod
    def _at(values: FloatArray, places: IntArray) -> FloatArray:
        rows, columns = values.shape
        return np.asarray(values[places[..., 1] % rows, places[..., 0] % columns])


@dataclass(frozen=True)
class Settled:
    """A cell that its reflections bear out.

    Attributes
    ----------
    cell
        Reduced vectors (2, 2) as rows (x, y) [px].
    certainty
        Deviations by which the reflections of the cell proposed stand out of the spectrum beside
        them; 0 where the picture has too few cells to tell.
    smaller, larger
        How many times the cell was made smaller, and then larger.
    testable
        Whether the picture holds enough cells for a doubled one to be noticed.
    """

    cell: FloatArray
    certainty: float
    smaller: int
    larger: int
    testable: bool


def settle_cell(flat: FloatArray, weight: FloatArray, cell: FloatArray, largest: float) -> Settled:
    """Make a cell as small as its reflections allow and as large as they ask for.

    Parameters
    ----------
    flat, weight
        Picture without background, with its rows at their places, and 1 for valid pixels, both
        (rows, columns).
    cell
        Vectors (2, 2) as rows (x, y) [px], refined.
    largest
        Largest area of the cell [px²].
    """
    spectrum = Spectrum(flat, weight)
    _, g = _reflections(spectrum, cell)
    controls = _controls(spectrum, cell, g)
    certainty = _standing_out(_statistic(spectrum.excess(g, cell)), controls)
    smaller = _thinned(spectrum, cell)
    mean = fold(flat, weight, smaller)
    y, x = np.mgrid[: flat.shape[0], : flat.shape[1]].astype(np.float64)
    left = flat - look_up(mean.tables()[:1], smaller, x, y)[0]
    # Side lobes of strong reflections would pass for weak ones: what is explained goes first.
    rest = Spectrum(left, weight, spectrum.floor)
    _, g = _reflections(spectrum, smaller)
    larger, order = _enlarged(rest, smaller, g, largest)
    reciprocal = _reciprocal(smaller)
    halves = [_distance(fraction, reciprocal, spectrum.sides) for fraction in _cyclic(2)]
    return Settled(
        cell=gauss_reduce(larger)[0],
        certainty=certainty,
        smaller=round(abs(float(np.linalg.det(cell) / np.linalg.det(smaller)))),
        larger=order,
        testable=len(controls) >= _LEAST_CONTROLS and min(halves) >= _APART,
    )


def _reciprocal(cell: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.inv(cell).T, dtype=np.float64)


def _reflections(spectrum: Spectrum, cell: FloatArray) -> tuple[IntArray, FloatArray]:
    """Indices and frequencies (m, 2) of the reflections within the reach of the visible ones."""
    indices, g = reciprocal_vectors(cell, 0.45)
    order = np.argsort(np.linalg.norm(g, axis=1))[: 2 * _MOST_REFLECTIONS]
    indices, g = indices[order], g[order]
    excess = np.nan_to_num(spectrum.excess(g, cell), nan=0.0)
    seen = np.flatnonzero(excess > 12)
    last = int(seen[-1]) + 1 if len(seen) else min(len(g), 12)
    return indices[:last], g[:last]


def _statistic(excess: FloatArray) -> _Statistic:
    known = excess[np.isfinite(excess)]
    if not len(known):
        return _Statistic(0.0, 0.0, 0)
    capped = np.minimum(known, _CAP)
    return _Statistic(float(capped.mean()), float(capped.max()), len(known))


def _standing_out(one: _Statistic, controls: list[_Statistic]) -> float:
    """How surely a statistic stands out of the controls, in deviations of a Gaussian or more.

    The mean of n unit exponentials varies by 1/√n. The largest of them exceeds x by a chance of
    n exp(-x); controls that are larger show how much heavier the tail is.
    """
    if not one.tested or not controls:
        return 0.0
    means = np.array([control.mean for control in controls])
    middle = max(float(np.median(means)), 0.9)  # where all is as around it, the mean is 1
    spread = 1.4826 * float(np.median(np.abs(means - middle))) / middle
    # Wilson and Hilferty: the cube root of a gamma variable is nearly normal. Half of the points
    # repeat the other half, since g and -g have the same power.
    half = max(1.0, one.tested / 2)
    root = np.cbrt(one.mean / middle) - (1 - 1 / (9 * half))
    by_mean = root * 3 * np.sqrt(half) / max(1.0, spread * np.sqrt(half))
    usual = np.log(max(2, controls[0].tested)) + 0.58
    tail = max(1.0, float(np.median([control.largest for control in controls])) / usual)
    surprise = max(0.0, one.largest / tail - np.log(one.tested))
    return float(max(by_mean, np.sqrt(2 * surprise)))


def _controls(spectrum: Spectrum, cell: FloatArray, g: FloatArray) -> list[_Statistic]:
    """Statistics at points of the reciprocal cell away from all simple fractions."""
    reciprocal = _reciprocal(cell)
    simple = np.array(
        [[i / n, j / n] for n in _FRACTIONS for i, j in itertools.product(range(n), repeat=2)]
    )
    # Two irrational steps fill the cell evenly.
    places = np.outer(np.arange(1, 200), [0.7548776662, 0.5698402910]) % 1.0
    apart = np.array([_distance(place, reciprocal, spectrum.sides) for place in places])
    gaps = places[:, None] - simple[None]
    gaps = (gaps - np.rint(gaps)) @ reciprocal * spectrum.sides
    beside = np.linalg.norm(gaps, axis=2).min(axis=1)
    places = places[(apart >= _APART)][np.argsort(-beside[apart >= _APART])][:_CONTROLS]
    base = np.concatenate([np.zeros((1, 2)), g, -g])
    return [_statistic(spectrum.excess(base + place @ reciprocal, cell)) for place in places]


def _on(indices: IntArray, form: FloatArray) -> BoolArray:
    fractions = indices @ np.linalg.inv(form)
    return np.asarray(np.abs(fractions - np.rint(fractions)).max(axis=1) < 1e-6)


def _thinned(spectrum: Spectrum, cell: FloatArray) -> FloatArray:
    """The smallest cell that still has every reflection that is seen."""
    current = cell
    for _ in range(4):
        indices, g = _reflections(spectrum, current)
        excess = spectrum.excess(g, current)
        controls = _controls(spectrum, current, g)
        if len(controls) < _LEAST_CONTROLS:
            return current
        found = None
        for index in range(_LARGEST_INDEX, 1, -1):
            for form in sublattices(index):
                lost = _statistic(excess[~_on(indices, form)])
                if lost.tested >= 3 and _standing_out(lost, controls) < _PRESENT:
                    found = form
                    break
            if found is not None:
                break
        if found is None:
            return current
        reciprocal = found @ np.linalg.inv(current).T
        current = gauss_reduce(np.linalg.inv(reciprocal).T)[0]
    return current


def _enlarged(
    spectrum: Spectrum, cell: FloatArray, g: FloatArray, largest: float
) -> tuple[FloatArray, int]:
    """The cell of the superstructure whose fractional reflections are seen, and its index."""
    reciprocal = _reciprocal(cell)
    base = np.concatenate([np.zeros((1, 2)), g, -g])
    area = abs(float(np.linalg.det(cell)))
    controls: list[_Statistic] = []
    found: list[tuple[int, FloatArray]] = []
    for n in _FRACTIONS:
        if n * area > largest:
            break
        for fraction in _cyclic(n):
            apart = _distance(fraction, reciprocal, spectrum.sides)
            if apart < _APART:
                continue
            controls = controls or _controls(spectrum, cell, g)
            if len(controls) < _LEAST_CONTROLS:
                return cell, 1
            points = base + fraction @ reciprocal
            points = points[np.linalg.norm(points * spectrum.sides, axis=1) > _APART]
            statistic = _statistic(spectrum.excess(points, cell))
            if statistic.tested >= 3 and _standing_out(statistic, controls) > _CERTAIN:
                found.append((n, fraction))
    return _generated(cell, found, largest)


def _cyclic(n: int) -> list[FloatArray]:
    """One fraction (2,) of order n for each cyclic group of them."""
    result: list[FloatArray] = []
    seen: set[tuple[int, int]] = set()
    for i, j in itertools.product(range(n), repeat=2):
        if np.gcd.reduce([i, j, n]) != 1 or (i, j) in seen:
            continue
        units = [k for k in range(1, n) if np.gcd(k, n) == 1]
        seen |= {(k * i % n, k * j % n) for k in units}
        result.append(np.array([i, j]) / n)
    return result


def _distance(fraction: FloatArray, reciprocal: FloatArray, sides: FloatArray) -> float:
    """Distance of a fraction from the nearest reflection [1/side]."""
    shifts = np.array(list(itertools.product((-1, 0, 1), repeat=2)))
    return float(np.linalg.norm((fraction + shifts) @ reciprocal * sides, axis=1).min())


def _generated(
    cell: FloatArray, found: list[tuple[int, FloatArray]], largest: float
) -> tuple[FloatArray, int]:
    """The cell whose reciprocal lattice holds all fractions found, as far as it may be large."""
    reciprocal = _reciprocal(cell)
    current = [np.zeros(2)]
    for n, fraction in found:
        if any(np.abs(_wrapped(fraction - other)).max() < 1e-6 for other in current):
            continue
        larger = list(current)
        for k in range(1, n):
            for other in current:
                point = _wrapped(other + k * fraction)
                if all(np.abs(_wrapped(point - one)).max() > 1e-6 for one in larger):
                    larger.append(point)
        if len(larger) * abs(float(np.linalg.det(cell))) <= largest:
            current = larger
    order = len(current)
    if order == 1:
        return cell, 1
    shifts = np.array(list(itertools.product((-1, 0, 1), repeat=2)), dtype=np.float64)
    points = (np.array(current)[:, None] + shifts).reshape(-1, 2)
    vectors = points @ reciprocal
    lengths = np.linalg.norm(vectors, axis=1)
    ranked = vectors[np.argsort(lengths)][1:]
    target = abs(float(np.linalg.det(reciprocal))) / order
    for first, second in itertools.combinations(ranked[:40], 2):
        if abs(abs(float(np.linalg.det([first, second]))) / target - 1) < 1e-6:
            return gauss_reduce(np.linalg.inv(np.array([first, second])).T)[0], order
    return cell, 1


def _wrapped(fraction: FloatArray) -> FloatArray:
    return np.asarray(fraction - np.rint(fraction))
