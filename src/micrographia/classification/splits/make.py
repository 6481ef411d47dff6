"""A split as a table: each picture's part, its cluster, and how hard it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.classification.encoders.encoder import BATCH, z_scored
from micrographia.classification.splits.clusters import clusters_of
from micrographia.classification.splits.hard import hardest, hardness
from micrographia.classification.splits.held_out import folds
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.io.schemas import SPLITS
from micrographia.method_names import Split

#: Side at which pictures are compared for the hard split [px].
SIDE = 224
_MOST = 0.5


def make_split(
    rows: Sequence[Mapping[str, Any]], how: Split, share: float, seed: int
) -> list[dict[str, Any]]:
    """Deal the pictures of a set to train, validation and test.

    Parameters
    ----------
    rows
        Of `schemas.EMBEDDINGS`; those with a failure get no part.
    how
        `grouped`: stratified, near-copies and groups on one side. `stratified`: each picture by
        itself, as most papers do. `hard`: the hardest pictures, see `hard`; their files are read
        again.
    share
        Fraction of the test; validation takes the same fraction of the rest.
    seed
        Of shuffles and k-means.

    Returns
    -------
    list of dict
        Rows of `schemas.SPLITS`, in the order of `rows`.

    Raises
    ------
    MicrographiaError
        The share is out of range, or there are too few pictures.
    """
    if not 0 < share <= _MOST:
        raise MicrographiaError(
            "The fraction to hold out is out of range",
            seen=share,
            allowed=f"above 0, at most {_MOST:g}",
        )
    good = [row for row in rows if row["failure"] is None and row["label"] is not None]
    labels = [row["label"] for row in good]
    clusters, count = clusters_of(good), max(2, round(1 / share))
    own = clusters if how == "grouped" else None
    part = np.full(len(good), "train", dtype=object)
    hard: FloatArray | None = None
    if how == "hard":
        hard = hardness(lambda: _pictures(good), seed)
        part[hardest(hard, share)] = "test"
    else:
        part[folds(labels, count, seed, own) == 0] = "test"
    rest = np.flatnonzero(part == "train")
    inner = None if own is None else own[rest]
    dealt = folds([labels[place] for place in rest], count, seed + 1, inner)
    part[rest[dealt == 0]] = "validation"
    return _rows(rows, good, part, clusters, hard)


def _rows(
    rows: Sequence[Mapping[str, Any]],
    good: Sequence[Mapping[str, Any]],
    part: np.ndarray,
    clusters: IntArray,
    hard: FloatArray | None,
) -> list[dict[str, Any]]:
    places = {id(row): place for place, row in enumerate(good)}
    found = []
    for row in rows:
        one = dict.fromkeys(SPLITS.names) | {
            name: row[name] for name in ("path", "label", "failure")
        }
        place = places.get(id(row))
        if place is not None:
            one |= {"part": str(part[place]), "cluster": int(clusters[place])}
            one["hardness"] = None if hard is None else float(hard[place])
        found.append(one)
    return found


def _pictures(rows: Sequence[Mapping[str, Any]]) -> Iterator[FloatImage]:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        yield np.stack([z_scored(read_micrograph(row["path"]).pixels, SIDE) for row in part])
