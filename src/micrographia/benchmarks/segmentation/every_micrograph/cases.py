"""The pictures of a set: drawn, counted or empty, each with its part and article."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from micrographia.errors import MicrographiaError, TableError
from micrographia.io.datasets.counted import Counted, read_counts, read_empty
from micrographia.io.datasets.drawn import Drawing, read_drawings

#: Kinds of pictures beside those that are drawn (`drawn.KINDS`).
COUNTED, EMPTY = "counted", "empty"


@dataclass(frozen=True)
class Case:
    """One picture to score.

    Attributes
    ----------
    file, kind, part
        Its name, what it shows, and the half of the set that it is in.
    article
        What its pictures share: the article, or the folder of its name, or the picture alone.
    truth
        The drawing or the count; None where there is nothing to find.
    """

    file: str
    kind: str
    part: str
    article: str
    truth: Drawing | Counted | None


def read_cases(folder: Path, articles: Mapping[str, str]) -> list[Case]:
    """Read all pictures of a set.

    Parameters
    ----------
    folder
        Holds drawings (`*.jsonl`), and optionally `counts.csv` and `nothing.csv`. An empty picture
        is in the half that follows from its article: `score` where the CRC-32 of its name is odd.
        One that somebody else drew or counted is not taken for empty; a warning says so.
    articles
        The article of a picture by the name of its file.

    Raises
    ------
    TableError
        A file of the set is wrong, or pictures of one article are in both halves.
    """
    drawn = [
        Case(one.file, one.kind, one.part, _article(one.file, articles), one)
        for one in read_drawings(folder)
    ]
    counts, empty = folder / "counts.csv", folder / "nothing.csv"
    counted = [
        Case(one.file, COUNTED, one.part, _article(one.file, articles), one)
        for one in (read_counts(counts) if counts.is_file() else [])
    ]
    nothing = []
    shown = {Path(case.file).name for case in drawn + counted}
    for file in read_empty(empty) if empty.is_file() else []:
        if Path(file).name in shown:
            logging.getLogger(__name__).warning(
                "%s is drawn or counted, too: it is left out of the empty pictures", file
            )
            continue
        article = _article(file, articles)
        part = "score" if zlib.crc32(article.encode()) % 2 else "choose"
        nothing.append(Case(file, EMPTY, part, article, None))
    cases = drawn + counted + nothing
    _refuse_both_halves(cases)
    return cases


def _article(file: str, articles: Mapping[str, str]) -> str:
    path = Path(file)
    folder = str(path.parent) if path.parent.parts else path.name
    return articles.get(path.name, folder)


def _refuse_both_halves(cases: Sequence[Case]) -> None:
    first: dict[str, Case] = {}
    for case in cases:
        other = first.setdefault(case.article, case)
        if other.part != case.part:
            raise TableError(
                f"{other.file} and {case.file} are of one article, {case.article}, and in both "
                "halves of the set",
                seen=f"{other.part}, {case.part}",
                allowed="one half for all pictures of an article",
                remedy="Move one of them, or correct the table of articles",
            )


def find_picture(file: str, folders: Sequence[Path]) -> Path:
    """Return the path of a picture in the first of the folders that has it.

    Raises
    ------
    MicrographiaError
        None of them has it.
    """
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    raise MicrographiaError(
        f"The picture {file} of the set is missing",
        seen=", ".join(map(str, folders)),
        allowed="a folder where this path begins",
        remedy="Name its folder with --images",
    )
