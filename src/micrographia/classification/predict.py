"""Classes of pictures, the most probable first, one picture after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from micrographia.classification.classifier import Answer, Classifier, refuse_other_encoder
from micrographia.io.schemas import CLASSIFIED

#: Columns that a prediction takes over from the embeddings.
_TAKEN = ("path", "label", "second", "group", "quality", "failure")


def predict(
    embedded: Iterable[Mapping[str, Any]], model: Classifier, method: str = "classifier"
) -> Iterator[dict[str, Any]]:
    """Yield one row of `schemas.CLASSIFIED` for each row of `schemas.EMBEDDINGS`.

    Parameters
    ----------
    embedded
        Rows with vectors of the classifier's encoder; a failure stays one.
    model
        The classifier.
    method
        Its name in the table.

    Raises
    ------
    CheckpointError
        The vectors are of another encoder.
    """
    for row in embedded:
        refuse_other_encoder({row["encoder"]}, model)
        if row["failure"] is not None:
            yield prediction(row, method)
            continue
        vector = np.asarray(row["vector"], dtype=np.float64)[None]
        yield prediction(row, method, model.classes, model(vector), 0)


def prediction(
    row: Mapping[str, Any],
    method: str,
    classes: tuple[str, ...] = (),
    found: Answer | None = None,
    number: int = 0,
) -> dict[str, Any]:
    """Return a row of `schemas.CLASSIFIED`: answer `number` of `found`, or the row's failure."""
    whole = dict.fromkeys(CLASSIFIED.names) | {name: row.get(name) for name in _TAKEN}
    whole["method"] = method
    if found is None:
        return whole
    own = found.probabilities[number]
    order = [int(place) for place in np.argsort(-own, kind="stable")]
    return whole | {
        "predicted": classes[order[0]],
        "probability": float(own[order[0]]),
        "sure": bool(found.sure[number]),
        "known": float(found.known[number]),
        "ranked": [classes[place] for place in order],
        "probabilities": [float(own[place]) for place in order],
    }
