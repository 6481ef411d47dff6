"""EMPS as its authors publish it, to the folders that the settings name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from micrographia.errors import RetrievalError

#: Columns of the published table, and what they are called in `sources.csv`.
_COLUMNS = {"filename": "filename", "doi": "doi", "locator": "figure"}


def arrange_emps(folder: Path) -> None:
    """Split EMPS into the pictures to train and measure on, and those that are held out.

    Parameters
    ----------
    folder
        Holds `images/` and `segmaps/` (PNG, all 465 pictures), `metadata.csv` (filename, doi,
        locator, regions) and `train.csv` (names without suffix, one a line). Afterwards
        `images/`, `segmaps/` and `sources.csv` (filename, doi, figure) are of the pictures in
        `train.csv`; all others lie in `test/`.

    Raises
    ------
    RetrievalError
        A part is absent, or a picture of `train.csv` lacks its file, its mask or its article.
    """
    needed = [folder / name for name in ("images", "segmaps", "metadata.csv", "train.csv")]
    absent = [path.name for path in needed if not path.exists()]
    if absent:
        raise RetrievalError(f"EMPS lacks {', '.join(absent)}: its layout has changed")
    train = (folder / "train.csv").read_text(encoding="utf-8").split()
    articles = _articles(folder / "metadata.csv")
    for part in ("images", "segmaps"):
        there = {path.name for path in (folder / part).iterdir()}
        _all_there(part, [name for name in train if f"{name}.png" not in there], len(train))
        held_out = folder / "test" / part
        held_out.mkdir(parents=True)
        for name in sorted(there - {f"{name}.png" for name in train}):
            (folder / part / name).rename(held_out / name)
    known = set(articles["filename"])
    _all_there("metadata.csv", [one for one in train if f"{one}.png" not in known], len(train))
    chosen = articles["filename"].isin([f"{name}.png" for name in train])
    for rows, place in ((articles[chosen], folder), (articles[~chosen], folder / "test")):
        # Ends of lines as in the copy whose digest stands in the catalogue.
        rows.to_csv(place / "sources.csv", index=False, lineterminator="\r\n")


def _all_there(part: str, missing: list[str], number: int) -> None:
    if missing:
        raise RetrievalError(
            f"{part} of EMPS lacks {len(missing)} of {number} pictures of train.csv, such as "
            f"{missing[0]}"
        )


def _articles(path: Path) -> pd.DataFrame:
    """Article and figure of each picture; the outlines beside them are longer than csv allows."""
    try:
        table = pd.read_csv(path, usecols=list(_COLUMNS), dtype=str, keep_default_na=False)
    except ValueError as error:
        raise RetrievalError(f"metadata.csv of EMPS cannot be read: {error}") from None
    return table[list(_COLUMNS)].rename(columns=_COLUMNS)
