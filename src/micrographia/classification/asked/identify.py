"""Pictures identified by an endpoint, one row each; a failure is a row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.arrays import IntArray
from micrographia.classification.asked.question import (
    EXAMPLE,
    Identification,
    Row,
    Shown,
    parse_identification,
    question,
)
from micrographia.classification.embedding import matrix
from micrographia.classification.identify.demonstrations import demonstrations
from micrographia.classification.identify.space import Space
from micrographia.classification.predict import prediction
from micrographia.config import Endpoint
from micrographia.errors import EndpointDownError, MicrographiaError
from micrographia.io.endpoint.client import Client
from micrographia.io.endpoint.ledger import Ledger
from micrographia.io.endpoint.prompts import read_prompt
from micrographia.method_names import Choice

LOG = logging.getLogger(__name__)


class Identifier:
    """Asks a vision-language model; close it after use.

    Parameters
    ----------
    endpoint
        Address, model, patience, limits.
    cache
        File of all calls of all runs.
    prompts, version
        Folder and version of the prompts.
    again
        Ask again where earlier answers ended in a failure.
    """

    def __init__(
        self, endpoint: Endpoint, cache: Path, prompts: Path, version: int = 1, again: bool = False
    ) -> None:
        self._endpoint = endpoint
        setting = "classification"
        filled = {"example": EXAMPLE}
        self._prompt = read_prompt(prompts, "identify", version, filled, ("classes",), setting)
        correction = read_prompt(prompts, "correction", version, {}, ("fault",), setting)
        self._client = Client(endpoint.model, endpoint, Ledger(cache), correction, again)

    def close(self) -> None:
        """Close connections and ledger."""
        self._client.close()

    def each(
        self, work: Callable[[Row], dict[str, Any]], queries: Sequence[Row]
    ) -> Iterator[dict[str, Any]]:
        """Yield what `work` makes of each query, in their order; several at once."""
        return self._client.each(work, queries)

    def ask(self, classes: Sequence[str], shown: Sequence[Shown], query: Shown) -> Identification:
        """Identify one picture.

        Raises
        ------
        EndpointError
            There is no answer.
        ImageError
            A picture cannot be read.
        """
        asked = question(self._prompt, classes, shown, query, self._endpoint)
        return self._client.ask(asked, lambda reply: parse_identification(reply, classes))


def identify(
    queries: Sequence[Row],
    pool: Sequence[Row],
    identifier: Identifier,
    shots: int,
    choice: Choice,
    seed: int,
    none_of_these: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield a row of `schemas.CLASSIFIED` for each query, in their order.

    Parameters
    ----------
    queries, pool
        Rows of `schemas.EMBEDDINGS`. Demonstrations come from the pool, never the picture itself
        or one of its group; the classes are the pool's.
    identifier
        Whom to ask.
    shots, choice, seed
        Demonstrations of each class, how they are chosen, and the seed of a random choice.
    none_of_these
        Label of pictures of no class: they are not shown.

    Raises
    ------
    EndpointDownError
        The endpoint serves nobody; answers so far are kept in its ledger.
    """
    good = [
        row for row in pool if row["failure"] is None and row["label"] not in (None, none_of_these)
    ]
    classes = tuple(sorted({row["label"] for row in good}))
    name = f"endpoint/{choice}/{shots}"

    def one(query: Row) -> dict[str, Any]:
        if query["failure"] is not None:
            return prediction(query, name)
        try:
            shown = [Shown.of(row) for row in _chosen(query, good, classes, shots, choice, seed)]
            found = identifier.ask(classes, shown, Shown.of(query))
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s: %s", query["path"], error)
            return prediction({**query, "failure": str(error)}, name)
        return _row(query, name, found, classes)

    yield from identifier.each(one, queries)


def _chosen(
    query: Row, pool: Sequence[Row], classes: Sequence[str], shots: int, choice: Choice, seed: int
) -> list[Row]:
    """Return the demonstrations for a query, the most alike last: models heed what is near."""
    others = [
        row
        for row in pool
        if row["image_id"] != query["image_id"]
        and (row["group"] is None or row["group"] != query["group"])
    ]
    if not shots or not others:
        return []
    vectors = matrix([*others, query])
    space = Space.of(vectors[:-1])
    numbers: IntArray = np.array([classes.index(row["label"]) for row in others], dtype=np.int64)
    plain = space(vectors)
    chosen = demonstrations(plain[:-1], numbers, plain[-1:], shots, choice, seed)[0]
    return [others[int(place)] for place in chosen[::-1]]


def _row(query: Row, name: str, found: Identification, classes: Sequence[str]) -> dict[str, Any]:
    """Return the row of an answer; classes that it does not name share what is left evenly."""
    ranked = [*found.ranked, *(each for each in classes if each not in found.ranked)]
    rest = (1.0 - found.probability) / max(len(ranked) - 1, 1)
    return prediction(query, name) | {
        "predicted": ranked[0],
        "probability": found.probability,
        "sure": not found.none,
        "known": 0.0 if found.none else found.probability,
        "ranked": ranked,
        "probabilities": [found.probability, *[rest] * (len(ranked) - 1)],
    }
