"""Groups of near-copies: by perceptual hash and thumbnail, whole and inside bars and margins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from micrographia.arrays import BoolArray, GreyImage, Hashes, IntArray
from micrographia.config import Curation
from micrographia.io.copies.fingerprint import hashes_in_all_ways, perceptual_hash
from micrographia.io.copies.likeness import SIDE
from micrographia.io.copies.neighbours import groups

#: What JPEG and resizing make of a weak sample, as a share of its thumbnail's variance.
_EVEN = 0.01


def groups_of_copies(part: pd.DataFrame, settings: Curation) -> IntArray:
    """Return the group of every row; rows with the same pixels are looked at once.

    Parameters
    ----------
    part
        Columns `image_id` and `phash`; where there are `thumbnail` and `thumbnail_inside` of
        `fingerprint.INGESTED`, these decide too.
    settings
        Radius, least correlation, whether pictures are compared turned and mirrored too.

    Returns
    -------
    ndarray
        Shape (n,), numbers from 0.
    """
    _, first, number = np.unique(
        part["image_id"].to_numpy(dtype=str), return_index=True, return_inverse=True
    )
    different = part.iloc[first]
    hashes = np.array([int(text, 16) for text in different["phash"]], dtype=np.uint64)
    if "thumbnail" not in part:
        return groups(hashes, settings.duplicate_radius)[number]
    wholes = thumbnails_of(different, "thumbnail")
    if "thumbnail_inside" not in part or different["thumbnail_inside"].isna().all():
        return _alike(hashes, wholes, settings)[number]
    barred = different["thumbnail_inside"].notna().to_numpy()
    # Of two pictures with bars the parts inside decide; else a bar may have been overlooked.
    found = _alike(hashes, wholes, settings, barred)
    parts = thumbnails_of(different, "thumbnail_inside")
    for row in np.flatnonzero(barred):
        hashes[row] = int(perceptual_hash(parts[row], settings.duplicate_hash), 16)
    return joined(found, _alike(hashes, parts, settings, even=_EVEN))[number]


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


def joined(one: IntArray, other: IntArray) -> IntArray:
    """Join two numberings of groups: what is together in either is together."""
    size = int(one.max(initial=-1)) + 1
    links = (np.ones(len(one), dtype=bool), (one, other + size))
    count = size + int(other.max(initial=-1)) + 1
    _, numbers = connected_components(coo_array(links, shape=(count, count)), directed=False)
    return np.asarray(numbers[one], dtype=np.int64)


def thumbnails_of(part: pd.DataFrame, column: str) -> GreyImage:
    """Return the thumbnails of all rows, shape (n, side, side); the whole picture's for none."""
    return _pictures(b"".join(part[column].where(part[column].notna(), part["thumbnail"])))


def _pictures(data: bytes) -> GreyImage:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, SIDE, SIDE)
