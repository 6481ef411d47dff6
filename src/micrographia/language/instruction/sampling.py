"""Which pictures go beside one: alike, alike of other classes, unlike of its own class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from micrographia.arrays import BoolArray, FloatArray

#: How pictures are chosen, after MAEMI (appendix A.6): examples for few-shot classification, high
#: similarity between classes, high dissimilarity within a class.
Choice = Literal["alike", "across", "within"]
CHOICES: tuple[Choice, ...] = ("alike", "across", "within")


@dataclass(frozen=True)
class Neighbour:
    """A picture that goes before another.

    Attributes
    ----------
    path, label
        As in `schemas.EMBEDDINGS`.
    cosine
        Of its vector with that of the other, the mean of all taken off.
    """

    path: str
    label: str
    cosine: float


class Gallery:
    """Pictures that can be shown beside others.

    Parameters
    ----------
    rows
        Of `schemas.EMBEDDINGS`, of one encoder; those with a failure are left out.
    shown
        Identifiers of the pictures that may be shown: of the training.
    groups
        Group of each picture by its identifier; pictures of one group are not shown beside
        another of it.
    """

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        shown: Iterable[str],
        groups: Mapping[str, str],
    ) -> None:
        self._rows = [row for row in rows if row["failure"] is None and row["vector"] is not None]
        self._place = {str(row["image_id"]): place for place, row in enumerate(self._rows)}
        self._vectors = centred([row["vector"] for row in self._rows])
        allowed = set(shown)
        self._shown = np.array(
            [row["image_id"] in allowed and bool(row["label"]) for row in self._rows], dtype=bool
        )
        self._labels = np.array([str(row["label"]) for row in self._rows])
        self._groups = np.array(
            [groups.get(str(row["image_id"]), str(row["path"])) for row in self._rows]
        )

    def beside(self, image_id: str, label: str, choice: Choice, count: int) -> list[Neighbour]:
        """Return the pictures to show before one, the best first; none where there are too few.

        Parameters
        ----------
        image_id, label
            The picture and its class.
        choice
            `alike`: the most alike; `across`: the most alike of other classes, each class once;
            `within`: the least alike of its class.
        count
            Number of pictures.
        """
        place = self._place.get(image_id)
        if place is None:
            return []
        cosines = self._vectors @ self._vectors[place]
        mask = self._shown & (self._groups != self._groups[place])
        if choice == "across":
            mask &= self._labels != label
        elif choice == "within":
            mask &= self._labels == label
        order = np.argsort(cosines if choice == "within" else -cosines, kind="stable")
        chosen = self._chosen(order, mask, choice == "across", count)
        return [
            Neighbour(str(self._rows[i]["path"]), str(self._labels[i]), float(cosines[i]))
            for i in chosen
        ]

    def _chosen(
        self, order: Sequence[Any] | Any, mask: BoolArray, once: bool, count: int
    ) -> list[int]:
        chosen: list[int] = []
        labels: set[str] = set()
        for place in map(int, order):
            if mask[place] and not (once and self._labels[place] in labels):
                chosen.append(place)
                labels.add(self._labels[place])
            if len(chosen) == count:
                return chosen
        return []


def centred(vectors: Sequence[Sequence[float]]) -> FloatArray:
    """Return vectors (n, d) with their mean taken off, of length one."""
    table = np.asarray(vectors, dtype=np.float64).reshape(len(vectors), -1)
    table = table - table.mean(axis=0, keepdims=True) if len(table) else table
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.where(lengths > 0, lengths, 1.0))
