"""A sample of questions that every command draws alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

Row = TypeVar("Row", bound=Mapping[str, Any])


def sample_of(questions: Iterable[Row], count: int) -> list[Row]:
    """Return the first questions by their identifiers, picture by picture.

    Identifiers are digests, so the first of them are a random sample, the same for all who answer
    and score.

    Parameters
    ----------
    questions
        Rows of `schemas.INSTRUCTIONS`.
    count
        How many; fewer where there are fewer.

    Examples
    --------
    >>> rows = [{"question_id": name, "image_id": "i"} for name in ("c", "a", "b")]
    >>> [row["question_id"] for row in sample_of(rows, 2)]
    ['a', 'b']
    """
    first = sorted(questions, key=lambda row: str(row["question_id"]))[:count]
    return sorted(first, key=lambda row: str(row["image_id"]))
