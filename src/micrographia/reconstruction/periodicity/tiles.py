"""One lattice in every part of a picture, or the parts' own.

The autocorrelation of a picture of two grains is that of both laid over each other, and what
repeats best may be a coincidence of the two. Overlapping tiles are looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.reconstruction.periodicity.autocorrelation import autocorrelation
from micrographia.reconstruction.periodicity.cell import CellLimits, CellProposal, cells_of, rated
from micrographia.reconstruction.periodicity.turns import turn_between

_SIDE = 0.6  # of the picture's side
_VALID = 0.5  # share of a tile that must be valid
_CLEAR = 0.45  # share of a tile's peaks that the common lattice explains where it surely holds
_AS_GOOD = 0.3  # score of the common lattice in a tile over that of the tile's own
_TURNED = 3.0  # degrees by which the common lattice may be turned in a tile
_LEAST_REPEATS = 0.8  # height of the repeats, over what is usual, and
_LEAST_EXPLAINED = 0.2  # share of its peaks, and
_LEAST_POINTS = 6  # number of lattice points, that a tile's own lattice must have


@dataclass(frozen=True)
class Tile:
    """A part of a picture and its lattices.

    Attributes
    ----------
    part
        Rows and columns of the tile.
    proposals
        Its cells, best first; empty where the common lattice surely holds.
    agrees
        Whether the lattice of the whole picture explains its repeats.
    """

    part: tuple[slice, slice]
    proposals: list[CellProposal]
    agrees: bool


def look_at_tiles(
    flat: FloatArray, weight: FloatArray, common: CellProposal | None, limits: CellLimits
) -> list[Tile]:
    """Propose cells in the corners and in the middle of a picture.

    Parameters
    ----------
    flat, weight
        Picture without its background and 1 for valid pixels, both (rows, columns).
    common
        Cell of the whole picture, or None.
    limits
        As for the whole picture.
    """
    tiles = []
    for down, along in ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1)):
        part = (_stretch(flat.shape[0], down), _stretch(flat.shape[1], along))
        inside = weight[part]
        if inside.mean() < _VALID:
            continue
        correlation = autocorrelation(flat[part], inside)
        proposals: list[CellProposal] = []
        agrees = False
        if common is not None:
            seen = rated(correlation, common.cell)
            turned = abs(turn_between(common.cell, seen.cell)[0]) > _TURNED
            agrees = not turned and seen.explained > _CLEAR and seen.score > 0
        if not agrees:
            proposals = cells_of(correlation, limits)
        if common is not None and not agrees:
            own = proposals[0].score if proposals else 0.0
            agrees = not turned and seen.score > _AS_GOOD * own
        tiles.append(Tile(part, proposals, agrees))
    return tiles


def own_lattices(tiles: list[Tile]) -> list[tuple[Tile, CellProposal]]:
    """Tiles with a clear lattice of their own, the clearest first."""
    clear = [
        (tile, tile.proposals[0])
        for tile in tiles
        if tile.proposals
        and tile.proposals[0].on > _LEAST_REPEATS
        and tile.proposals[0].points >= _LEAST_POINTS
        and tile.proposals[0].explained > _LEAST_EXPLAINED
    ]
    return sorted(clear, key=lambda one: -one[1].score)


def _stretch(length: int, place: int) -> slice:
    """The first, middle or last part of a side (place 0, 1, 2)."""
    size = int(np.ceil(_SIDE * length))
    start = (length - size) * place // 2
    return slice(start, start + size)
