"""Whether a picture shows one lattice everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from micrographia.arrays import BoolArray, FloatArray


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
        Cell (2, 2) [px] of each grain.
    sentence
        For a person; empty for a single crystal.
    """

    count: int
    shares: tuple[float, ...]
    mask: BoolArray
    cells: tuple[FloatArray, ...]
    sentence: str
