"""Ranked crystals for each picture of a data set; a refusal is an answer, too."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.io.ase import AseAtomsAdaptor

from micrographia.config import Reconstruction
from micrographia.errors import MicrographiaError, SolveError
from micrographia.io.datasets.ranked import Item
from micrographia.io.structures import orient_layer, to_cif
from micrographia.reconstruction.composition.repeat import larger_layers
from micrographia.reconstruction.crystal import Crystal, read_crystal
from micrographia.reconstruction.heights import rank_layers
from micrographia.reconstruction.symmetry.layer import symmetrise_layer

#: Sites nearer than this share of the spacing of atoms make two layers one.
_SAME = 0.1


def answer_pictures(
    items: Iterable[Item],
    settings: Reconstruction,
    count: int,
    oracle: bool = False,
    proposals: Mapping[str, Sequence[Atoms]] | None = None,
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
    proposals
        Crystals that somebody takes a picture for, by its name, the most probable first. The
        search compares them with the picture (`read_crystal`); where it finds nothing, they are
        the answer, and else those that it did not take come after its first.

    Yields
    ------
    Rows as `io.datasets.answers.read_answers` describes them.
    """
    for item in items:
        row: dict[str, Any] = {"picture": item.picture}
        started = time.perf_counter()
        proposed = (proposals or {}).get(item.picture, ())
        try:
            if oracle:
                layers = _answers([item.truth], item, settings, count, oracle)
            else:
                crystal = _solve(item, settings, proposed)
                row["confidence"] = crystal.confidence
                found = list(crystal.candidates) or [crystal.atoms]
                layers = _answers(found, item, settings, count, oracle)
                if proposed:
                    layers = _with_proposals(crystal, layers, proposed)
            row["answers"] = _texts(layers, settings, count)
        except MicrographiaError as error:
            if proposed and isinstance(error, SolveError):
                row |= {"answers": _texts(proposed, settings, count), "confidence": 0.0}
            else:
                row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row


def _solve(item: Item, settings: Reconstruction, proposed: Sequence[Atoms]) -> Crystal:
    return read_crystal(
        item.read(),
        sorted(item.composition),
        settings,
        item.picture,
        composition=item.composition,
        proposals=proposed,
    )


def _answers(
    found: list[Atoms], item: Item, settings: Reconstruction, count: int, oracle: bool
) -> list[Atoms]:
    """The solver's layers, and its first with other heights."""
    index = _missing(found[0], item.composition)
    if index > 1:
        return _larger(found[0], index, settings, count)
    others = _other_heights(found[0], settings, count)
    return others if oracle else [*found, *others[1:]]


def _with_proposals(
    crystal: Crystal, layers: list[Atoms], proposed: Sequence[Atoms]
) -> list[Atoms]:
    """Layers of the solver and proposals in turn, the first of which is the solver's."""
    # Where a proposal lent its heights or replaced the answer, the crystal has them.
    own = [crystal.atoms, *layers] if crystal.template is not None else layers
    mixed = [one for pair in zip_longest(own, proposed) for one in pair if one is not None]
    kept: list[Atoms] = []
    for one in mixed:
        if not any(_are_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _are_same(first: Atoms, second: Atoms) -> bool:
    """Whether two layers are one crystal, but for small moves of its atoms."""
    if first.get_chemical_formula() != second.get_chemical_formula():
        return False
    matcher = StructureMatcher(stol=_SAME, primitive_cell=True)
    one, two = (AseAtomsAdaptor.get_structure(_periodic(layer)) for layer in (first, second))
    return bool(matcher.fit(one, two))


def _periodic(layer: Atoms) -> Atoms:
    whole = layer.copy()
    whole.pbc = True
    return whole


def _texts(layers: Sequence[Atoms], settings: Reconstruction, count: int) -> list[str]:
    return [to_cif(_with_vacuum(one, settings.vacuum)) for one in layers[:count]]


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
