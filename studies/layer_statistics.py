"""Print what is usual in thin layers: the numbers of `reconstruction/unstated/chemistry.py`.

    python studies/layer_statistics.py ../shared/data/structures2d/structures2d.parquet

Layers of up to 4.2 Å, three elements and 24 atoms are counted: how many columns hold one atom, two
of one element or two of different ones, how many layers hold nothing but doubled columns, and the
logarithm of the discs of covalent radii over the cell. Of all layers of up to 16 atoms: how many
have a projection that repeats in a smaller cell than they do (within 0.1 Å).
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase.data import covalent_radii

from micrographia.physics.lattice import primitive_projection

_THICKEST, _ELEMENTS, _ATOMS = 4.2, 3, 24
_COLUMN = 0.1  # atoms within this are one column [Å]
_SMALL = 16  # most atoms of layers whose projections are looked at


def main() -> None:
    """Count, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structures", type=Path, help="structures2d.parquet")
    table = pd.read_parquet(parser.parse_args().structures)
    columns: Counter[str] = Counter()
    packing, doubled, layers = [], 0, 0
    for row in table.itertuples():
        numbers = np.asarray(row.numbers)
        few = len(set(numbers)) <= _ELEMENTS and len(numbers) <= _ATOMS
        if not few or row.thickness > _THICKEST or numbers.max() > 92:
            continue
        cell = np.asarray(row.cell).reshape(3, 3)[:2, :2]
        kinds = _columns(cell, np.asarray(row.positions).reshape(-1, 3)[:, :2], numbers)
        layers += 1
        columns.update(map(_name, kinds))
        doubled += all(_name(kind) == "two of one element" for kind in kinds)
        discs = np.pi * np.square(covalent_radii[numbers]).sum()
        packing.append(np.log(discs / abs(np.linalg.det(cell))))
    total = sum(columns.values())
    print(f"{layers} layers, {total} columns; {doubled} layers of doubled columns alone")
    for name, count in columns.most_common():
        print(f"{name}: {count} ({count / total:.1%})")
    print(f"log packing: mean {np.mean(packing):.2f}, deviation {np.std(packing):.2f}")
    small = [row for row in table.itertuples() if len(row.numbers) <= _SMALL]
    repeated = sum(map(_repeats, small))
    print(f"{repeated} of {len(small)} projections repeat in a smaller cell than the layer")


def _repeats(row: Any) -> bool:
    cell = np.asarray(row.cell).reshape(3, 3)[:2, :2]
    xy = np.asarray(row.positions).reshape(-1, 3)[:, :2]
    numbers = np.asarray(row.numbers)
    return len(primitive_projection(xy, numbers, cell, _COLUMN)[2]) < len(numbers)


def _columns(cell: np.ndarray, xy: np.ndarray, numbers: np.ndarray) -> list[tuple[int, ...]]:
    fractions = xy @ np.linalg.inv(cell)
    gaps = fractions[:, None] - fractions[None]
    near = np.linalg.norm((gaps - np.rint(gaps)) @ cell, axis=2) < _COLUMN
    heads = [atom for atom in range(len(numbers)) if not near[atom, :atom].any()]
    return [tuple(sorted(numbers[near[head]].tolist())) for head in heads]


def _name(kind: tuple[int, ...]) -> str:
    if len(kind) == 1:
        return "one atom"
    if len(kind) == 2:
        return "two of one element" if len(set(kind)) == 1 else "two of different elements"
    return "three or more"


if __name__ == "__main__":
    main()
