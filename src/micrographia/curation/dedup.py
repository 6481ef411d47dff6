"""Copies: pictures whose perceptual hashes differ in a few bits form a group; the best stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Hashes compared at once; two blocks of this size fill 16 MB.
_BLOCK = 1448


def near_pairs(hashes: NDArray[np.uint64], radius: int) -> NDArray[np.int64]:
    """Return all pairs i < j whose hashes differ in at most `radius` bits, shape (n, 2).

    Exact: every pair is compared, in blocks, so that memory stays flat.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, None]
        for other in range(start, len(hashes), _BLOCK):
            differing = np.bitwise_count(block ^ hashes[None, other : other + _BLOCK])
            i, j = np.nonzero(differing <= radius)
            pairs = np.column_stack([i + start, j + other])
            found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    pairs = np.concatenate(found)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def groups(hashes: NDArray[np.uint64], radius: int) -> NDArray[np.int64]:
    """Return the number of the group of every hash: the connected parts of the near pairs."""
    size = len(hashes)
    pairs = near_pairs(hashes, radius)
    links = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), (size, size))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def mark_duplicates(table: pd.DataFrame, radius: int) -> pd.DataFrame:
    """Reject all but the best of each group of copies among the kept rows.

    Parameters
    ----------
    table
        Rows of `schemas.MICROGRAPHS`. Rows that are rejected already take no part.
    radius
        Most differing bits [bit].

    Returns
    -------
    DataFrame
        The rows sorted by path. Of a group the largest stays, then the sharpest, then the first
        by path; the others are rejected, with `duplicate_of` and a reason that name it.
    """
    marked = table.sort_values("path", kind="stable", ignore_index=True)
    kept = np.flatnonzero(marked["status"] == "kept")
    hashes = np.array([int(text, 16) for text in marked["phash"].iloc[kept]], dtype=np.uint64)
    part = marked.iloc[kept]
    ranked = pd.DataFrame(
        {
            "row": kept,
            "hash": hashes,
            "group": groups(hashes, radius),
            "area": part["width"].astype("int64") * part["height"].astype("int64"),
            "sharpness": part["sharpness"],
        }
    ).sort_values(["area", "sharpness", "row"], ascending=[False, False, True])
    for column in ("duplicate_of", "reason"):
        marked[column] = marked[column].astype(object)
    shared = ranked[ranked["group"].duplicated(keep=False)]
    for _, members in shared.groupby("group", sort=False):
        # Column by column: a row of a frame is of one type, and floats cut 64-bit hashes short.
        rows, values = members["row"].tolist(), members["hash"].tolist()
        identity, path = (str(marked.loc[rows[0], name]) for name in ("image_id", "path"))
        for row, value in zip(rows[1:], values[1:], strict=True):
            bits = (value ^ values[0]).bit_count()
            exact = marked.loc[row, "image_id"] == identity
            what = "exact copy" if exact else f"near copy ({bits} of 64 bits differ)"
            marked.loc[row, "duplicate_of"] = identity
            marked.loc[row, "status"] = "rejected"
            marked.loc[row, "reason"] = f"{what} of {path}"
    return marked
