"""Ranked answers by picture, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from micrographia.errors import StructureError, TableError
from micrographia.io.atomic import write_text
from micrographia.io.structures import from_cif

#: Answers that count.
MOST = 5


@dataclass(frozen=True, eq=False)
class Answer:
    """What a solver said of one picture.

    Attributes
    ----------
    picture
        As the data set's table names it.
    crystals
        At most five, the best first; None in the place of one that cannot be read.
    failure
        Why there is none, or none that can be read; empty where there is one.
    confidence, seconds
        Of the solver; None where it states none.
    """

    picture: str
    crystals: list[Atoms | None]
    failure: str
    confidence: float | None = None
    seconds: float | None = None


def read_answers(path: Path) -> dict[str, Answer]:
    """Read answers; further ones than the fifth are left out.

    Parameters
    ----------
    path
        JSON lines, each with `picture` and either `answers`, a list of CIF texts, the best
        first, or `failure`, the reason of a refusal; `confidence` and `seconds` are optional.

    Raises
    ------
    TableError
        The file is absent or no such file, or answers a picture twice.
    """
    found: dict[str, Answer] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"Answers {path} cannot be read: {error}") from None
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        answer = _read_line(line, f"{path}, line {place}")
        if answer.picture in found:
            raise TableError(f"{path} answers a picture twice", seen=answer.picture)
        found[answer.picture] = answer
    return found


def _read_line(line: str, where: str) -> Answer:
    try:
        row = json.loads(line)
        picture, texts = str(row["picture"]), list(row.get("answers") or [])
        confidence, seconds = row.get("confidence"), row.get("seconds")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TableError(
            f"{where} is no answer", seen=line[:60],
            allowed='{"picture": …, "answers": [CIF, …]} or {"picture": …, "failure": …}',
        ) from None  # fmt: skip
    crystals: list[Atoms | None] = []
    failure = str(row.get("failure") or "")
    for text in texts[:MOST]:
        try:
            crystals.append(from_cif(str(text)))
        except StructureError as error:
            crystals.append(None)
            failure = failure or str(error)
    if any(crystal is not None for crystal in crystals):
        failure = ""
    elif not failure:
        failure = "the solver gave neither a crystal nor a reason"
    return Answer(picture, crystals, failure, confidence, seconds)


def write_answers(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write answers, atomically, one line for each: rows as `read_answers` describes them."""
    lines = (json.dumps(dict(row), ensure_ascii=False, sort_keys=True) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read the rows of answers as they stand, their crystals as text.

    Raises
    ------
    TableError
        As `read_answers`.
    """
    read_answers(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
