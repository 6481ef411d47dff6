"""Which labelled pictures are shown as examples of each class: any, or those most alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.classification.identify.space import unit
from micrographia.method_names import Choice


def demonstrations(
    pool: FloatArray,
    classes: IntArray,
    queries: FloatArray,
    count: int,
    choice: Choice,
    seed: int,
) -> list[IntArray]:
    """Choose `count` pictures of each class for each query; fewer where a class has fewer.

    Parameters
    ----------
    pool
        Vectors of the labelled pictures, shape (n, d).
    classes
        Their classes, shape (n,), from 0.
    queries
        Vectors of the pictures to identify, shape (m, d); only `likeness` looks at them.
    count
        Number of demonstrations of a class; 0: none.
    choice
        `random`: the same for all queries. `likeness`: those whose vectors have the largest
        cosine with the query's.
    seed
        Of the random choice.

    Returns
    -------
    list of ndarray
        For each query, indices into the pool.

    Examples
    --------
    >>> pool = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [-1.0, 0.0]])
    >>> kinds = np.array([0, 0, 1, 1])
    >>> demonstrations(pool, kinds, np.array([[0.0, 2.0]]), 1, "likeness", 0)[0].tolist()
    [1, 2]
    """
    members = [np.flatnonzero(classes == number) for number in np.unique(classes)]
    if choice == "random":
        generator = np.random.default_rng(seed)
        drawn = [generator.permutation(each)[:count] for each in members]
        same = np.concatenate(drawn) if drawn else np.zeros(0, dtype=np.int64)
        return [same for _ in range(len(queries))]
    cosines = unit(queries) @ unit(pool).T
    return [_nearest(row, members, count) for row in cosines]


def _nearest(cosines: FloatArray, members: Sequence[IntArray], count: int) -> IntArray:
    chosen = [each[np.argsort(-cosines[each], kind="stable")[:count]] for each in members]
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
