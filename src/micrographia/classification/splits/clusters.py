"""Pictures that must stay on one side of a split: near-copies, and those of one group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from micrographia.arrays import IntArray
from micrographia.config import Curation
from micrographia.io.copies.grouping import groups_of_copies, joined

#: Near-copies by the rules of curation, turned and mirrored ones too: training sets are often
#: augmented before they are published.
COPIES = Curation(duplicate_symmetry=True)


def clusters_of(rows: Sequence[Mapping[str, Any]]) -> IntArray:
    """Return the number of each picture's cluster.

    Parameters
    ----------
    rows
        Of `schemas.EMBEDDINGS`, without failures.

    Returns
    -------
    ndarray
        Shape (n,), from 0. Copies of a copy, and pictures of one group, have one number.
    """
    table = pd.DataFrame(
        {name: [row[name] for row in rows] for name in ("image_id", "phash", "thumbnail")}
    )
    if table.empty:
        return np.zeros(0, dtype=np.int64)
    copies = groups_of_copies(table, COPIES)
    names: dict[str, int] = {}
    groups = [
        number if row["group"] is None else names.setdefault(row["group"], -1 - len(names))
        for number, row in enumerate(rows)
    ]
    _, numbers = np.unique(groups, return_inverse=True)
    return joined(copies, np.asarray(numbers, dtype=np.int64))
