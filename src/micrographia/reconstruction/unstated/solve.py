"""Read a crystal from a picture of which nothing is known but its pixel size and elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrographia.arrays import BoolArray, FloatArray
from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.reconstruction.answer.negative import refuse_negative
from micrographia.reconstruction.answer.solution import Solution
from micrographia.reconstruction.columns import CHECK
from micrographia.reconstruction.deadline import Deadline, OutOfTimeError
from micrographia.reconstruction.lattice import Fit, coefficients_on, find_lattice
from micrographia.reconstruction.periodicity.cell import CellLimits
from micrographia.reconstruction.periodicity.crop import largest_rectangle
from micrographia.reconstruction.periodicity.describe import Periodicity
from micrographia.reconstruction.periodicity.find import find_periodicity
from micrographia.reconstruction.periodicity.rows import undo
from micrographia.reconstruction.spectrum import Whitened, whiten
from micrographia.reconstruction.unstated.cells import Choice, choose, multiple
from micrographia.reconstruction.unstated.labels import Asked
from micrographia.reconstruction.unstated.optics import Optics
from micrographia.reconstruction.unstated.read import Reading, read
from micrographia.reconstruction.unstated.stated import Stated
from micrographia.reconstruction.unstated.verdict import to_answer

_SHARP = 2.0  # highest frequency at which reflections propose cells [1/Å]
_SAME = 1.3  # ratio of areas from which on two cells are two
# Slopes of the noise of pictures as a detector gives them; one that was smoothed has any.
_COUNTED = -0.35
_INTEGRATED = (-1.25, -0.85)
_SLOPED = (0.4, 2.0)  # frequencies between which the slope is taken [1/Å]
_BENT = 3.0  # factor on the exponent's spread for pictures of eight bits


def solve_unstated(
    image: StemImage,
    asked: Asked,
    stated: Stated,
    settings: Reconstruction,
    deadline: Deadline,
    mask: BoolArray | None = None,
) -> Solution:
    """Read a crystal with the optics fitted.

    Parameters
    ----------
    image
        The picture with its pixel size.
    asked
        What is known of the sample.
    stated
        What is known of the microscope. The detector tells what the signal is; else the most
        probable kind is taken.
    settings
        Limits of the search.
    deadline
        Limit of time.
    mask
        True where pixels are no part of the picture, such as burnt-in text.

    Raises
    ------
    SolveError
        The picture holds no crystal that can be stated with honesty; the message says why.
    """
    limits = CellLimits(
        settings.min_lattice_length / image.pixel_size,
        settings.max_cell_area / image.pixel_size**2,
    )
    pixels = image.pixels
    found = find_periodicity(pixels, mask, limits, deadline)
    start = np.zeros(2)
    if found.grains.count > 1:
        rows, columns = largest_rectangle(found.grains.mask)
        inside = None if mask is None else mask[rows, columns]
        start = np.array([columns.start, rows.start]) * image.pixel_size
        image = replace(image, pixels=image.pixels[rows, columns])
        grain = find_periodicity(pixels[rows, columns], inside, limits, deadline)
        mask, found = inside, replace(grain, remarks=(found.grains.sentence, *grain.remarks))
    # Places count from the whole picture's first pixel, whatever part was read.
    fits = [_moved(fit, start) for fit in _fits(image, found, mask, settings, deadline)]
    deadline.begin("placing atoms in the cell")
    vague = _BENT if _is_display(image) else 1.0
    starts = [replace(optics, vague=vague) for optics in _starts(stated, fits[0])]
    by_cell = [_read_all(fit, asked, starts, settings.max_atoms, deadline) for fit in fits]
    by_cell = [readings for readings in by_cell if readings]
    if not by_cell:
        raise SolveError(
            "No atom of these elements, wherever it is placed, explains the averaged unit cell",
            seen="; ".join(found.sentences()),
            remedy=CHECK,
        )
    readings, choice = by_cell[0], Choice(small=False)
    if len(by_cell) > 1:
        choice = choose(by_cell[1][0], readings[0], asked, deadline)
        readings = by_cell[1] if choice.small else readings
    refuse_negative(readings[0], settings.max_atoms, deadline)
    answer = to_answer(readings, found, asked, settings, choice.unexplained)
    return replace(answer, notes=(*stated.sentences(), *answer.notes))


def _read_all(
    fit: Fit, asked: Asked, starts: list[Optics], most: int, deadline: Deadline
) -> list[Reading]:
    """Readings of a cell that found an answer, the best first."""
    readings = [read(fit, asked, optics, most, deadline) for optics in starts]
    found = [reading for reading in readings if reading.answers]
    return sorted(found, key=lambda reading: -reading.value)


def _fits(
    image: StemImage,
    found: Periodicity,
    mask: BoolArray | None,
    settings: Reconstruction,
    deadline: Deadline,
) -> list[Fit]:
    """Fourier data of the cells that come into question: the larger one first, or the only one."""
    whitened = _straight(image, found, mask, deadline)
    cell = found.cell * image.pixel_size
    own = coefficients(whitened, cell)
    try:
        # Beyond what microscopes transfer there is nothing to find, and much to look through.
        other = find_lattice(replace(whitened, limit=min(whitened.limit, _SHARP)), settings)
        other = coefficients(whitened, other.cell)
    except OutOfTimeError:
        raise
    except SolveError:
        return [own]
    larger, smaller = (own, other) if _area(own) > _area(other) else (other, own)
    if _area(larger) < _SAME * _area(smaller) or multiple(larger.cell, smaller.cell) is None:
        return [own]
    return [larger, smaller]


def _moved(fit: Fit, start: FloatArray) -> Fit:
    """The fit with its columns moved by a vector (2,) [Å]."""
    turns = np.exp(-2j * np.pi * (fit.g @ start))
    return replace(fit, coefficients=fit.coefficients * turns)


def _area(fit: Fit) -> float:
    return abs(float(np.linalg.det(fit.cell)))


def _starts(stated: Stated, fit: Fit) -> list[Optics]:
    """Optics from which the fits begin."""
    if stated.mode is None:
        slope = noise_slope(fit)
        if slope > _COUNTED:
            return [stated.optics("dark")]
        if _INTEGRATED[0] < slope < _INTEGRATED[1]:
            return [stated.optics("phase")]
        return [stated.optics("phase"), stated.optics("dark")]
    fitted = stated.optics(stated.mode)
    if stated.mode != "phase" or stated.conditions is None:
        return [fitted]
    # All of it is known: the transfer is tried as it is, too.
    return [fitted, replace(fitted, stated=stated.conditions)]


def noise_slope(fit: Fit) -> float:
    """Exponent of |g| by which the noise's amplitude falls.

    Where electrons are counted the noise is white, 0; integrating their deflections divides it
    by |g|, -1.
    """
    radius = np.linalg.norm(fit.g, axis=1)
    inside = (radius > _SLOPED[0]) & (radius < _SLOPED[1])
    if inside.sum() < 4:
        return -0.5
    return float(np.polyfit(np.log(radius[inside]), np.log(fit.sigma[inside]), 1)[0])


def _is_display(image: StemImage) -> bool:
    """Whether a picture has no more than 256 greys: then it was made to be looked at."""
    pixels = np.asarray(image.pixels)
    return bool(
        pixels.min() >= 0 and pixels.max() <= 255 and np.array_equal(pixels, np.rint(pixels))
    )


def _straight(
    image: StemImage, found: Periodicity, mask: BoolArray | None, deadline: Deadline
) -> Whitened:
    """The picture with the scan's distortions undone, whitened."""
    pixels = np.asarray(image.pixels, dtype=np.float64)
    straight = undo(pixels, found.distortion.displacement, mask)
    return whiten(straight.astype(np.float32), image.pixel_size, None, deadline)


def coefficients(whitened: Whitened, cell: FloatArray) -> Fit:
    """Fourier coefficients of a picture on a cell (2, 2) [Å]."""
    return replace(coefficients_on(whitened, cell), explained=1.0)
