"""From a picture to its lattice: propose, follow the rows, settle, look for other grains."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import BoolArray, FloatArray, RealArray
from micrographia.errors import SolveError
from micrographia.reconstruction.deadline import UNLIMITED, Deadline
from micrographia.reconstruction.periodicity.autocorrelation import autocorrelation
from micrographia.reconstruction.periodicity.background import Flat, flatten, valid_pixels
from micrographia.reconstruction.periodicity.cell import CellLimits, CellProposal, cells_of
from micrographia.reconstruction.periodicity.describe import Periodicity
from micrographia.reconstruction.periodicity.evidence import Settled, settle_cell
from micrographia.reconstruction.periodicity.folding import MeanCell, fold
from micrographia.reconstruction.periodicity.grains import Grains, find_grains
from micrographia.reconstruction.periodicity.noise import White, whitened
from micrographia.reconstruction.periodicity.rows import (
    ScanDistortion,
    ScanRows,
    find_scan_distortion,
    undo,
)
from micrographia.reconstruction.periodicity.tiles import Tile, look_at_tiles, own_lattices
from micrographia.reconstruction.spectrum import refuse_large

_LEAST_SIDE = 64  # px; fewer hold no statistics
_SIDE = 640  # px a side that are looked at; larger pictures are binned
_FINE = 9.0  # px of the shortest vector, below which binning would blur it away
_SLOW = 0.7  # of the longest vector, the width of a Gaussian that counts as slow
_TRIED = 3  # proposals whose reflections are looked at
_TRIED_TILES = 2
_STANDS_OUT = 6.0  # deviations by which reflections must, for a lattice to be believed
_LEAST_CELLS = 6.0
_CLEAR = 0.9  # height of the repeats, and
_EXPLAINED = 0.03  # share of the variance, that a lattice of few cells must have
_HALF = 0.45  # of the picture that a grain fills, so that no other need be tried


@dataclass(frozen=True)
class _Picture:
    """A picture with its valid pixels, perhaps binned."""

    pixels: FloatArray
    invalid: BoolArray

    @property
    def weight(self) -> FloatArray:
        return (~self.invalid).astype(np.float64)

    def binned(self, rows: int, columns: int) -> _Picture:
        """Means of blocks of rows × columns pixels; what does not fill a block is left out."""
        if rows == columns == 1:
            return self
        shape = (self.pixels.shape[0] // rows, rows, self.pixels.shape[1] // columns, columns)
        inside = (slice(shape[0] * rows), slice(shape[2] * columns))
        weight = self.weight[inside].reshape(shape).sum(axis=(1, 3))
        pixels = np.where(self.invalid, 0.0, self.pixels)[inside].reshape(shape).sum(axis=(1, 3))
        return _Picture(pixels / np.maximum(weight, 1e-9), weight < 0.5 * rows * columns)


def find_periodicity(
    pixels: RealArray,
    mask: BoolArray | None = None,
    limits: CellLimits | None = None,
    deadline: Deadline = UNLIMITED,
) -> Periodicity:
    """Find the lattice of a picture and the distortions of its scan.

    Parameters
    ----------
    pixels
        Picture (rows, columns); NaN is invalid.
    mask
        True where a pixel is invalid (burnt-in text, lines, a border), or None.
    limits
        Shortest vector and largest area of the cell [px, px²]; None for the defaults.
    deadline
        Limit of time.

    Raises
    ------
    SolveError
        The picture is too large, too small or blank, or no lattice stands out of it.
    OutOfTimeError
        The deadline is reached.
    """
    picture = _checked(pixels, mask)
    limits = limits or CellLimits()
    deadline.begin("looking for repeats of the picture")
    seen = _look(picture, limits)
    found = _one_lattice(picture, seen, limits, deadline)
    grains: Grains | None = None
    if found is not None:
        deadline.begin("looking for other grains")
        grains = find_grains(found.straight, picture.weight, found.white_mean(picture.weight))
    if found is None or (grains is not None and grains.count == 1 and not seen.agreed):
        parted = _by_tiles(picture, seen, limits, deadline)
        if parted is not None and (found is None or parted[1].count > 1):
            found, grains = parted
    if found is None or grains is None:
        raise _no_lattice("no two vectors by which the picture repeats itself")
    if grains.count > 1:
        deadline.begin("looking at the largest grain alone")
        picture = _Picture(picture.pixels, picture.invalid | ~grains.mask)
        found = _follow(picture, found.proposal, seen.size, limits, deadline)
    _check(found, picture)
    if found.settled.smaller > 1 or found.settled.larger > 1:
        deadline.begin("laying the rows on the settled cell")
        found = _again(picture, found, deadline)
    return _described(picture, found, grains)


def _one_lattice(
    picture: _Picture, seen: _Seen, limits: CellLimits, deadline: Deadline
) -> _Found | None:
    """The best cell of the whole picture with the rows laid on it, or None without one."""
    found: _Found | None = None
    for proposal in seen.proposals[:_TRIED]:
        deadline.begin("laying the rows on the mean cell")
        other = _follow(picture, proposal, seen.size, limits, deadline)
        if found is None or other.certainty > found.certainty:
            found = other
        if found.certainty > _STANDS_OUT or not seen.agreed:
            break
    return found


def _by_tiles(
    picture: _Picture, seen: _Seen, limits: CellLimits, deadline: Deadline
) -> tuple[_Found, Grains] | None:
    """The lattice of a part of the picture, as far as it goes, and what lies beside it."""
    best: tuple[_Found, Grains] | None = None
    for tile, proposal in own_lattices(seen.tiles)[:_TRIED_TILES]:
        deadline.begin("looking at the parts of the picture")
        beyond = np.ones(picture.pixels.shape, dtype=np.bool_)
        beyond[tuple(slice(s.start * seen.size, s.stop * seen.size) for s in tile.part)] = False
        alone = _Picture(picture.pixels, picture.invalid | beyond)
        scaled = _scaled(proposal, seen.size)
        found = _follow(alone, scaled, seen.size, limits, deadline)
        mean = fold(found.straight, alone.weight, found.mean.cell)
        _, white = _flat(picture, mean.cell)
        area = find_grains(white.pixels, picture.weight, mean).mask
        alone = _Picture(picture.pixels, picture.invalid | ~area)
        found = _follow(alone, replace(scaled, cell=mean.cell), seen.size, limits, deadline)
        mean = fold(found.straight, alone.weight, found.mean.cell)
        straight = undo(white.pixels, found.distortion.displacement)
        grains = find_grains(straight, picture.weight, mean)
        if best is None or (grains.count > 1, grains.shares[0]) > (
            best[1].count > 1,
            best[1].shares[0],
        ):
            best = found, grains
        if grains.count > 1 and grains.shares[0] > _HALF:
            break
    return best


@dataclass(frozen=True)
class _Seen:
    """Cells that the picture and its parts repeat themselves by.

    `size` is the binning of the tiles and their proposals; those of the picture are in its pixels.
    """

    proposals: list[CellProposal]
    tiles: list[Tile]
    size: int

    @property
    def agreed(self) -> bool:
        """Whether every part repeats itself as the whole does."""
        return bool(self.proposals) and all(tile.agrees for tile in self.tiles)


@dataclass(frozen=True)
class _Found:
    """A cell with the rows laid on it."""

    proposal: CellProposal
    distortion: ScanDistortion
    mean: MeanCell
    settled: Settled
    straight: FloatArray
    unit: float

    @property
    def certainty(self) -> float:
        """Deviations by which the cell stands out; where cells are too few for a spectrum, whether
        the repeats are as high as they should be."""
        if self.settled.testable:
            return self.settled.certainty
        clear = self.proposal.on > _CLEAR and self.distortion.explained > _EXPLAINED
        return _STANDS_OUT + 1 if clear else 0.0

    def white_mean(self, weight: FloatArray) -> MeanCell:
        """The mean cell of the straightened picture with white noise."""
        return fold(self.straight, weight, self.mean.cell)


def _checked(pixels: RealArray, mask: BoolArray | None) -> _Picture:
    """The picture with its invalid pixels.

    Raises
    ------
    SolveError
        It is too large, too small or blank.
    """
    refuse_large(pixels)
    valid = valid_pixels(pixels, mask)
    if min(pixels.shape) < _LEAST_SIDE or valid.mean() < 0.2:
        raise SolveError(
            "The picture is too small to hold a lattice",
            seen=f"{pixels.shape[1]}×{pixels.shape[0]} px, {valid.mean():.0%} of them valid",
            allowed=f"at least {_LEAST_SIDE} px a side, a fifth of them valid",
            remedy="Use a larger part of the picture, or the picture at its full size",
        )
    picture = np.where(valid, pixels, 0.0).astype(np.float64)
    known = picture[valid]
    if not float(known.std()) > 1e-9 * max(1.0, float(np.abs(known).max())):
        raise SolveError(
            "The picture is blank: every pixel has the same value",
            remedy="Export the picture again, and see that it is the right one",
        )
    return _Picture(picture, ~valid)


def _no_lattice(seen: str) -> SolveError:
    return SolveError(
        "No lattice stands out of the noise",
        seen=seen,
        allowed="a picture that repeats itself in two directions",
        remedy="Use a higher dose or a larger field of one crystal, check the pixel size, and "
        "mask what is burnt in",
    )


def _look(picture: _Picture, limits: CellLimits) -> _Seen:
    """Propose cells for the picture, binned if it is large and its cell allows, and its tiles."""
    size = max(1, int(np.ceil(np.sqrt(picture.pixels.size) / _SIDE - 0.2)))
    while True:
        small = picture.binned(size, size)
        flat = flatten(small.pixels, small.invalid, min(small.pixels.shape) / 6)
        most = min(limits.largest / size**2, float(small.weight.sum()) / _LEAST_CELLS)
        narrow = CellLimits(limits.shortest / size, most)
        white = whitened(flat.pixels, small.weight)
        found = cells_of(autocorrelation(white.pixels, small.weight), narrow)
        fine = bool(found) and float(np.linalg.norm(found[0].cell[0])) >= _FINE
        if fine or size == 1:
            break
        size = max(1, size // 2)
    tiles = look_at_tiles(white.pixels, small.weight, found[0] if found else None, narrow)
    return _Seen([_scaled(proposal, size) for proposal in found], tiles, size)


def _scaled(proposal: CellProposal, size: int) -> CellProposal:
    return replace(proposal, cell=proposal.cell * size, residual=proposal.residual * size)


def _follow(
    picture: _Picture,
    proposal: CellProposal,
    size: int,
    limits: CellLimits,
    deadline: Deadline,
) -> _Found:
    """Lay the rows on a proposed cell, and settle the cell on the straightened picture."""
    distortion, mean, flat, white = _rows(picture, proposal.cell, None, deadline)
    straight = undo(white, distortion.displacement)
    small = _Picture(straight, picture.invalid).binned(size, size)
    settled = settle_cell(small.pixels, small.weight, mean.cell / size, limits.largest / size**2)
    settled = replace(settled, cell=settled.cell * size)
    return _Found(proposal, distortion, mean, settled, straight, flat.unit)


def _rows(
    picture: _Picture, cell: FloatArray, start: FloatArray | None, deadline: Deadline
) -> tuple[ScanDistortion, MeanCell, Flat, FloatArray]:
    """Distortion, mean cell, flattened picture, and that with white noise.

    All rows are looked at, but of a large picture only means over some columns: what is to be
    found are the places of rows.
    """
    lengths = np.linalg.norm(cell, axis=1)
    flat, white = _flat(picture, cell)
    columns = white.pixels.shape[1]
    width = int(np.clip(columns // _SIDE, 1, max(1.0, float(lengths.min()) // _FINE)))
    narrow = _Picture(white.pixels, picture.invalid).binned(1, width)
    squeeze = np.array([width, 1.0])
    began = None if start is None else start / squeeze
    rows = ScanRows(narrow.pixels, narrow.weight, white.colour)
    distortion, mean = find_scan_distortion(rows, cell / squeeze, deadline, began)
    distortion = distortion.stretched(squeeze)
    mean = fold(flat.pixels, picture.weight, mean.cell * squeeze, distortion.displacement)
    return distortion, mean, flat, white.pixels


def _flat(picture: _Picture, cell: FloatArray) -> tuple[Flat, White]:
    """The picture without its background, and that with white noise."""
    longest = float(np.linalg.norm(cell, axis=1).max())
    flat = flatten(picture.pixels, picture.invalid, _SLOW * longest)
    return flat, whitened(flat.pixels, picture.weight)


def _check(found: _Found, picture: _Picture) -> None:
    """Refuse what is no lattice.

    Raises
    ------
    SolveError
        The reflections hardly stand out, or there are too few cells.
    """
    settled = found.settled
    if found.certainty < _STANDS_OUT:
        raise _no_lattice(
            f"the reflections of the best cell stand out by {settled.certainty:.1f} deviations"
            if settled.testable
            else f"few repeats, {found.proposal.on:.0%} as high as they should be"
        )
    cells = float(picture.weight.sum()) / abs(float(np.linalg.det(settled.cell)))
    if cells < _LEAST_CELLS:
        raise _no_lattice(f"{cells:.1f} repeats of the best cell")


def _again(picture: _Picture, found: _Found, deadline: Deadline) -> _Found:
    """Lay the rows on the settled cell, from where they were found."""
    start = found.distortion.displacement
    distortion, mean, flat, _ = _rows(picture, found.settled.cell, start, deadline)
    return replace(found, distortion=distortion, mean=mean, unit=flat.unit)


def _described(picture: _Picture, found: _Found, grains: Grains) -> Periodicity:
    settled = found.settled
    remarks = []
    if settled.larger > 1:
        remarks.append(
            f"A weak superstructure makes the cell {settled.larger} times as large as its strong "
            "repeats."
        )
    if not settled.testable:
        remarks.append("The picture holds too few cells to exclude a superstructure.")
    count = float(picture.weight.sum())
    return Periodicity(
        cell=found.mean.cell,
        cells=count / abs(float(np.linalg.det(found.mean.cell))),
        residual=found.proposal.residual,
        explained=found.distortion.explained,
        proposal=found.proposal,
        distortion=found.distortion,
        mean=found.mean,
        grains=grains,
        noise=found.distortion.noise * found.unit,
        remarks=tuple(remarks),
    )
