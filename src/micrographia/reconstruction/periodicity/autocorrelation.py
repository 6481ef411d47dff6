"""The autocorrelation of a picture with invalid pixels, and its peaks.

Where a crystal is laid on itself the autocorrelation is as high as the picture is repeatable;
where only a part of it is (the second sublattice, a dumbbell's partner) there is a lower peak.
Masked normalised correlation: Padfield, IEEE Trans. Image Process. 21 (2012) 2706.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter, uniform_filter

from micrographia.arrays import FloatArray

_LEAST_OVERLAP = 0.3  # share of the valid pixels that two copies must share
_LEAST_HEIGHT = 0.15  # of the highest peak, for what counts as a peak
_MOST_PEAKS = 160
_RINGS = 48  # of the spectrum, up to Nyquist's frequency
_ABOVE = 2.5  # times the usual power of a ring, below which power counts as noise


@dataclass(frozen=True)
class Autocorrelation:
    """Correlation coefficients of a picture with itself, by the lag.

    Attributes
    ----------
    values
        Coefficients (2m+1, 2n+1), lag zero in the middle; NaN where the copies hardly overlap.
    width
        Radius at which the middle, without the noise of single pixels, falls to half [px].
    """

    values: FloatArray
    width: float

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of lag zero."""
        return self.values.shape[0] // 2, self.values.shape[1] // 2

    @property
    def reach(self) -> float:
        """Longest lag along the shorter side [px]."""
        return float(min(self.centre))

    def at(self, vectors: FloatArray) -> FloatArray:
        """Values (n,) at lags (n, 2) = (x, y) [px], by linear interpolation; NaN outside."""
        row, column = self.centre
        places = np.stack([vectors[:, 1] + row, vectors[:, 0] + column])
        return np.asarray(map_coordinates(self.values, places, order=1, cval=np.nan))


@dataclass(frozen=True)
class Peaks:
    """Peaks of an autocorrelation, the shortest first; of each pair ±v one.

    Attributes
    ----------
    vectors
        Lags (n, 2) = (x, y) [px].
    heights
        Correlation coefficients there (n,).
    widths
        Standard deviations (n,) [px] of Gaussians with the curvature of the peaks.
    """

    vectors: FloatArray
    heights: FloatArray
    widths: FloatArray


def autocorrelation(flat: FloatArray, weight: FloatArray) -> Autocorrelation:
    """Correlate a picture with itself over its valid pixels.

    Parameters
    ----------
    flat
        Picture without its background (rows, columns), 0 where invalid.
    weight
        1 for valid pixels, 0 for others (rows, columns).

    Returns
    -------
    Autocorrelation, lightly smoothed against the noise of pixels.
    """
    rows, columns = flat.shape
    reach = (int(0.72 * rows), int(0.72 * columns))
    shape = tuple(next_fast_len(n + r, real=True) for n, r in zip(flat.shape, reach, strict=True))
    spectra = [rfft2(part, s=shape) for part in (flat * weight, weight, np.square(flat) * weight)]
    f, w, s = spectra

    def lags(product: FloatArray) -> FloatArray:
        full = irfft2(product, s=shape)
        down = np.arange(-reach[0], reach[0] + 1)
        along = np.arange(-reach[1], reach[1] + 1)
        return np.asarray(full[np.ix_(down, along)], dtype=np.float64)

    count = np.maximum(lags(np.abs(w) ** 2), 1e-9)
    product = lags(np.abs(f) ** 2 * _clear(np.square(np.abs(f)), shape))
    first = lags(np.conj(f) * w)  # sum of the copy that stays, over the overlap
    second = first[::-1, ::-1]
    squares = lags(np.conj(s) * w)
    variance = np.maximum(squares - first**2 / count, 0)
    both = variance * variance[::-1, ::-1]
    values = (product - first * second / count) / np.sqrt(np.maximum(both, 1e-9))
    enough = count >= _LEAST_OVERLAP * weight.sum()
    values[reach[0], reach[1]] = _without_noise(values, reach)
    width = _half_width(values, reach)
    smoothed = gaussian_filter(values, np.clip(0.3 * width, 0.0, 6.0))
    return Autocorrelation(np.where(enough, smoothed, np.nan), width)


def _clear(power: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Share of the power at each frequency that stands out of its ring: lattices are sharp there.

    The ring's median is blind to the few reflections on it, however coloured the noise.
    """
    down = np.fft.fftfreq(shape[0])[:, None]
    along = np.fft.rfftfreq(shape[1])[None, :]
    ring = np.minimum((np.hypot(down, along) * 2 * _RINGS).astype(np.int64), _RINGS)
    # One in a few is enough for a median.
    sparse = (slice(None, None, 2), slice(None, None, 2))
    order = np.argsort(ring[sparse], axis=None, kind="stable")
    values = power[sparse].ravel()[order]
    ends = np.searchsorted(ring[sparse].ravel()[order], np.arange(_RINGS + 2))
    usual = np.array(
        [np.median(values[low:high]) if high > low else 0.0 for low, high in pairwise(ends)]
    )
    usual = usual / np.log(2)
    around = uniform_filter(power, 3, mode="wrap")
    return np.maximum(1 - _ABOVE * usual[ring] / np.maximum(around, 1e-300), 0.0)


def _without_noise(values: FloatArray, centre: tuple[int, int]) -> float:
    """What lag zero would be without the noise of single pixels: its neighbours' extrapolation."""
    row, column = centre
    near = [values[row + 1, column], values[row, column + 1]]
    far = [values[row + 2, column], values[row, column + 2]]
    return float(np.clip((4 * np.mean(near) - np.mean(far)) / 3, -1, 1))


def _half_width(values: FloatArray, centre: tuple[int, int]) -> float:
    """Radius [px] at which the mean over directions falls to half of the middle."""
    row, column = centre
    top = values[row, column]
    turns = np.arange(0, np.pi, np.pi / 24)
    for radius in np.arange(1.0, min(centre) - 1, 0.25):
        places = [row + radius * np.sin(turns), column + radius * np.cos(turns)]
        if map_coordinates(values, places, order=1).mean() < 0.5 * top:
            return float(radius)
    return float(min(centre) / 4)


def find_correlation_peaks(correlation: Autocorrelation) -> Peaks:
    """Find the peaks of an autocorrelation to a fraction of a pixel.

    Returns
    -------
    Peaks beside the middle, at most 160, the highest if there are more.
    """
    values = np.nan_to_num(correlation.values, nan=-1.0)
    radius = max(1, int(0.7 * correlation.width))
    size = 2 * radius + 1
    tops = (values == maximum_filter(values, size=size)) & (values > 0)
    # Parabolas must not see the edge beyond which copies hardly overlap.
    tops &= ~maximum_filter(np.isnan(correlation.values), size=size)
    row, column = correlation.centre
    places = np.argwhere(tops)
    edge = radius + 1
    limits = np.array(values.shape) - edge
    places = places[((places >= edge) & (places < limits)).all(axis=1)]
    lags = places - [row, column]
    half = (lags[:, 0] > 0) | ((lags[:, 0] == 0) & (lags[:, 1] > 0))
    half &= np.hypot(lags[:, 0], lags[:, 1]) > 1.5 * correlation.width
    places = places[half]
    if not len(places):
        return Peaks(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    heights = values[places[:, 0], places[:, 1]]
    order = np.argsort(-heights)[:_MOST_PEAKS]
    places = places[order][heights[order] > _LEAST_HEIGHT * heights.max()]
    vectors, heights, widths = _tops(values, places, radius)
    vectors = vectors - [column, row]
    order = np.argsort(np.hypot(vectors[:, 0], vectors[:, 1]))
    return Peaks(vectors[order], heights[order], widths[order])


def _tops(
    values: FloatArray, places: FloatArray, radius: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places (n, 2) = (x, y), heights and widths of peaks by parabolas around pixels (n, 2)."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = np.hypot(x, y) <= radius + 0.5
    x, y = x[inside], y[inside]
    design = np.stack([np.ones(x.size), x, y, x * x, x * y, y * y], axis=1)
    patches = values[places[:, :1] + y, places[:, 1:] + x]
    c, cx, cy, cxx, cxy, cyy = (patches @ np.linalg.pinv(design).T).T
    determinant = 4 * cxx * cyy - cxy**2
    bent = (determinant > 0) & (cxx < 0)
    safe = np.where(bent, determinant, 1.0)
    dx = np.where(bent, (cxy * cy - 2 * cyy * cx) / safe, 0.0)
    dy = np.where(bent, (cxy * cx - 2 * cxx * cy) / safe, 0.0)
    dx, dy = np.clip(dx, -radius, radius), np.clip(dy, -radius, radius)
    height = c + (cx * dx + cy * dy) / 2
    curvature = np.where(bent, np.sqrt(safe), 1e-9)
    width = np.sqrt(np.maximum(height, 1e-9) / curvature)
    return np.stack([places[:, 1] + dx, places[:, 0] + dy], axis=1), height, width
