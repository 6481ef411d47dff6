"""Real layers from the shared table: filtered as STEM2Mat, split by formula.

No two atoms may be closer than 0.5 Å in projection, across the cell's border neither: 772 layers.
The 914 of the table's README allow for atoms that stand exactly over one another (within 0.05 Å:
911 by this reading); those are among the `thick` ones here.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms
from ase.formula import Formula
from ase.io import write

#: The shared table lies beside the checkout.
TABLE = Path(__file__).parents[3] / "shared/data/structures2d/structures2d.parquet"
SPLITS = ("dev", "apart")
MOST_ELEMENTS = 3
LEAST_Z_SPAN = 10
GREATEST_THICKNESS = 3.0  # Å
CLOSEST_PAIR = 0.5  # Å, in projection
#: Crystals outside of the filter that are still worth a picture [Å].
_THICK_LIMIT = 12.0
_MOST_ATOMS_THICK = 30


@dataclass(frozen=True)
class Layer:
    """A row of the table: its name, reduced formula, half, and atoms (c along z)."""

    name: str
    formula: str
    split: str
    atoms: Atoms

    @property
    def cell(self) -> np.ndarray:
        """In-plane cell (2, 2), rows are the vectors [Å]."""
        return np.asarray(self.atoms.cell[:2, :2], dtype=float)

    @property
    def elements(self) -> list[str]:
        """Symbols, sorted by atomic number."""
        numbers = {int(n): s for n, s in zip(self.atoms.numbers, self.atoms.symbols, strict=True)}
        return [numbers[n] for n in sorted(numbers)]

    def cif(self) -> str:
        """The layer as a CIF text in P1."""
        buffer = io.BytesIO()
        write(buffer, self.atoms, format="cif")
        return buffer.getvalue().decode()


def split_of(formula: str) -> str:
    """The half that a formula belongs to; all crystals of a reduced formula go together."""
    reduced = Formula(formula).reduce()[0].format("hill")
    return SPLITS[hashlib.sha256(f"second maker|{reduced}".encode()).digest()[0] % 2]


def closest_projected_pair(cell: np.ndarray, xy: np.ndarray) -> float:
    """Smallest distance in projection between two atoms of a periodic layer [Å]."""
    if len(xy) < 2:
        return float("inf")
    fractions = (xy[:, None] - xy[None]) @ np.linalg.inv(cell)
    fractions -= np.rint(fractions)
    shifts = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    gaps = (fractions[:, :, None] + shifts) @ cell
    lengths = np.linalg.norm(gaps, axis=-1).min(axis=-1)
    return float(lengths[~np.eye(len(xy), dtype=bool)].min())


@lru_cache(maxsize=2)
def _rows() -> pd.DataFrame:
    return pd.read_parquet(TABLE)


def _layers() -> Iterator[tuple[Layer, float]]:
    """Every layer of few elements that differ enough, with its thickness [Å]."""
    for row in _rows().to_dict("records"):
        numbers = np.asarray(row["numbers"], dtype=int)
        kinds = np.unique(numbers)
        if len(kinds) > MOST_ELEMENTS:
            continue
        if len(kinds) > 1 and np.ptp(kinds) < LEAST_Z_SPAN:
            continue
        atoms = Atoms(
            numbers,
            positions=np.asarray(row["positions"], dtype=float).reshape(-1, 3),
            cell=np.asarray(row["cell"], dtype=float).reshape(3, 3),
            pbc=True,
        )
        layer = Layer(row["structure_id"], row["formula"], split_of(row["formula"]), atoms)
        yield layer, float(row["thickness"])


@lru_cache(maxsize=2)
def layers(thick: bool = False) -> tuple[Layer, ...]:
    """The layers that STEM2Mat's filter keeps, or with `thick` those that it drops for overlap.

    Returns
    -------
    Layers in the order of the table. `thick`: thicker than 3 Å (up to 12 Å, 30 atoms), or
    with columns closer than 0.5 Å in projection.
    """
    found = []
    for layer, thickness in _layers():
        close = closest_projected_pair(layer.cell, layer.atoms.positions[:, :2])
        inside = thickness <= GREATEST_THICKNESS and close >= CLOSEST_PAIR
        if thick:
            drawn = thickness <= _THICK_LIMIT and len(layer.atoms) <= _MOST_ATOMS_THICK
            if not inside and drawn:
                found.append(layer)
        elif inside:
            found.append(layer)
    return tuple(found)
