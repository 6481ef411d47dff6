"""One picture: probe blur, Poisson counts, scan-line jitter, background, readout noise, 0…1."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

#: Pixels along each side.
SIDE = 256
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Ranges from which a noise level draws; uniform, the dose on a logarithmic scale.

    Attributes
    ----------
    counts
        Mean counts per pixel at the brightest of the blurred picture.
    jitter
        Standard deviation of the shifts of scan lines [px].
    background
        Peak to peak of the low-frequency background, as a share of the picture's contrast.
    readout
        Standard deviation of the readout noise, as a share of the picture's contrast.
    """

    counts: tuple[float, float]
    jitter: tuple[float, float]
    background: tuple[float, float]
    readout: tuple[float, float]


LEVELS = {
    1: Level((60, 200), (0.1, 0.4), (0.05, 0.15), (0.01, 0.02)),
    2: Level((15, 60), (0.3, 0.8), (0.10, 0.30), (0.02, 0.05)),
    3: Level((4, 15), (0.6, 1.5), (0.20, 0.50), (0.04, 0.10)),
}


@dataclass(frozen=True)
class Hidden:
    """What a picture was drawn with and no solver is told.

    Attributes
    ----------
    exponent
        n of the contrast Z**n.
    blur, tail, tail_share
        Standard deviation of the probe's core and of its tail [Å], and the tail's share.
    stretch, stretch_angle
        Relative widening of the core along one direction (astigmatism) [rad].
    rotation
        Angle of the crystal's first vector in the picture [rad].
    shift
        Fractions of the cell by which the crystal is shifted.
    offset
        Signal between the columns, as a share of the brightest one.
    """

    exponent: float
    blur: float
    tail: float
    tail_share: float
    stretch: float
    stretch_angle: float
    rotation: float
    shift: tuple[float, float]
    offset: float
    counts: float
    jitter: float
    background: float
    readout: float

    def as_row(self) -> dict[str, Any]:
        """All of it, for a table."""
        return asdict(self)


def draw_hidden(level: int, rng: np.random.Generator) -> Hidden:
    """Draw everything that is hidden from the solver."""
    ranges = LEVELS[level]
    blur = rng.uniform(0.30, 0.60)
    return Hidden(
        exponent=rng.uniform(1.4, 2.0),
        blur=blur,
        tail=blur * rng.uniform(2.0, 3.5),
        tail_share=rng.uniform(0.0, 0.35),
        stretch=rng.uniform(0.0, 0.12),
        stretch_angle=rng.uniform(0, np.pi),
        # A quarter lies along the picture's axes, as simulated pictures often do.
        rotation=0.0 if rng.random() < 0.25 else rng.uniform(0, 2 * np.pi),
        shift=(rng.random(), rng.random()),
        offset=rng.uniform(0.0, 0.1),
        counts=float(np.exp(rng.uniform(*np.log(ranges.counts)))),
        jitter=rng.uniform(*ranges.jitter),
        background=rng.uniform(*ranges.background),
        readout=rng.uniform(*ranges.readout),
    )


def draw_picture(
    cell: Array,
    positions: Array,
    numbers: NDArray[np.int64],
    field: float,
    hidden: Hidden,
    rng: np.random.Generator,
) -> Array:
    """Draw a layer.

    Parameters
    ----------
    cell
        In-plane vectors (2, 2) [Å].
    positions, numbers
        In-plane positions (n, 2) [Å] and atomic numbers (n,).
    field
        Width and height of the picture [Å].
    hidden
        How it is drawn.
    rng
        Of the noise.

    Returns
    -------
    Picture (256, 256), 0…1.
    """
    clean = _blurred(cell, positions, numbers, field, hidden)
    clean = hidden.offset + (1 - hidden.offset) * clean / clean.max()
    contrast = float(np.ptp(clean))
    picture = rng.poisson(hidden.counts * clean) / hidden.counts
    picture = _jittered(picture, hidden.jitter, rng)
    rough = gaussian_filter(rng.normal(size=clean.shape), SIDE / 6, mode="reflect")
    picture = picture + hidden.background * contrast * (rough - rough.min()) / np.ptp(rough)
    picture = picture + rng.normal(scale=hidden.readout * contrast, size=clean.shape)
    low, high = float(picture.min()), float(picture.max())
    return np.asarray((picture - low) / (high - low), dtype=np.float64)


def _blurred(
    cell: Array, positions: Array, numbers: NDArray[np.int64], field: float, hidden: Hidden
) -> Array:
    """Sum of the probe at every atom in or near the field."""
    turn = np.array(
        [
            [np.cos(hidden.rotation), np.sin(hidden.rotation)],
            [-np.sin(hidden.rotation), np.cos(hidden.rotation)],
        ]
    )
    turned = cell @ turn
    atoms = (positions + np.array(hidden.shift) @ cell) @ turn
    margin = 4 * hidden.tail
    corners = np.array(
        [[x, y] for x in (-margin, field + margin) for y in (-margin, field + margin)]
    )
    steps = corners @ np.linalg.inv(turned)
    low, high = np.floor(steps.min(axis=0)) - 2, np.ceil(steps.max(axis=0)) + 2
    grid = np.array(
        [[i, j] for i in np.arange(low[0], high[0] + 1) for j in np.arange(low[1], high[1] + 1)]
    )
    pixel = field / SIDE
    axis = (np.arange(SIDE) + 0.5) * pixel
    picture = np.zeros((SIDE, SIDE))
    for atom, number in zip(atoms, numbers, strict=True):
        places = atom + grid @ turned
        inside = ((places > -margin) & (places < field + margin)).all(axis=1)
        for x, y in places[inside]:
            columns = np.flatnonzero(np.abs(axis - x) < margin)
            rows = np.flatnonzero(np.abs(axis - y) < margin)
            if len(columns) and len(rows):
                probe = _probe(axis[columns] - x, axis[rows] - y, hidden)
                picture[np.ix_(rows, columns)] += float(number) ** hidden.exponent * probe
    return picture


def _probe(x: Array, y: Array, hidden: Hidden) -> Array:
    """Probe (rows, columns), of unit volume, seen from an atom."""
    across, along = np.meshgrid(x, y)
    cosine, sine = np.cos(hidden.stretch_angle), np.sin(hidden.stretch_angle)
    first = (across * cosine + along * sine) / (1 + hidden.stretch)
    second = -across * sine + along * cosine
    core = np.exp(-(first**2 + second**2) / (2 * hidden.blur**2))
    core /= 2 * np.pi * hidden.blur**2 * (1 + hidden.stretch)
    tail = np.exp(-(across**2 + along**2) / (2 * hidden.tail**2)) / (2 * np.pi * hidden.tail**2)
    return np.asarray((1 - hidden.tail_share) * core + hidden.tail_share * tail)


def _jittered(picture: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Each scan line shifted along itself, half at random and half drifting from line to line."""
    rows, columns = np.indices(picture.shape).astype(float)
    drift = gaussian_filter(rng.normal(size=SIDE), 4.0)
    drift *= deviation / max(float(drift.std()), 1e-9)
    shifts = np.sqrt(0.5) * (drift + rng.normal(scale=deviation, size=SIDE))
    moved = map_coordinates(picture, [rows, columns + shifts[:, None]], order=1, mode="reflect")
    return np.asarray(moved, dtype=np.float64)
