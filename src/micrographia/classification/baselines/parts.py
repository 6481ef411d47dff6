"""The pictures of a split in memory: what is learned from, what chooses, what is tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrographia.arrays import FloatImage, IntArray
from micrographia.classification.encoders.encoder import z_scored
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import read_micrograph

Rows = Sequence[Mapping[str, Any]]
_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Pictures:
    """Pictures of one part.

    Attributes
    ----------
    rows
        Of `schemas.LABELLED`, of the n pictures.
    values
        Grey levels of mean 0 and standard deviation 1, shape (n, side, side).
    labels
        Shape (n,), from 0; the number of classes for pictures of no class.
    """

    rows: list[dict[str, Any]]
    values: FloatImage
    labels: IntArray


@dataclass(frozen=True)
class Parts:
    """A split in memory.

    Attributes
    ----------
    classes
        Names of the classes, sorted.
    train, validation, test
        Its parts.
    failures
        Rows of test pictures that cannot be read, with the reason.
    """

    classes: tuple[str, ...]
    train: Pictures
    validation: Pictures
    test: Pictures
    failures: list[dict[str, Any]]

    @property
    def outputs(self) -> int:
        """Numbers that a network returns: one for each class, one more if some are of none."""
        return len(self.classes) + int((self.train.labels == len(self.classes)).any())


def read_parts(rows: Rows, split: Rows, side: int, none_of_these: str | None = None) -> Parts:
    """Read the pictures of a set that a split names.

    Parameters
    ----------
    rows
        Of `schemas.LABELLED`.
    split
        Of `schemas.SPLITS`, made from the same set.
    side
        To which pictures are scaled [px].
    none_of_these
        Label of pictures that belong to no class; None: every label is a class.

    Raises
    ------
    MicrographiaError
        A part is empty, or what is trained on has fewer than two classes.
    """
    part_of = {row["path"]: row["part"] for row in split}
    good: dict[str, list[dict[str, Any]]] = {part: [] for part in _PARTS}
    values: dict[str, list[FloatImage]] = {part: [] for part in _PARTS}
    failures = []
    for row in rows:
        part = part_of.get(row["path"])
        if part is None or row["label"] is None:
            continue
        try:
            values[part].append(z_scored(read_micrograph(row["path"]).pixels, side))
            good[part].append(dict(row))
        except ImageError as error:
            if part == "test":
                failures.append({**row, "failure": str(error)})
    for part in _PARTS:
        if not good[part]:
            raise MicrographiaError(
                f"The split has no {part} pictures among those of the set",
                remedy="Make the split from the same set: `micrographia classification split`",
            )
    classes = _classes(good["train"], none_of_these)
    found = {
        part: Pictures(good[part], np.stack(values[part]), _labels(good[part], classes))
        for part in _PARTS
    }
    return Parts(classes, found["train"], found["validation"], found["test"], failures)


def _classes(rows: Rows, none_of_these: str | None) -> tuple[str, ...]:
    classes = tuple(sorted({row["label"] for row in rows} - {none_of_these}))
    if len(classes) < 2:
        raise MicrographiaError(
            "A baseline needs at least two classes to train on",
            seen=", ".join(classes) or "none",
            remedy="Add labelled pictures of other classes",
        )
    return classes


def _labels(rows: Rows, classes: Sequence[str]) -> IntArray:
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(row["label"], len(classes)) for row in rows], dtype=np.int64)
