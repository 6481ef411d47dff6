"""Nested subsets of N training pictures with the same held-out pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from micrographia.errors import MicrographiaError
from micrographia.io.schemas.rows import (
    TrainingPictureRow,
)


def subset(
    rows: Sequence[TrainingPictureRow], real: int | None, procedural: bool, seed: int
) -> list[TrainingPictureRow]:
    """Choose a subset of the training pictures of an existing split.

    Parameters
    ----------
    rows
        Rows of `schemas.TRAINING_PICTURES`.
    real
        Number of real training pictures; None for all. Articles are kept whole, in an
        order that follows from the seed and their names: the first of them that come nearest to
        this number. So the pictures of a smaller number are among those of a larger one.
    procedural
        Whether the procedural pictures stay.
    seed
        Seed of the order.

    Returns
    -------
    list of dict
        Rows in their order; the real pictures that are held out are always among them.

    Raises
    ------
    MicrographiaError
        There are fewer real pictures, or nothing would be left to learn from.
    """
    mine = [row.copy() for row in rows if procedural or row["source"] != "procedural"]
    if real is not None:
        chosen = _articles(mine, real, seed)
        mine = [row for row in mine if not _is_learned(row) or row["group"] in chosen]
    if not any(row["split"] == "train" for row in mine):
        raise MicrographiaError(
            "The subset would contain no training picture",
            seen=f"{real} real pictures, {'some' if procedural else 'no'} procedural ones",
            remedy="Request more real pictures, or use procedural ones (--procedural, "
            "segmentation.training.procedural)",
        )
    return mine


def _is_learned(row: TrainingPictureRow) -> bool:
    return bool(row["source"] == "real" and row["split"] == "train")


def _articles(rows: Sequence[TrainingPictureRow], real: int, seed: int) -> set[str]:
    """Names of the first articles that together hold as near to `real` pictures as can be."""
    sizes: dict[str, int] = {}
    for row in rows:
        if _is_learned(row):
            sizes[row["group"]] = sizes.get(row["group"], 0) + 1
    if real > sum(sizes.values()):
        raise MicrographiaError(
            "There are fewer real training pictures than requested",
            seen=real,
            allowed=f"0 to {sum(sizes.values())}",
            remedy="Request fewer, or all of them (in segmentation.scaling.real: null)",
        )
    # Not the order of `pictures.collect`: its first articles are those held out, and next come
    # those too large to be so.
    order = sorted(
        sizes, key=lambda name: hashlib.sha256(f"{seed}:subset:{name}".encode()).digest()
    )
    counts = [0]
    for name in order:
        counts.append(counts[-1] + sizes[name])
    nearest = min(range(len(counts)), key=lambda place: abs(counts[place] - real))
    # Some of what was asked for is more than nothing, however large the first article.
    return set(order[: max(nearest, 1)] if real else [])
