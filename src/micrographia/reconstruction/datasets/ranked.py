"""Ranked crystals for each picture of a data set; a refusal is an answer, too."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.config import Reconstruction
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.ranked import Item
from micrographia.io.structures import orient_layer, to_cif
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
        Most crystals: those of the solver, then its first one with other heights.
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
                found = list(getattr(crystal, "candidates", None) or [crystal.atoms])
            others = _other_heights(found[0], settings, count)
            layers = (others if oracle else [*found, *others[1:]])[:count]
            row["answers"] = [to_cif(_with_vacuum(one, settings.vacuum)) for one in layers]
        except MicrographiaError as error:
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row


def _solve(item: Item, settings: Reconstruction) -> Crystal:
    told: dict[str, Any] = {}
    if "composition" in inspect.signature(read_crystal).parameters:
        told["composition"] = item.composition
    return read_crystal(item.read(), sorted(item.composition), settings, item.picture, **told)


def _other_heights(atoms: Atoms, settings: Reconstruction, count: int) -> list[Atoms]:
    """The same plane with heights from the most plausible on."""
    layer = orient_layer(atoms)
    plane = np.array(layer.cell[:2, :2])
    symmetry = settings.symmetry
    return [
        symmetrise_layer(
            one, symmetry.tolerance, symmetry.height_tolerance, symmetry.cell_tolerance
        ).atoms
        for one in rank_layers(
            plane, layer.positions[:, :2], layer.numbers, settings.vacuum, count
        )
    ]


def _with_vacuum(atoms: Atoms, vacuum: float) -> Atoms:
    """The layer in a cell of this much vacuum above its thickness."""
    layer = orient_layer(atoms)
    heights = layer.positions[:, 2]
    cell = np.array(layer.cell[:])
    cell[2] = [0, 0, float(np.ptp(heights)) + vacuum]
    positions = layer.positions.copy()
    positions[:, 2] += (cell[2, 2] - heights.max() - heights.min()) / 2
    return Atoms(layer.numbers, positions=positions, cell=cell, pbc=True)
