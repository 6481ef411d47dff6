"""Duplicates: group pictures with similar hashes and thumbnails, keep the best of a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from micrographia.arrays import BoolArray, GreyImage, Hashes, IntArray
from micrographia.config import Curation
from micrographia.curation.copies.fingerprint import hashes_in_all_ways, perceptual_hash
from micrographia.curation.copies.likeness import SIDE, WAYS
from micrographia.curation.copies.neighbours import groups
from micrographia.curation.copies.preference import ranks

#: What JPEG and resizing make of a weak sample, as a share of its thumbnail's variance.
_EVEN = 0.01


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
        {"row": kept, "group": _groups(part, settings), "rank": ranks(part)}
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
        both = _thumbnails(pair, "thumbnail")
        bits, how = _way(both[0], both[1], settings)
    if bits <= settings.duplicate_radius:
        return bits, how
    if "thumbnail_inside" in table and pair["thumbnail_inside"].notna().any():
        parts = _thumbnails(pair, "thumbnail_inside")
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


def _groups(part: pd.DataFrame, settings: Curation) -> IntArray:
    """Return the group of every row; rows with the same pixels are looked at once."""
    _, first, number = np.unique(
        part["image_id"].to_numpy(dtype=str), return_index=True, return_inverse=True
    )
    different = part.iloc[first]
    hashes = np.array([int(text, 16) for text in different["phash"]], dtype=np.uint64)
    if "thumbnail" not in part:
        return groups(hashes, settings.duplicate_radius)[number]
    wholes = _thumbnails(different, "thumbnail")
    if "thumbnail_inside" not in part or different["thumbnail_inside"].isna().all():
        return _alike(hashes, wholes, settings)[number]
    barred = different["thumbnail_inside"].notna().to_numpy()
    # Of two pictures with bars the parts inside decide; else a bar may have been overlooked.
    found = _alike(hashes, wholes, settings, barred)
    parts = _thumbnails(different, "thumbnail_inside")
    for row in np.flatnonzero(barred):
        hashes[row] = int(perceptual_hash(parts[row], settings.duplicate_hash), 16)
    return _joined(found, _alike(hashes, parts, settings, even=_EVEN))[number]


def _alike(
    hashes: Hashes,
    thumbnails: GreyImage,
    settings: Curation,
    apart: BoolArray | None = None,
    even: float = 0.0,
) -> IntArray:
    """Return the group of every picture by its hash and thumbnail, turned too if asked for."""
    if settings.duplicate_symmetry:
        name = settings.duplicate_hash
        ways = [hashes_in_all_ways(small, name) for small in thumbnails]
        hashes = np.array(ways, dtype=np.uint64).reshape(-1, 8).T
    least = settings.duplicate_correlation
    radius, thumbs = settings.duplicate_radius, thumbnails if least else None
    return groups(hashes, radius, thumbs, least, apart, even)


def _joined(one: IntArray, other: IntArray) -> IntArray:
    """Join two numberings of groups: what is together in either is together."""
    size = int(one.max(initial=-1)) + 1
    links = (np.ones(len(one), dtype=bool), (one, other + size))
    count = size + int(other.max(initial=-1)) + 1
    _, numbers = connected_components(coo_array(links, shape=(count, count)), directed=False)
    return np.asarray(numbers[one], dtype=np.int64)


def _thumbnails(part: pd.DataFrame, column: str) -> GreyImage:
    """Return the thumbnails of all rows, shape (n, side, side); the whole picture's for none."""
    return _pictures(b"".join(part[column].where(part[column].notna(), part["thumbnail"])))


def _pictures(data: bytes) -> GreyImage:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, SIDE, SIDE)
