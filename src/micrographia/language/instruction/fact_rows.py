"""Rows of facts: of a picture that can be read, and of one that cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from micrographia.io.facts.particles import Value
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.schemas.rows import FactRow
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN


@dataclass(frozen=True)
class Picture:
    """A picture that facts are of.

    Attributes
    ----------
    image_id
        None: it cannot be read.
    path, group
        As in `schemas.FACTS`.
    """

    image_id: str | None
    path: str
    group: str | None

    def number(self, value: Value, source: str, certain: float | None = None) -> FactRow:
        """Return the row of a fact that is a number."""
        evidence = value.evidence or source
        return self._row(
            value.name, source, evidence, certain, value.failure, value.number, value.unit
        )

    def words(
        self,
        name: str,
        words: str | None,
        source: str,
        evidence: str,
        certain: float | None = None,
        failure: str | None = None,
    ) -> FactRow:
        """Return the row of a fact in words; the word "unknown" is a failure."""
        if failure is None and words in (None, "", UNKNOWN):
            failure = "it cannot be told from the picture, or does not apply"
        known = None if failure is not None else words
        return self._row(name, source, evidence, certain, failure, words=known)

    def unreadable(self, source: str, reason: str) -> FactRow:
        """Return the one row of a picture of which nothing can be known."""
        return self._row(next(iter(FACT_KINDS)), source, "", None, reason)

    def _row(
        self,
        name: str,
        source: str,
        evidence: str,
        certain: float | None,
        failure: str | None,
        number: float | None = None,
        unit: str | None = None,
        words: str | None = None,
    ) -> FactRow:
        return {
            "image_id": self.image_id,
            "path": self.path,
            "group": self.group,
            "name": name,
            "number": number,
            "unit": unit,
            "words": words,
            "source": source,
            "evidence": evidence,
            "certain": certain if failure is None else None,
            "failure": failure,
        }


def attribute_rows(
    picture: Picture, row: Mapping[str, Any], source: str, certain: float | None = None
) -> Iterator[FactRow]:
    """Yield the nine attributes of a row that has a column for each.

    Where the row has columns `<name>_confidence`, these say how certain a word is.
    """
    for name in ATTRIBUTE_NAMES:
        sure = row.get(f"{name}_confidence", certain)
        yield picture.words(name, row[name], source, f"column {name}", sure)


def particle_rows(
    picture: Picture, values: Iterable[Value], source: str, certain: float | None = None
) -> Iterator[FactRow]:
    """Yield the rows of measured facts."""
    for value in values:
        yield picture.number(value, source, certain)
