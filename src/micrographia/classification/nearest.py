"""The pictures of a table of embeddings that are most like one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.classification.embedding import matrix
from micrographia.classification.identify.space import Space, unit


def nearest(
    query: Mapping[str, Any], pool: Sequence[Mapping[str, Any]], count: int
) -> dict[str, Any]:
    """Return the neighbours of a picture by cosine, the nearest first.

    Parameters
    ----------
    query
        Row of `schemas.EMBEDDINGS`.
    pool
        Rows of the same encoder; those with a failure, and the picture itself, are passed over.
    count
        Number of neighbours.

    Returns
    -------
    dict
        `path`, `failure`, and `neighbours`: `path`, `label` and `cosine` of each.
    """
    found: dict[str, Any] = {"path": query["path"], "failure": query["failure"], "neighbours": []}
    good = [row for row in pool if row["failure"] is None and row["image_id"] != query["image_id"]]
    if query["failure"] is not None or not good:
        return found
    vectors = matrix([*good, query])
    space = Space.of(vectors[:-1])
    plain = unit(space(vectors))
    cosines = plain[:-1] @ plain[-1]
    for place in np.argsort(-cosines, kind="stable")[:count]:
        row = good[int(place)]
        found["neighbours"].append(
            {"path": row["path"], "label": row["label"], "cosine": float(cosines[place])}
        )
    return found
