"""Real 2D crystals for the double, split by formula."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from math import gcd
from pathlib import Path

import numpy as np
import pandas as pd
from ase.data import chemical_symbols
from numpy.typing import NDArray

#: Of three formulas one is apart.
_APART = 3


@dataclass(frozen=True, eq=False)
class Slab:
    """A relaxed layer: name, cell (3, 3) [Å], c along z, positions (n, 3) [Å], numbers (n,)."""

    name: str
    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    numbers: NDArray[np.int64]

    @property
    def composition(self) -> dict[str, int]:
        """Atoms of each element in the primitive cell, symbols in order."""
        counts = Counter(chemical_symbols[number] for number in self.numbers)
        return dict(sorted(counts.items()))

    @property
    def formula(self) -> str:
        """Reduced formula, symbols in order: Mo1S2."""
        divisor = reduce(gcd, self.composition.values())
        return "".join(f"{key}{value // divisor}" for key, value in self.composition.items())


def choose_slabs(source: Path, count: int, split: str, seed: int, max_atoms: int) -> list[Slab]:
    """Draw slabs of one half of the formulas, each formula at most twice."""
    table = pd.read_parquet(source)
    table = table[table["natoms"] <= max_atoms].sort_values("structure_id")
    order = np.random.default_rng([seed, 7]).permutation(len(table))
    chosen: list[Slab] = []
    seen: Counter[str] = Counter()
    for place in order:
        record = table.iloc[int(place)]
        slab = Slab(
            str(record["structure_id"]),
            np.array(record["cell"], dtype=float).reshape(3, 3),
            np.array(record["positions"], dtype=float).reshape(-1, 3),
            np.array(record["numbers"], dtype=np.int64),
        )
        if is_apart(slab.formula) == (split == "apart") and seen[slab.formula] < 2:
            seen[slab.formula] += 1
            chosen.append(slab)
        if len(chosen) == count:
            return chosen
    raise SystemExit(f"Only {len(chosen)} crystals of split {split} are there; asked for {count}")


def is_apart(formula: str) -> bool:
    """Whether a formula is of the split that is only looked at once."""
    digest = hashlib.sha256(f"stem2crystal-double {formula}".encode()).digest()
    return digest[0] % _APART == 0
