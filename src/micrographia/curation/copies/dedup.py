"""Duplicates: group pictures with similar hashes and thumbnails, keep the best of a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from micrographia.arrays import GreyImage
from micrographia.config import Curation
from micrographia.curation.copies.preference import ranks
from micrographia.io.copies.fingerprint import hashes_in_all_ways, perceptual_hash
from micrographia.io.copies.grouping import groups_of_copies, thumbnails_of
from micrographia.io.copies.likeness import WAYS


def mark_duplicates(table: pd.DataFrame, settings: Curation) -> pd.DataFrame:
    """Reject all but the best of each group of copies among the kept rows.

    Two pictures are copies when their hashes differ in at most `duplicate_radius` bits and
    their thumbnails, laid on one another, correlate at least `duplicate_correlation`, also where
    any rectangle is left out; or when all this is true of the parts inside their data bars and
    margins; and so are the copies of a copy.

    Parameters
    ----------
    table
        Rows of `fingerprint.INGESTED`; without the column `thumbnail` hashes decide alone, and
        without `thumbnail_inside` whole pictures are compared. Rows that are rejected already
        take no part.
    settings
        Radius, least correlation, whether pictures are compared turned and mirrored too.

    Returns
    -------
    DataFrame
        The rows sorted by path. Of a group the best stays, see `preference.ranks`; the others
        are rejected, with `duplicate_of` and a reason that name it.
    """
    marked = table.sort_values("path", kind="stable", ignore_index=True)
    kept = np.flatnonzero(marked["status"] == "kept")
    part = marked.iloc[kept]
    ranked = pd.DataFrame(
        {"row": kept, "group": groups_of_copies(part, settings), "rank": ranks(part)}
    ).sort_values("rank")
    for column in ("duplicate_of", "reason"):
        marked[column] = marked[column].astype(object)
    best = ranked.groupby("group", sort=False)["row"].transform("first")
    copies = ranked.assign(best=best)[ranked["row"] != best]
    rows, originals = copies["row"].to_numpy(), copies["best"].to_numpy()
    # Whole columns at once: row by row, a million copies would take minutes.
    marked.loc[rows, "duplicate_of"] = marked["image_id"].to_numpy()[originals]
    marked.loc[rows, "reason"] = _reasons(marked, rows, originals, settings)
    marked.loc[rows, "status"] = "rejected"
    return marked


def _reasons(
    table: pd.DataFrame, rows: NDArray, originals: NDArray, settings: Curation
) -> list[str]:
    """Say of every copy whose it is, how it was turned, and by how many bits the hashes differ."""
    names, paths = table["image_id"].to_numpy(), table["path"].to_numpy()
    said = []
    for row, original in zip(rows, originals, strict=True):
        if names[row] == names[original]:
            said.append(f"exact copy of {paths[original]}")
            continue
        bits, how = _difference(table, int(row), int(original), settings)
        how = f"{how}, " if how else ""
        said.append(f"near copy ({how}{bits} of 64 bits differ) of {paths[original]}")
    return said


def _difference(
    table: pd.DataFrame, row: int, original: int, settings: Curation
) -> tuple[int, str]:
    """Return in how many bits two hashes differ, and in what way the pictures are alike."""
    pair = table.loc[[row, original]]
    own, other = (int(text, 16) for text in pair["phash"])
    bits, how = (own ^ other).bit_count(), ""
    if _turned_too(table, settings):
        both = thumbnails_of(pair, "thumbnail")
        bits, how = _way(both[0], both[1], settings)
    if bits <= settings.duplicate_radius:
        return bits, how
    if "thumbnail_inside" in table and pair["thumbnail_inside"].notna().any():
        parts = thumbnails_of(pair, "thumbnail_inside")
        fewer, turn = _way(parts[0], parts[1], settings)
        if fewer <= settings.duplicate_radius:
            return fewer, "; ".join(filter(None, ("without bars and margins", turn)))
    return bits, "by way of other copies"


def _way(copy: GreyImage, original: GreyImage, settings: Curation) -> tuple[int, str]:
    """Return in how few bits a copy differs from its original, and how that was turned for it."""
    name = settings.duplicate_hash
    own = int(perceptual_hash(copy, name), 16)
    ways = len(WAYS) if settings.duplicate_symmetry else 1
    turns = hashes_in_all_ways(original, name)[:ways]
    bits = [(own ^ int(turn)).bit_count() for turn in turns]
    least = min(range(len(bits)), key=bits.__getitem__)
    return bits[least], WAYS[least]


def _turned_too(table: pd.DataFrame, settings: Curation) -> bool:
    return settings.duplicate_symmetry and "thumbnail" in table
