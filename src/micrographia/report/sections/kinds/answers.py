"""The answers that the section tells of, and the numbers that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.report.collect import Results, records

Row = dict[str, Any]
#: The method that is shown where it ran: a probe on all that is not held out.
MAIN = "probe/all"


@dataclass(frozen=True)
class Answers:
    """Answers of one method to pictures with a class.

    Attributes
    ----------
    method
        Its name.
    rows
        Of `schemas.CLASSIFIED`, those of a class, failures included.
    strangers
        Those of no class.
    """

    method: str
    rows: tuple[Row, ...]
    strangers: tuple[Row, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that there are pictures of, sorted."""
        return tuple(sorted({str(row["label"]) for row in self.rows}))

    def right(self, row: Row, among: int = 1) -> bool:
        """Whether the class, or the other that is right too, is among the first answers."""
        return bool({row["label"], row["second"]} & set(_first(row, among)))


def _first(row: Row, count: int) -> Sequence[str]:
    return [] if row["ranked"] is None else [str(name) for name in row["ranked"][:count]]


def answers_of(results: Results, config: Mapping[str, Any] | None) -> Answers | None:
    """Return the answers of the main method, of the pictures that the benchmark counts.

    Parameters
    ----------
    results
        Tables of the run.
    config
        The run's configuration: label of pictures of no class, and the quality that counts.
    """
    table = results.classified
    if table is None or table.empty:
        return None
    known = config or {}
    none = known.get("classification", {}).get("none_of_these", "other")
    wanted = set(known.get("benchmarks", {}).get("classification_quality", ()))
    methods = list(dict.fromkeys(table["method"]))
    method = MAIN if MAIN in methods else methods[0]
    rows = [
        row
        for row in records(table[table["method"] == method])
        if row["label"] is not None and wanted <= set((row["quality"] or "").split())
    ]
    own = tuple(row for row in rows if row["label"] != none)
    if not own:
        return None
    return Answers(method, own, tuple(row for row in rows if row["label"] == none))


def confusion(found: Answers) -> tuple[IntArray, tuple[str, ...]]:
    """Return counts by true (row) and predicted (column) class, and the names of the columns.

    An answer that names the picture's second class counts as the true one. Columns are the
    classes, then other predicted ones together, and failures, where there are any.
    """
    classes = found.classes
    columns = [*classes, "another", "failed"]
    table = np.zeros((len(classes), len(columns)), dtype=np.int64)
    for row in found.rows:
        if row["failure"] is not None:
            said = "failed"
        else:
            said = row["label"] if found.right(row) else str(row["predicted"])
        place = columns.index(said) if said in columns else len(classes)
        table[classes.index(row["label"]), place] += 1
    kept = [*range(len(classes)), *(n for n in (-2, -1) if table[:, n].any())]
    return table[:, kept], tuple(columns[n] for n in kept)


def risk_coverage(found: Answers) -> tuple[FloatArray, FloatArray]:
    """Return coverage and share of wrong answers, the surest answers given first.

    Answers of one score are given together; a failure is a wrong answer of score 0.
    """
    score = np.array([row["known"] or 0.0 for row in found.rows])
    wrong = np.array([not found.right(row) for row in found.rows], dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    given = np.arange(1, len(score) + 1)
    last = np.append(np.diff(score[order]) != 0, True)
    return given[last] / len(score), np.cumsum(wrong[order])[last] / given[last]


def hardest(found: Answers, most: int) -> list[Row]:
    """Return the pictures with a wrong answer, the surest of it first."""
    wrong = [row for row in found.rows if row["failure"] is None and not found.right(row)]
    return sorted(wrong, key=lambda row: (-row["probability"], row["path"]))[:most]
