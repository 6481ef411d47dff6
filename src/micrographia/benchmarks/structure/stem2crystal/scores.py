"""One row of scores for each picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ase import Atoms

from micrographia.benchmarks.structure.stem2crystal.matching import in_plane, match, space_group
from micrographia.errors import StructureError, TableError
from micrographia.io.datasets.answers import Answer
from micrographia.io.datasets.ranked import Item
from micrographia.io.schemas import RANKED_SCORES
from micrographia.io.schemas.rows import blank


def score_pictures(items: Sequence[Item], answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """Score every picture; one without an answer is a failure, never a missing row.

    Parameters
    ----------
    items
        From `read_dataset`.
    answers
        From `read_answers`.

    Returns
    -------
    Rows of schema RANKED_SCORES in the order of the items. Hits, Match_abs, `rms` and `rmsd` are
    of the best of the answers that count; species, space group, b and γ of the first alone.

    Raises
    ------
    TableError
        Answers name pictures that are not in the data set.
    """
    unknown = sorted(set(answers) - {item.picture for item in items})
    if unknown:
        raise TableError(
            f"{len(unknown)} answered pictures are not in the data set",
            seen=", ".join(unknown[:3]),
            remedy="Give the answers to this data set; pictures are named as its table does",
        )
    return [_score(item, answers.get(item.picture)) for item in items]


def _score(item: Item, answer: Answer | None) -> dict[str, Any]:
    row: dict[str, Any] = blank(RANKED_SCORES)
    _, b_true, gamma_true = in_plane(item.truth)
    row |= {
        "picture": item.picture,
        "structure_id": item.crystal,
        "group": item.group,
        "n_answers": 0,
        "hit_1": False,
        "hit_5": False,
        "match_abs_1": False,
        "match_abs_5": False,
        "composition_correct": False,
        "space_group_true": space_group(item.truth),
        "space_group_right": False,
        "b_true": b_true,
        "gamma_true": gamma_true,
    }
    if answer is None:
        return row | {"failure": "missing: there is no answer"}
    row |= {"confidence": answer.confidence, "seconds": answer.seconds}
    if answer.failure:
        return row | {"failure": answer.failure}
    matches = [match(one, item.truth) for one in answer.crystals if one is not None]
    # The first answer is the first: one that cannot be read is not replaced by the next.
    first = None if answer.crystals[0] is None else matches[0]
    row |= {
        "n_answers": len(matches),
        "hit_1": first is not None and first.hit,
        "hit_5": any(found.hit for found in matches),
        "match_abs_1": first is not None and first.absolute,
        "match_abs_5": any(found.absolute for found in matches),
        "rms": min((found.rms for found in matches if found.rms is not None), default=None),
        "rmsd": min((found.rmsd for found in matches if found.rmsd is not None), default=None),
    }
    if answer.crystals[0] is not None:
        row |= _first(answer.crystals[0], item.truth, row["space_group_true"])
    return row


def _first(found: Atoms, truth: Atoms, true_group: int | None) -> dict[str, Any]:
    """What is asked of the first answer alone."""
    try:
        _, b, gamma = in_plane(found)
    except StructureError:
        b, gamma = None, None
    group = space_group(found)
    return {
        "composition_correct": _shares(found) == _shares(truth),
        "space_group": group,
        "space_group_right": group is not None and group == true_group,
        "b": b,
        "gamma": gamma,
    }


def _shares(atoms: Atoms) -> dict[str, float]:
    """Share of each element, which a supercell does not change."""
    counts = Counter(atoms.get_chemical_symbols())
    return {key: round(count / len(atoms), 6) for key, count in counts.items()}
