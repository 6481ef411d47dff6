"""How each sub-kind looks, in words: what its pictures are drawn to show."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path


def looks_of(label: str, sub_kind: str) -> dict[str, str]:
    """Return the words of a sub-kind.

    Returns
    -------
    dict
        `object` (what the picture shows, in the plural), `shape`, `arrangement`, `surface` and
        `contact` (how neighbours meet), each a phrase that fits into a sentence.
    """
    return _table()[label, sub_kind]


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    """Return the words of all sub-kinds by class and sub-kind."""
    with Path(__file__).with_name("looks.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {(row.pop("label"), row.pop("sub_kind")): row for row in rows}
