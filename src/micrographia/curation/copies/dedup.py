"""Duplicates: group pictures with similar hashes and thumbnails, keep the best of a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from micrographia.arrays import GreyImage, IntArray
from micrographia.config import Curation
from micrographia.curation.copies.fingerprint import hashes_in_all_ways, perceptual_hash
from micrographia.curation.copies.likeness import SIDE, WAYS
from micrographia.curation.copies.neighbours import groups


def mark_duplicates(table: pd.DataFrame, settings: Curation) -> pd.DataFrame:
    """Reject all but the best of each group of copies among the kept rows.

    Two pictures are copies when their hashes differ in at most `duplicate_radius` bits and
    their thumbnails, laid on one another, correlate at least `duplicate_correlation`; and so
    are the copies of a copy.

    Parameters
    ----------
    table
        Rows of `fingerprint.INGESTED`; without the column `thumbnail` hashes decide alone. Rows
        that are rejected already take no part.
    settings
        Radius, least correlation, whether pictures are compared turned and mirrored too.

    Returns
    -------
    DataFrame
        The rows sorted by path. Of a group the largest stays, then the sharpest, then the first
        by path; the others are rejected, with `duplicate_of` and a reason that name it.
    """
    marked = table.sort_values("path", kind="stable", ignore_index=True)
    kept = np.flatnonzero(marked["status"] == "kept")
    part = marked.iloc[kept]
    ranked = pd.DataFrame(
        {
            "row": kept,
            "group": _groups(part, settings),
            "area": part["width"].astype("int64") * part["height"].astype("int64"),
            "sharpness": part["sharpness"],
        }
    ).sort_values(["area", "sharpness", "row"], ascending=[False, False, True])
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
    names, paths, texts = (table[name].to_numpy() for name in ("image_id", "path", "phash"))
    thumbnails = table["thumbnail"].to_numpy() if _turned_too(table, settings) else None
    said = []
    for row, original in zip(rows, originals, strict=True):
        if names[row] == names[original]:
            said.append(f"exact copy of {paths[original]}")
            continue
        bits = (int(texts[row], 16) ^ int(texts[original], 16)).bit_count()
        how = ""
        if thumbnails is not None:
            copy, best = _pictures(thumbnails[row] + thumbnails[original])
            bits, how = _way(copy, best, settings.duplicate_hash)
        if bits > settings.duplicate_radius:
            how = "by way of other copies"
        how = f"{how}, " if how else ""
        said.append(f"near copy ({how}{bits} of 64 bits differ) of {paths[original]}")
    return said


def _way(copy: GreyImage, original: GreyImage, name: str) -> tuple[int, str]:
    """Return in how few bits a copy differs from its original, and how that was turned for it."""
    own = int(perceptual_hash(copy, name), 16)
    bits = [(own ^ int(turn)).bit_count() for turn in hashes_in_all_ways(original, name)]
    least = min(range(len(bits)), key=bits.__getitem__)
    return bits[least], WAYS[least]


def _turned_too(table: pd.DataFrame, settings: Curation) -> bool:
    return settings.duplicate_symmetry and "thumbnail" in table


def _groups(part: pd.DataFrame, settings: Curation) -> IntArray:
    """Return the group of every row; rows with the same pixels are looked at once."""
    _, first, number = np.unique(
        part["image_id"].to_numpy(dtype=str), return_index=True, return_inverse=True
    )
    different = part.iloc[first]
    hashes = np.array([int(text, 16) for text in different["phash"]], dtype=np.uint64)
    thumbnails = _thumbnails(different)
    if settings.duplicate_symmetry and thumbnails is not None:
        name = settings.duplicate_hash
        ways = [hashes_in_all_ways(small, name) for small in thumbnails]
        hashes = np.array(ways, dtype=np.uint64).reshape(-1, 8).T
    if settings.duplicate_correlation == 0:
        thumbnails = None
    radius, correlation = settings.duplicate_radius, settings.duplicate_correlation
    return groups(hashes, radius, thumbnails, correlation)[number]


def _thumbnails(part: pd.DataFrame) -> GreyImage | None:
    if "thumbnail" not in part:
        return None
    return _pictures(b"".join(part["thumbnail"]))


def _pictures(data: bytes) -> GreyImage:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, SIDE, SIDE)
