"""Ranked crystals for each picture of a data set; a refusal is an answer, too."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.config import Reconstruction
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.ranked import Item
from micrographia.io.structures import orient_layer, to_cif
from micrographia.reconstruction.composition.repeat import larger_layers
from micrographia.reconstruction.crystal import Crystal, read_crystal
from micrographia.reconstruction.heights import rank_layers
from micrographia.reconstruction.symmetry.layer import symmetrise_layer


def answer_pictures(
    items: Iterable[Item], settings: Reconstruction, count: int, oracle: bool = False
) -> Iterator[dict[str, Any]]:
    """Answer each picture with crystals, the best first.

    Parameters
    ----------
    items
        From `read_dataset`. The solver is told pixel size and composition; of the truth nothing.
    settings
        Limits of the search.
    count
        Most crystals: those of the solver, then its first one with other heights. Where the
        composition has several times the atoms that the projected cell shows, those are layers
        whose heights repeat in a larger cell.
    oracle
        Put the true projection in the solver's place: what is scored are the heights.

    Yields
    ------
    Rows as `io.datasets.answers.read_answers` describes them.
    """
    for item in items:
        row: dict[str, Any] = {"picture": item.picture}
        started = time.perf_counter()
        try:
            if oracle:
                found = [item.truth]
            else:
                crystal = _solve(item, settings)
                row["confidence"] = crystal.confidence
                found = list(crystal.candidates) or [crystal.atoms]
            index = _missing(found[0], item.composition)
            if index > 1:
                layers = _larger(found[0], index, settings, count)
            else:
                others = _other_heights(found[0], settings, count)
                layers = others if oracle else [*found, *others[1:]]
            row["answers"] = [to_cif(_with_vacuum(one, settings.vacuum)) for one in layers[:count]]
        except MicrographiaError as error:
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row


def _solve(item: Item, settings: Reconstruction) -> Crystal:
    return read_crystal(
        item.read(), sorted(item.composition), settings, item.picture, composition=item.composition
    )


def _missing(atoms: Atoms, composition: Mapping[str, int]) -> int:
    """How many times its atoms the primitive cell holds; 1 where that is no whole number."""
    counts = Counter(atoms.get_chemical_symbols())
    if set(counts) != set(composition):
        return 1
    ratios = {Fraction(composition[symbol], count) for symbol, count in counts.items()}
    ratio = ratios.pop()
    return 1 if ratios or ratio.denominator > 1 else int(ratio)


def _larger(atoms: Atoms, index: int, settings: Reconstruction, count: int) -> list[Atoms]:
    """Layers of so many times the atoms whose projection is that of `atoms`."""
    layer = orient_layer(atoms)
    plane, numbers = np.array(layer.cell[:2, :2]), np.asarray(layer.numbers, dtype=np.int64)
    xy = layer.positions[:, :2]
    larger = larger_layers(plane, xy, numbers, index, max(1, count // 3), settings.vacuum)
    # Crystals of doubled columns are rarer by far; energies may still prefer one.
    doubled = rank_layers(
        plane, np.tile(xy, (index, 1)), np.tile(numbers, index), settings.vacuum, 2
    )
    found = [*larger[: count - len(doubled)], *doubled]
    return [_symmetrised(one, settings) for one in found]


def _other_heights(atoms: Atoms, settings: Reconstruction, count: int) -> list[Atoms]:
    """The same plane with heights from the most plausible on."""
    layer = orient_layer(atoms)
    plane = np.array(layer.cell[:2, :2])
    ranked = rank_layers(plane, layer.positions[:, :2], layer.numbers, settings.vacuum, count)
    return [_symmetrised(one, settings) for one in ranked]


def _symmetrised(atoms: Atoms, settings: Reconstruction) -> Atoms:
    symmetry = settings.symmetry
    return symmetrise_layer(
        atoms, symmetry.tolerance, symmetry.height_tolerance, symmetry.cell_tolerance
    ).atoms


def _with_vacuum(atoms: Atoms, vacuum: float) -> Atoms:
    """The layer in a cell of this much vacuum above its thickness."""
    layer = orient_layer(atoms)
    heights = layer.positions[:, 2]
    cell = np.array(layer.cell[:])
    cell[2] = [0, 0, float(np.ptp(heights)) + vacuum]
    positions = layer.positions.copy()
    positions[:, 2] += (cell[2, 2] - heights.max() - heights.min()) / 2
    return Atoms(layer.numbers, positions=positions, cell=cell, pbc=True)
