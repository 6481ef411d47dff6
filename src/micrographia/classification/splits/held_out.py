"""Stratified splits; with clusters, none of which lies on both sides."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from micrographia.arrays import IntArray
from micrographia.errors import MicrographiaError


def folds(
    labels: Sequence[str], count: int, seed: int, clusters: IntArray | None = None
) -> IntArray:
    """Deal pictures to folds that have the classes in like shares.

    Parameters
    ----------
    labels
        Class of each of n pictures.
    count
        Number of folds; each is held out once.
    seed
        Of the shuffle.
    clusters
        Shape (n,); pictures of one cluster go to one fold. None: each picture by itself.

    Returns
    -------
    ndarray
        Shape (n,), 0 … count - 1.

    Raises
    ------
    MicrographiaError
        There are fewer clusters, or pictures of any class, than folds.
    """
    pieces = len(labels) if clusters is None else len(np.unique(clusters))
    largest = max(Counter(labels).values(), default=0)
    if min(pieces, largest) < count:
        raise MicrographiaError(
            f"{len(labels)} pictures cannot be dealt to {count} folds",
            seen=f"{pieces} groups; {largest} pictures in the largest class",
            allowed="at least as many of both as folds",
            remedy="Add pictures of other groups, or lower the number of folds",
        )
    own = np.arange(len(labels)) if clusters is None else clusters
    maker = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    found = np.zeros(len(labels), dtype=np.int64)
    with warnings.catch_warnings():
        # A class with fewer pictures than folds is missing from some: its note says so.
        warnings.simplefilter("ignore", UserWarning)
        for number, (_, members) in enumerate(maker.split(own[:, None], labels, groups=own)):
            found[members] = number
    return found
