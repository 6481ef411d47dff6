"""Outcome of one image: correct, refused, or the kind of error."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import lattice_mappings
from micrographia.physics.matching import Projection, site_distance

RIGHT = "right"
REFUSED = "refused"
NO_ANSWER = "no answer"
#: Every outcome, from the best to the worst; each picture has exactly one.
OUTCOMES = (
    RIGHT,
    "sites displaced",
    "species on wrong sites",
    "neighbouring species",
    "other species",
    "atom count",
    "supercell",
    "subcell",
    "other lattice",
    REFUSED,
    NO_ANSWER,
)
#: Most difference of atomic numbers that a picture hardly tells apart.
NEIGHBOURS = 2
#: Distance of sites within which an answer is right [Å].
LIMIT = 0.47
#: Largest index of a sub- or superlattice that is recognised.
_LARGEST_INDEX = 16
# Lattices are measured far better than to the 5 % and 3° of a match; wider, and any lattice is
# some superlattice of another.
_LENGTHS, _ANGLE = 0.02, 1.0


def classify(found: Projection, wanted: Projection, distance: float | None) -> str:
    """Return one of `OUTCOMES` for an answer that was given.

    Parameters
    ----------
    found, wanted
        Primitive projected cells of answer and truth.
    distance
        What `site_distance` says of them [Å].

    Notes
    -----
    The first thing that is wrong names the outcome: the lattice, then the species, then the
    sites. A wrong lattice is a `supercell` or `subcell` of the truth when it is so within 2 %
    and 1° for an index up to 16. Species that differ are `neighbouring species` when the
    differing ones, sorted and paired, are at most 2 apart in atomic number.
    """
    if distance is not None and distance <= LIMIT:
        return RIGHT
    if not lattice_mappings(wanted.cell, found.cell):
        if _is_superlattice(wanted.cell, found.cell):
            return "supercell"
        return "subcell" if _is_superlattice(found.cell, wanted.cell) else "other lattice"
    if not found.same_composition(wanted):
        return _species_error(found, wanted)
    blind = site_distance(_colourless(found), _colourless(wanted))
    return "species on wrong sites" if blind is not None and blind <= LIMIT else "sites displaced"


def _colourless(layer: Projection) -> Projection:
    return Projection(layer.cell, layer.xy, np.ones_like(layer.numbers))


def _is_superlattice(fine: FloatArray, coarse: FloatArray) -> bool:
    """Whether `coarse` is, in some orientation, a lattice of every n-th cell of `fine`, n > 1."""
    ratio = abs(np.linalg.det(coarse)) / abs(np.linalg.det(fine))
    index = round(ratio)
    if not 2 <= index <= _LARGEST_INDEX or abs(ratio / index - 1) > 2 * _LENGTHS:
        return False
    for width in range(1, index + 1):
        if index % width:
            continue
        for lean in range(width):
            # Hermite normal forms: each sublattice of this index once.
            cell = np.array([[width, 0], [lean, index // width]]) @ fine
            if lattice_mappings(cell, coarse, _LENGTHS, _ANGLE):
                return True
    return False


def _species_error(found: Projection, wanted: Projection) -> str:
    if len(found.numbers) != len(wanted.numbers):
        return "atom count"
    counts = [Counter(item.numbers.tolist()) for item in (found, wanted)]
    extra = sorted((counts[0] - counts[1]).elements())
    missing = sorted((counts[1] - counts[0]).elements())
    apart = max(abs(one - other) for one, other in zip(extra, missing, strict=True))
    return "neighbouring species" if apart <= NEIGHBOURS else "other species"


def refusal_class(failure: str) -> str:
    """Return the kind of reason in a solver's message: its first clause, without figures.

    Examples
    --------
    >>> refusal_class("No lattice stands out of the noise; saw '1 reflections'; allowed: two.")
    'No lattice stands out of the noise'
    >>> refusal_class("Only 12 of 40 columns fit.")
    'Only … of … columns fit'
    """
    clause = re.split(r"[;:]|\.\s|\.$", failure.strip(), maxsplit=1)[0]
    return re.sub(r"\d+(\.\d+)?", "…", clause).strip()
