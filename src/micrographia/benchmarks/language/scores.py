"""One row of scores for each picture whose structure was written as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.benchmarks.language.novelty import Learned
from micrographia.benchmarks.structure.scores import compare
from micrographia.benchmarks.structure.stem2crystal.matching import (
    Match,
    in_plane,
    match,
    space_group,
)
from micrographia.errors import StructureError, TableError
from micrographia.io.schemas import WRITTEN_SCORES
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import from_cif

#: Atoms nearer than this make an answer invalid [Å].
TOO_NEAR = 0.5
#: Answers among which a hit counts.
MOST = 5
RIGHT, NO_ANSWER = "right", "no answer"
#: What an answer is; of one that is wrong, the first thing that is.
KINDS = (RIGHT, "formula", "lattice", "group", "coordinates", NO_ANSWER)

_SHARES = (
    "formula_right", "composition_correct", "ss_047", "ss_020", "ss_010", "hit_1", "hit_5",
    "match_abs_1", "match_abs_5", "valid",
)  # fmt: skip
_TAKEN = (
    "rmsd_xy", "gamma_error", "area_error", "composition_correct", "rms_sites", "ss_047", "ss_020",
    "ss_010",
)  # fmt: skip


def score_written(
    texts: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    method: str,
    copies: bool = True,
) -> list[dict[str, Any]]:
    """Score the structures written for pictures.

    Parameters
    ----------
    texts
        Rows of CRYSTAL_TEXTS: the true crystals, and those that were learned.
    answers
        Rows of WRITTEN_CRYSTALS.
    method
        What wrote them.
    copies
        Whether to look for the training crystals that answers copy, which takes about as long as
        all other scores; without, these columns are null.

    Returns
    -------
    Rows of WRITTEN_SCORES, one for each picture in the order of the answers. Of a failure, shares
    are false and numbers null.

    Raises
    ------
    TableError
        Answers name crystals that are not in the table.
    """
    truth = {row["structure_id"]: row for row in texts if row["cif"] is not None}
    by_picture: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for answer in answers:
        by_picture[answer["image_id"]].append(answer)
    unknown = sorted({str(row["structure_id"]) for row in answers} - set(map(str, truth)))
    if unknown:
        raise TableError(
            f"{len(unknown)} answered crystals are not in the table of texts",
            seen=", ".join(unknown[:3]),
            remedy="Give the table from which these pictures were drawn",
        )
    learned = Learned(texts)
    return [
        _score(truth[ranked[0]["structure_id"]], ranked, method, learned, copies)
        for ranked in by_picture.values()
    ]


def _score(
    truth: Mapping[str, Any],
    answers: Sequence[Mapping[str, Any]],
    method: str,
    learned: Learned,
    copies: bool,
) -> dict[str, Any]:
    wanted = from_cif(str(truth["cif"]))
    ranked = sorted((one for one in answers if one["rank"] is not None), key=_rank)
    row: dict[str, Any] = blank(WRITTEN_SCORES)
    row |= dict.fromkeys(_SHARES, False)
    row |= {
        "image_id": answers[0]["image_id"],
        "structure_id": truth["structure_id"],
        "formula": truth["formula"],
        "method": method,
        "told": answers[0]["told"],
        "elements": len(set(wanted.numbers)),
        "sibling": truth["sibling"] is not None,
        "seconds": answers[0]["seconds"],
        "kind": NO_ANSWER,
        **_measures(wanted, "_true"),
    }
    if learned:
        row["novel_type_true"] = learned.type_of(wanted) is None
    if learned and copies:
        row |= {"novel": False, "novel_type": False}
    try:
        if not ranked:
            raise StructureError(str(answers[0]["failure"] or "no structure was written"))
        first = from_cif(str(ranked[0]["cif"]))
        compared = compare(first, wanted)
        row |= _measures(first, "")
    except StructureError as error:
        return row | {"failure": str(error)}
    row |= {name: compared[name] for name in _TAKEN}  # type: ignore[literal-required]
    row["formula_right"] = _reduced(first) == _reduced(wanted)
    row["valid"] = least_distance(first) >= TOO_NEAR
    if learned and copies:
        row |= _copied(first, learned)
    matches = _matches(first, ranked[1:MOST], wanted)
    row |= {
        "hit_1": matches[0].hit,
        "hit_5": any(one.hit for one in matches),
        "match_abs_1": matches[0].absolute,
        "match_abs_5": any(one.absolute for one in matches),
        "rmsd": matches[0].rmsd,
    }
    return row | {"kind": _kind(row, compared["lattice_match"])}


def _copied(first: Atoms, learned: Learned) -> dict[str, Any]:
    """What a structure copies of what was learned."""
    copy, kind = learned.copy_of(first), learned.type_of(first)
    novel = {"novel": copy is None, "novel_type": kind is None}
    return {"copy_of": copy, "type_of": kind, **novel}


def _rank(answer: Mapping[str, Any]) -> int:
    return int(answer["rank"])


def _matches(first: Atoms, others: Sequence[Mapping[str, Any]], wanted: Atoms) -> list[Match]:
    found = [match(first, wanted)]
    for other in others:
        try:
            found.append(match(from_cif(str(other["cif"])), wanted))
        except StructureError:
            continue
    return found


def _kind(row: Mapping[str, Any], lattice_match: bool) -> str:
    """Right is Hit@1; else what is wrong first: formula, lattice (5 %, 3°), group, coordinates."""
    if row["hit_1"]:
        return RIGHT
    if not row["formula_right"]:
        return "formula"
    if not lattice_match:
        return "lattice"
    return "coordinates" if row["space_group"] == row["space_group_true"] else "group"


def _measures(atoms: Atoms, ending: str) -> dict[str, Any]:
    """Cell, space group and weight of a crystal, named with an ending."""
    a, b, gamma = in_plane(atoms)
    found = {
        "a": a,
        "b": b,
        "gamma": gamma,
        "space_group": space_group(atoms),
        "weight": float(atoms.get_masses().sum()),
    }
    return {f"{name}{ending}": value for name, value in found.items()}


def _reduced(atoms: Atoms) -> str:
    return str(atoms.symbols.formula.reduce()[0].format("hill"))


def least_distance(atoms: Atoms) -> float:
    """Least distance of two atoms of a layer [Å], periodic in the plane."""
    cell = np.asarray(atoms.cell[:2])
    steps = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ cell
    away = atoms.positions[None, :, None] + steps - atoms.positions[:, None, None]
    distances = np.linalg.norm(away, axis=-1)
    middle = len(steps) // 2
    distances[np.arange(len(atoms)), np.arange(len(atoms)), middle] = np.inf
    return float(distances.min())
