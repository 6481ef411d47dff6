"""How an electron microscope shows solids: secondary electrons from above, or transmission."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, signal

from micrographia.arrays import FloatArray, GreyImage
from micrographia.synthesis.procedural.shapes import Patch


def texture(
    shape: tuple[int, int], rng: np.random.Generator, scale: float, power: float = 1.0
) -> FloatArray:
    """Random field of zero mean and unit deviation.

    Parameters
    ----------
    shape
        Height and width [px].
    rng
        Source of randomness.
    scale
        Correlation length; finer detail is damped [px].
    power
        Fall-off of the amplitude with frequency; higher is cloudier.
    """
    fy = np.fft.fftfreq(shape[0])[:, None]
    fx = np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1.0
    amplitude = np.exp(-((frequency * scale) ** 2)) / (frequency + 1.0 / max(shape)) ** power
    amplitude[0, 0] = 0.0
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * amplitude, s=shape)
    return np.asarray(field / field.std())


def secondary_electrons(
    patches: Sequence[Patch],
    size: int,
    rng: np.random.Generator,
    *,
    tone: str = "bright",
    surface: str = "smooth",
) -> FloatArray:
    """Scanning picture in 0…1: bright edges, soft light from one side, contact shadows.

    The yield of secondary electrons grows with tilt as 1/cos θ until their escape depth cuts it
    off (Seiler, J. Appl. Phys. 54, R1, 1983); the detector sits to one side.

    Parameters
    ----------
    patches
        The particles, lowest first.
    size
        Side of the picture [px].
    rng
        Source of randomness.
    tone
        Whether particles are "bright" or "dark" beside the ground, or "even" with it.
    surface
        smooth | rough | faceted | porous | striped.
    """
    ground, level = _levels(tone, rng)
    picture = ground * _substrate(size, rng)
    light = _direction(rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.6))
    edge, depth = rng.uniform(0.15, 0.50), rng.uniform(0.25, 0.75)
    edge *= 1.0 if tone == "bright" else 0.4
    sidelight, shadow = rng.uniform(0.1, 0.45), rng.uniform(0.25, 0.6)
    relief = Relief(surface, size, rng)
    for patch in patches:
        window = patch.window
        reach = 1.5 + 0.22 * patch.half_width
        outside = np.exp(np.minimum(patch.distance, 0.0) / reach)
        picture[window] *= 1.0 - shadow * np.where(patch.distance < 0, outside, 1.0)
        rise = patch.normal[2]
        yield_ = (1.0 / (rise + depth) - 1.0 / (1.0 + depth)) * depth * (1 + depth)
        facing = np.einsum("c,chw->hw", light, patch.normal) / light[2] - 1.0
        lit = level * (rng.normal(1.0, 0.06) + sidelight * np.clip(facing, -1, 1) * 0.6)
        lit = (lit + edge * yield_) * relief.on(patch, rng)
        cover = np.clip(patch.distance + 0.5, 0.0, 1.0)
        picture[window] += cover * (lit - picture[window])
    return picture


def transmission(
    patches: Sequence[Patch],
    size: int,
    rng: np.random.Generator,
    *,
    dark_field: bool = False,
    surface: str = "smooth",
) -> FloatArray:
    """Picture in 0…1 of what goes through: matter by its thickness, on a speckled carbon film.

    In bright field, intensity falls as exp(-μ t); crystals are darker or lighter by their
    orientation, and a little defocus draws a bright fringe around every edge. In dark field
    (scanning transmission with an annular detector) what is lost there is what is seen.

    Parameters
    ----------
    patches
        The particles, lowest first.
    size
        Side of the picture [px].
    rng
        Source of randomness.
    dark_field
        Whether matter is bright.
    surface
        smooth | rough | faceted | porous | striped.
    """
    film = rng.uniform(0.55, 0.80)
    clouds = texture((size, size), rng, 60.0, 1.5) * rng.uniform(0.0, 0.025)
    speckle = texture((size, size), rng, rng.uniform(1.6, 3.2), 0.0) * rng.uniform(0.012, 0.05)
    typical = np.median([patch.thickness.max() for patch in patches]) if patches else 1.0
    opacity = rng.uniform(0.5, 1.9) / max(typical, 1.0)
    crystalline = rng.uniform(0.0, 0.35)
    fringe, focus = rng.uniform(0.0, 0.10), rng.uniform(1.0, 2.2)
    bands = texture((size, size), rng, 10.0, 1.2)
    relief = Relief(surface, size, rng)
    absorbed = np.zeros((size, size))
    fringes = np.zeros((size, size))
    for patch in patches:
        window = patch.window
        height, width = patch.distance.shape
        top, left = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
        inner = bands[top : top + height, left : left + width]
        contrast = 1.0 + crystalline * (rng.normal(0.0, 0.7) + 0.6 * inner)
        # The rim of a thin edge is still seen: a solvent or carbon shell of constant depth.
        cover = np.clip(patch.distance + 0.5, 0.0, 1.0)
        matter = (patch.thickness + 0.12 * typical) * cover * relief.on(patch, rng)
        absorbed[window] += opacity * matter * np.clip(contrast, 0.35, 2.2)
        ring = np.exp(-(((patch.distance + focus) / focus) ** 2))
        inward = 0.5 * np.exp(-(((patch.distance - focus) / focus) ** 2))
        fringes[window] += fringe * (ring - inward)
    if dark_field:
        haze, gain = rng.uniform(0.04, 0.16), rng.uniform(0.6, 0.85)
        return np.asarray(haze + gain * (1 - np.exp(-absorbed)) + speckle * 0.3 * film + clouds)
    return (film + clouds) * np.exp(-absorbed) + speckle * film + fringes * film


class Relief:
    """Brightness or thickness of the particles' surfaces beside that of smooth ones.

    Parameters
    ----------
    surface
        smooth | rough | faceted | porous | striped.
    size
        Side of the picture [px].
    rng
        Source of randomness.
    """

    def __init__(self, surface: str, size: int, rng: np.random.Generator) -> None:
        self._field = 1.0 + rng.uniform(0.0, 0.03) * texture((size, size), rng, 3.0, 0.6)
        self._stripes: tuple[float, float] | None = None
        if surface == "rough":
            bumps = texture((size, size), rng, rng.uniform(1.3, 2.4), 0.4)
            slope = ndimage.sobel(bumps, axis=1) + 0.5 * ndimage.sobel(bumps, axis=0)
            self._field += rng.uniform(0.14, 0.24) * slope / slope.std()
        elif surface == "porous":
            depth = texture((size, size), rng, rng.uniform(2.0, 3.6), 0.4)
            pits = 1.0 / (1.0 + np.exp(-6.0 * (depth - rng.uniform(0.5, 1.0))))
            self._field -= rng.uniform(0.45, 0.75) * pits
        elif surface == "striped":
            self._stripes = rng.uniform(4.5, 9.0), rng.uniform(0.14, 0.28)
        self._field = np.clip(self._field, 0.15, 2.0)

    def on(self, patch: Patch, rng: np.random.Generator) -> FloatArray:
        """Return the factor on one particle's window: a random part, or direction, of its own."""
        height, width = patch.distance.shape
        tall, wide = self._field.shape
        # The same grain on every particle would repeat; a random part of it does not.
        top, left = rng.integers(0, tall - height + 1), rng.integers(0, wide - width + 1)
        part = self._field[top : top + height, left : left + width]
        if self._stripes is None:
            return part
        period, strength = self._stripes
        angle, phase = rng.uniform(0, np.pi, 2)
        y, x = np.mgrid[:height, :width]
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period + 2 * phase)
        return np.asarray(part * (1.0 + strength * wave))


def shading(picture: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Multiply by a slow gradient and a vignette."""
    size = picture.shape[0]
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.16)
    bowl = rng.uniform(-0.04, 0.10)
    field = 1 + slope * (x * np.cos(angle) + y * np.sin(angle)) - bowl * (x**2 + y**2)
    return np.asarray(picture * field)


def charging(picture: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Add horizontal streaks: bright matter charges up and disturbs the line behind it."""
    bright = np.maximum(picture - np.percentile(picture, 85), 0.0)
    tail = rng.uniform(0.97, 0.99)
    behind = signal.lfilter([1 - tail], [1, -tail], bright, axis=1)
    rows = ndimage.gaussian_filter1d(rng.standard_normal(picture.shape[0]), 2.0)
    rows = rows / rows.std()
    streaked = picture - rng.uniform(0.5, 1.4) * behind * (1 + 0.7 * rows[:, None])
    return np.asarray(streaked + 0.008 * rows[:, None])


def record(
    picture: FloatArray, rng: np.random.Generator, *, blur: float, electrons: float, gain: float
) -> GreyImage:
    """Record 0…1 as 8-bit grey: optics, counting noise, read-out noise.

    Parameters
    ----------
    picture
        Ideal intensity.
    rng
        Source of randomness.
    blur
        Width of the point spread [px].
    electrons
        Electrons counted per pixel at intensity 1.
    gain
        Deviation of the read-out noise, as a share of full scale.
    """
    sharp = ndimage.gaussian_filter(np.clip(picture, 0.0, None), blur, mode="nearest")
    counted = rng.poisson(sharp * electrons) / electrons
    noisy = counted + rng.normal(0.0, gain, picture.shape)
    return np.asarray(np.clip(np.rint(noisy * 255), 0, 255), dtype=np.uint8)


def _substrate(size: int, rng: np.random.Generator) -> FloatArray:
    """Relative brightness of the ground: polished wafer, rough film or pitted tape."""
    shape = (size, size)
    kind = rng.choice(["smooth", "rough", "pitted"], p=[0.45, 0.35, 0.2])
    clouds = texture(shape, rng, 25.0, 1.2) * rng.uniform(0.01, 0.05)
    if kind == "smooth":
        return np.asarray(1.0 + clouds)
    if kind == "rough":
        relief = texture(shape, rng, rng.uniform(3.0, 7.0), 1.0)
        slope = ndimage.sobel(relief, axis=1) + 0.4 * ndimage.sobel(relief, axis=0)
        return np.asarray(1.0 + clouds + rng.uniform(0.04, 0.13) * slope / slope.std())
    relief = texture(shape, rng, rng.uniform(4.0, 9.0), 0.5)
    pits = 1.0 / (1.0 + np.exp(-4.0 * (relief - rng.uniform(0.8, 1.6))))
    return np.asarray(1.0 + clouds - rng.uniform(0.15, 0.45) * pits)


def _direction(azimuth: float, tilt: float) -> FloatArray:
    return np.array([np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])


def _levels(tone: str, rng: np.random.Generator) -> tuple[float, float]:
    """Brightness of the ground and of a level surface."""
    if tone == "bright":
        ground = rng.uniform(0.10, 0.42)
        return ground, ground + rng.uniform(0.18, 0.40)
    ground = rng.uniform(0.42, 0.75)
    if tone == "dark":
        return ground, ground - rng.uniform(0.18, 0.34)
    return ground * 0.8, ground * 0.8 * rng.uniform(0.9, 1.0)
