"""Tables of facts as pictures: each with what is known of it, its group and its side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from micrographia.config.language.instruction import Instruction
from micrographia.io.facts.slots import known
from micrographia.language.instruction.grammar import Known
from micrographia.language.splits import split_groups


@dataclass(frozen=True)
class Subject:
    """A picture to ask about.

    Attributes
    ----------
    image_id
        None: it cannot be read.
    path, group, split
        As in `schemas.INSTRUCTIONS`.
    known
        Its facts, and why others are not known.
    failure
        Why nothing can be asked.
    """

    image_id: str | None
    path: str
    group: str
    split: str
    known: Known = field(default_factory=lambda: Known({}))
    failure: str | None = None


def subjects_of(
    facts: Iterable[Mapping[str, Any]], settings: Instruction, seed: int, part: str | None = None
) -> list[Subject]:
    """Return the pictures of tables of facts, in their order.

    Parameters
    ----------
    facts
        Rows of `schemas.FACTS` of one or several tables. Rows of one picture are joined; of two
        that say the same fact, the first counts.
    settings
        Shares of the pictures that are held out.
    seed
        Of the split.
    part
        The side of all pictures; None: they are split by groups.

    Returns
    -------
    list of Subject
        A picture without a group is a group of its own.
    """
    of_picture: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts:
        of_picture.setdefault(row["image_id"] or f"unreadable {row['path']}", []).append(row)
    groups = {
        name: next((row["group"] for row in rows if row["group"] is not None), name)
        for name, rows in of_picture.items()
    }
    sides = split_groups(list(groups.values()), settings.test, settings.validation, seed)
    return [
        _subject(rows, groups[name], part or side)
        for (name, rows), side in zip(of_picture.items(), sides, strict=True)
    ]


def _subject(rows: list[Mapping[str, Any]], group: str, split: str) -> Subject:
    first = rows[0]
    if first["image_id"] is None:
        return Subject(None, first["path"], group, split, failure=first["failure"])
    facts = known(rows)
    failures = {
        row["name"]: row["failure"]
        for row in rows
        if row["failure"] is not None and row["name"] not in facts
    }
    return Subject(first["image_id"], first["path"], group, split, Known(facts, failures))
