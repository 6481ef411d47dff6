"""A picture as whitened Fourier data: noise flat, any frequency, no grid.

Integrating a difference signal makes its noise fall as 1/g². Multiplying the picture's spectrum
by |g| undoes that: the noise is white again, every reflection is weighted as it deserves, and
significance has a unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal.windows import tukey

from micrographia.arrays import ComplexArray, FloatArray, FloatImage, RealArray
from micrographia.errors import SolveError
from micrographia.physics.waves import turned
from micrographia.reconstruction.deadline import UNLIMITED, Deadline

_LEAST_SIDE = 64  # px; fewer hold no statistics
_RINGS = 24
_MOST_PIXELS = 36_000_000
_AT_ONCE = 512  # frequencies that are sampled together
_PRODUCTS = 2_000_000_000  # of pixels and waves between two looks at the clock


@dataclass(frozen=True)
class Whitened:
    """A picture filtered by |g|, with what is needed to sample its spectrum.

    Attributes
    ----------
    pixels
        Filtered picture (rows, columns), float64.
    pixel_size
        [Å].
    limit
        Highest frequency that carries signal [1/Å].
    noise_edges, noise_power
        Power of the noise per pixel of `pixels` in rings of |g|.
    deadline
        Limit of time that all work on this picture keeps.
    """

    pixels: FloatArray
    pixel_size: float
    limit: float
    noise_edges: FloatArray
    noise_power: FloatArray
    deadline: Deadline = UNLIMITED

    @property
    def extent(self) -> float:
        """Shorter side of the picture [Å]."""
        return min(self.pixels.shape) * self.pixel_size

    def noise(self, g: FloatArray) -> FloatArray:
        """Noise power per pixel at frequencies (m, 2) [1/Å]."""
        centres = (self.noise_edges[1:] + self.noise_edges[:-1]) / 2
        return np.interp(np.hypot(g[:, 0], g[:, 1]), centres, self.noise_power)


@dataclass(frozen=True)
class Window:
    """A separable taper and its moments."""

    rows: FloatArray
    columns: FloatArray

    @property
    def sum(self) -> float:
        """Sum of the weights over the picture."""
        return float(self.rows.sum() * self.columns.sum())

    @property
    def sum_squares(self) -> float:
        """Sum of the squared weights over the picture."""
        return float(np.square(self.rows).sum() * np.square(self.columns).sum())

    def transform(self, g: FloatArray, pixel_size: float) -> ComplexArray:
        """Fourier transform of the window at frequencies (m, 2) [1/Å]."""
        along: list[ComplexArray] = []
        for axis, weights in ((0, self.columns), (1, self.rows)):
            along.append(waves(g[:, axis], len(weights), pixel_size) @ weights)
        return along[0] * along[1]


@dataclass(frozen=True)
class Tapered:
    """A whitened picture under a window: what its spectrum is sampled from."""

    image: Whitened
    window: Window
    weighted: FloatArray


def make_window(shape: tuple[int, int], taper: float) -> Window:
    """Tukey window; `taper` is the share of the side that is tapered (1 is Hann's window)."""
    return Window(tukey(shape[0], taper), tukey(shape[1], taper))


def refuse_large(pixels: RealArray) -> None:
    """Refuse a picture that would take more memory and time than its crystal needs.

    Raises
    ------
    SolveError
        It has more than 36 million pixels.
    """
    if pixels.size > _MOST_PIXELS:
        raise SolveError(
            "The picture is too large to be read as a whole",
            seen=f"{pixels.shape[1]}×{pixels.shape[0]} px",
            allowed=f"up to {_MOST_PIXELS // 1_000_000} million pixels",
            remedy="Cut out a part of some tens of unit cells; it holds the same crystal",
        )


def whiten(
    pixels: FloatImage, pixel_size: float, limit: float | None, deadline: Deadline = UNLIMITED
) -> Whitened:
    """Filter a picture by |g| and measure its noise.

    Parameters
    ----------
    pixels
        Picture (rows, columns).
    pixel_size
        [Å].
    limit
        Highest frequency with signal [1/Å]; None takes four fifths of Nyquist's.
    deadline
        Limit of time.

    Raises
    ------
    SolveError
        The picture is too small, too large or blank.
    """
    refuse_large(pixels)
    if min(pixels.shape) < _LEAST_SIDE:
        raise SolveError(
            "The picture is too small to hold a lattice",
            seen=f"{pixels.shape[1]}×{pixels.shape[0]} px",
            allowed=f"at least {_LEAST_SIDE} px a side",
            remedy="Use a larger part of the picture, or the picture at its full size",
        )
    picture = np.asarray(pixels, dtype=np.float64)
    picture = picture - picture.mean()
    scale = picture.std()
    if not scale > 1e-9 * max(1.0, float(np.abs(pixels).max())):
        raise SolveError(
            "The picture is blank: every pixel has the same value",
            remedy="Export the picture again, and see that it is the right one",
        )
    pad = min(32, min(picture.shape) // 4)
    padded = np.pad(picture, pad, mode="reflect")
    gy = np.fft.fftfreq(padded.shape[0], pixel_size)[:, None]
    gx = np.fft.rfftfreq(padded.shape[1], pixel_size)[None, :]
    filtered = np.fft.irfft2(np.fft.rfft2(padded) * np.hypot(gx, gy), s=padded.shape)
    filtered = filtered[pad:-pad, pad:-pad]
    top = min(limit or np.inf, 0.4 / pixel_size)
    edges, power = _noise_rings(filtered, pixel_size)
    return Whitened(filtered, pixel_size, top, edges, power, deadline)


def taper(image: Whitened, share: float) -> Tapered:
    """Taper a picture; `share` is that of the side that is tapered (1 is Hann's window)."""
    window = make_window((image.pixels.shape[0], image.pixels.shape[1]), share)
    weighted = image.pixels * window.rows[:, None] * window.columns[None, :]
    return Tapered(image, window, weighted)


def sample(tapered: Tapered, g: FloatArray) -> ComplexArray:
    """Spectrum Σ w y exp(-2πi g·r) at any frequencies (m, 2) [1/Å]."""
    rows, columns = tapered.weighted.shape
    step = tapered.image.pixel_size
    result = np.empty(len(g), dtype=np.complex128)
    at_once = max(1, min(_AT_ONCE, _PRODUCTS // tapered.weighted.size))
    for start in range(0, len(g), at_once):
        tapered.image.deadline.check()
        part = g[start : start + at_once]
        along_y = waves(part[:, 1], rows, step)
        along_x = waves(part[:, 0], columns, step)
        # A real product takes half the time of a complex one, and one pass less than of two.
        folded = np.concatenate([along_y.real, along_y.imag]) @ tapered.weighted
        joined = folded[: len(part)] + 1j * folded[len(part) :]
        result[start : start + at_once] = (joined * along_x).sum(axis=1)
    return result


def waves(g: FloatArray, count: int, step: float) -> ComplexArray:
    """exp(-2πi g x) at x = 0, step, …, (m, count); built from the products of two short series."""
    fine = int(np.ceil(np.sqrt(count)))
    coarse = -(-count // fine)
    turns = 2 * np.pi * step * g[:, None]
    short = turned(turns * np.arange(fine))
    long = turned(turns * fine * np.arange(coarse))
    return (long[:, :, None] * short[:, None, :]).reshape(len(g), -1)[:, :count]


def significance(tapered: Tapered, g: FloatArray) -> FloatArray:
    """Power at frequencies (m, 2) over what noise gives on average (unit mean, exponential)."""
    power = np.square(np.abs(sample(tapered, g)))
    return power / (tapered.image.noise(g) * tapered.window.sum_squares)


def _noise_rings(filtered: FloatArray, pixel_size: float) -> tuple[FloatArray, FloatArray]:
    """Noise power per pixel in rings of |g|: the median is blind to a crystal's few peaks."""
    window = make_window((filtered.shape[0], filtered.shape[1]), 1.0)
    tapered = filtered * window.rows[:, None] * window.columns[None, :]
    power = np.square(np.abs(np.fft.rfft2(tapered))) / window.sum_squares
    gy = np.fft.fftfreq(filtered.shape[0], pixel_size)[:, None]
    gx = np.fft.rfftfreq(filtered.shape[1], pixel_size)[None, :]
    radius = np.hypot(gx, gy)
    edges = np.linspace(0, 0.5 / pixel_size, _RINGS + 1)
    which = np.digitize(radius.ravel(), edges) - 1
    flat = power.ravel()
    medians = np.array(
        [np.median(flat[which == ring]) if (which == ring).any() else 0 for ring in range(_RINGS)]
    )
    # The median of an exponential distribution is ln 2 of its mean. A noiseless picture has
    # only leakage; the floor keeps its significances finite.
    floor = 1e-12 * flat.max()
    return edges, np.maximum(medians / np.log(2), floor)
