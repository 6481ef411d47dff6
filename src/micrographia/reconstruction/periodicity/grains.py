"""Whether a picture shows one lattice everywhere.

The picture is laid against the model of its main lattice, window by window. Where it does not
follow the model another lattice is looked for, in that area alone. Only one that is found there,
turned or of another shape, makes a grain: noise, defects, amorphous areas and bent crystals follow
the model badly, too, but hold no other lattice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_opening, label

from micrographia.arrays import BoolArray, FloatArray
from micrographia.reconstruction.periodicity.autocorrelation import autocorrelation
from micrographia.reconstruction.periodicity.background import slow_part
from micrographia.reconstruction.periodicity.cell import CellLimits, cells_of
from micrographia.reconstruction.periodicity.folding import MeanCell, look_up
from micrographia.reconstruction.periodicity.turns import turn_between

_WINDOW = 0.8  # of the longest vector, the width of the Gaussian window at least
_SURE = 0.12  # deviation of the agreement by noise, that the window must reach
_WIDEST = 0.1  # of the shorter side, beyond which windows are not widened
_FOLLOWS = 0.5  # of the usual agreement, from which an area follows the model
_LEAST_SHARE = 0.04  # of the area, and
_LEAST_CELLS = 8.0  # cells, that a grain must have
_TURNED = 3.0  # degrees; bent crystals turn less
_STRAIN = 0.06  # by which a lattice may differ to be the same one, turned
_REPEATS = 0.7  # height of the repeats of a grain over what is usual at their lags
_HIGH = 0.35  # of the main lattice's correlation, that another lattice must reach


@dataclass(frozen=True)
class Grains:
    """Grains of a picture.

    Attributes
    ----------
    count
        Number of lattices found; 1 for a single crystal.
    shares
        Share of the valid area of each grain, the largest first; areas without a lattice are
        in none.
    mask
        The largest grain, (rows, columns).
    cells
        Cell (2, 2) as rows (x, y) [px] of each grain.
    sentence
        For a person; empty for a single crystal.
    """

    count: int
    shares: tuple[float, ...]
    mask: BoolArray
    cells: tuple[FloatArray, ...]
    sentence: str


def agreement(flat: FloatArray, weight: FloatArray, mean: MeanCell) -> FloatArray:
    """How far each place (rows, columns) follows the model: 1 as usual, 0 not at all.

    Parameters
    ----------
    flat, weight
        Picture without its background, its rows at their places, and 1 for valid pixels, both
        (rows, columns).
    mean
        The mean cell of the main lattice.
    """
    count = float(weight.sum())
    variance = float(np.square(flat * weight).sum()) / count
    mean = mean.without_noise(variance, count)
    y, x = np.mgrid[: flat.shape[0], : flat.shape[1]].astype(np.float64)
    model = look_up(mean.tables()[:1], mean.cell, x, y)[0]
    power = float(np.square(model * weight).sum()) / count
    noise = max(variance - power, 0.0)
    # A Gaussian window of width s averages over 4πs² pixels.
    needed = np.sqrt(noise / max(power, 1e-12) / (4 * np.pi)) / _SURE
    longest = float(np.linalg.norm(mean.cell, axis=1).max())
    sigma = max(_WINDOW * longest, min(needed, _WIDEST * min(flat.shape)))
    shared = slow_part(flat * model, weight, sigma)
    whole = np.maximum(slow_part(np.square(model), weight, sigma), 0.2 * power)
    follows = shared / whole
    usual = float(np.quantile(follows[weight > 0], 0.8))
    return np.asarray(follows / max(usual, 1e-9))


def find_grains(flat: FloatArray, weight: FloatArray, mean: MeanCell) -> Grains:
    """Look for lattices beside the main one. Parameters as of `agreement`."""
    valid = weight > 0
    follows = agreement(flat, weight, mean)
    cell = mean.cell
    area = abs(float(np.linalg.det(cell)))
    total = float(valid.sum())
    least = max(_LEAST_SHARE * total, _LEAST_CELLS * area)
    main = _largest(valid & (follows >= _FOLLOWS))
    alone = Grains(1, (float(main.sum()) / total,), main, (cell,), "")
    # Necks narrower than a cell join what is apart.
    width = max(1, int(np.sqrt(area) / 2))
    elsewhere = _opened(valid & (follows < _FOLLOWS), width)
    pieces, count = label(elsewhere)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    own = _peak(flat, weight * main, cell)
    found: list[tuple[float, FloatArray, float]] = []
    for piece in np.argsort(-sizes):
        if sizes[piece] < least:
            break
        other = _other_lattice(flat, weight * (pieces == piece + 1), cell, own)
        if other is not None:
            found.append((float(sizes[piece]) / total, *other))
    if not found:
        return alone
    shares = (float(main.sum()) / total, *(share for share, _, _ in found))
    turned = ", ".join(f"{share:.0%} turned by {angle:.1f}°" for share, _, angle in found)
    sentence = (
        f"The picture shows {len(shares)} grains: {shares[0]:.0%} of it holds the lattice that is "
        f"described, {turned}."
    )
    return Grains(len(shares), shares, main, (cell, *(one for _, one, _ in found)), sentence)


def _opened(area: BoolArray, width: int) -> BoolArray:
    """Morphological opening by squares, on a coarser grid: borders need not be exact."""
    step = max(1, width // 4)
    coarse = binary_opening(
        area[::step, ::step], np.ones((3, 3)), iterations=max(1, width // step)
    )
    full = np.kron(coarse, np.ones((step, step), dtype=bool))[: area.shape[0], : area.shape[1]]
    return np.asarray(full & area, dtype=np.bool_)


def _largest(area: BoolArray) -> BoolArray:
    """The largest connected part of an area."""
    pieces, count = label(area)
    if count < 2:
        return area
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == int(sizes.argmax()))


def _peak(flat: FloatArray, weight: FloatArray, cell: FloatArray) -> float:
    """Height of the autocorrelation at a lattice's shortest vectors."""
    if not weight.any():
        return 0.0
    heights = autocorrelation(*_cropped(flat, weight)).at(np.vstack([cell, cell[0] + cell[1]]))
    return float(np.nanmax(heights, initial=0.0))


def _cropped(flat: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A picture and its weights without the rows and columns that hold nothing."""
    rows = np.flatnonzero(weight.any(axis=1))
    columns = np.flatnonzero(weight.any(axis=0))
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return flat[part], weight[part]


def _other_lattice(
    flat: FloatArray, weight: FloatArray, cell: FloatArray, own: float
) -> tuple[FloatArray, float] | None:
    """A lattice (2, 2) of an area that differs from the main one, and by how many degrees."""
    shortest = float(np.linalg.norm(cell[0]))
    limits = CellLimits(0.6 * shortest, 1.8 * abs(float(np.linalg.det(cell))))
    part, inside = _cropped(flat, weight)
    correlation = autocorrelation(part * inside, inside)
    for proposal in cells_of(correlation, limits)[:3]:
        height = float(np.nanmin(correlation.at(proposal.cell)))
        if proposal.on < _REPEATS or height < _HIGH * own or proposal.points < 3:
            continue
        angle, strain = turn_between(cell, proposal.cell)
        if strain < _STRAIN:
            return (proposal.cell, angle) if abs(angle) > _TURNED else None
    return None
