"""Training examples: features of pictures with known attributes."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from micrographia.annotation.annotator import AnnotationError
from micrographia.arrays import FloatImage
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.schemas import PREDICTIONS, SYNTHETIC
from micrographia.io.tables import read_provenance, read_rows
from micrographia.io.vocabulary import ATTRIBUTE_NAMES
from micrographia.method_names import TRAINED_ANNOTATOR_KINDS


@dataclass(frozen=True)
class Example:
    """Features of one picture, and the words that are true of it.

    Attributes
    ----------
    name
        Of the picture; versions of one picture share it.
    version
        "truth" or "segmented" (masks), "plain" or "changed" (texture).
    features
        Named numbers.
    words
        Attribute to word.
    """

    name: str
    version: str
    features: dict[str, float]
    words: dict[str, str]


@dataclass(frozen=True)
class _Task:
    kind: str
    name: str
    image: Path
    masks: dict[str, Path]
    words: dict[str, str]
    number: int


def read_examples(
    kind: str, pictures: Sequence[Path], segmentations: Sequence[Path] = (), jobs: int = 1
) -> list[Example]:
    """Return the examples in folders that `synthesis micrographs` made.

    Parameters
    ----------
    kind
        "measured" or "texture".
    pictures
        Folders with images/, masks/ and truth.parquet.
    segmentations
        For "measured": folders that `segmentation predict` made of their images, of the first
        folders or of all.
    jobs
        Processes at once.

    Raises
    ------
    AnnotationError
        The kind is unknown, or there are more segmentations than folders.
    """
    if kind not in TRAINED_ANNOTATOR_KINDS:
        raise AnnotationError(
            "Unknown kind of features", seen=kind, allowed=", ".join(TRAINED_ANNOTATOR_KINDS)
        )
    if len(segmentations) > len(pictures):
        raise AnnotationError(
            "There are more segmentations than folders of pictures",
            seen=f"{len(segmentations)} and {len(pictures)}",
            remedy="Give the segmentations of the first folders of pictures, in the same order",
        )
    tasks: list[_Task] = []
    for place, folder in enumerate(pictures):
        masks = _segmented(segmentations[place]) if place < len(segmentations) else {}
        table = folder / "truth.parquet"
        seed = read_provenance(table)["seed"]
        first = len(tasks)
        for row in read_rows(table, SYNTHETIC):
            # Copies would stand on both sides of the division; what is out of focus shows nothing.
            if row["duplicate_of_name"] is not None or row["defect"] == "blurred":
                continue
            name = row["name"]
            found = {"truth": folder / "masks" / f"{name}.png"}
            if name in masks:
                found["segmented"] = masks[name]
            words = {attribute: row[attribute] for attribute in ATTRIBUTE_NAMES}
            image = folder / "images" / f"{name}.png"
            number = len(tasks) - first
            tasks.append(_Task(kind, f"{seed}/{name}", image, found, words, number))
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            parts = list(pool.map(_examples, tasks, chunksize=8))
    else:
        parts = [_examples(task) for task in tasks]
    return [example for part in parts for example in part]


def _segmented(folder: Path) -> dict[str, Path]:
    rows = read_rows(folder / "predictions.parquet", PREDICTIONS)
    return {
        os.path.splitext(os.path.basename(row["path"]))[0]: folder / row["mask"]
        for row in rows
        if row["mask"] is not None
    }


def _examples(task: _Task) -> list[Example]:
    image = to_unit(read_micrograph(task.image).pixels)
    if task.kind == "measured":
        from micrographia.annotation.features.all_statistics import statistics

        return [
            Example(task.name, version, statistics(image, read_labels(path)), task.words)
            for version, path in task.masks.items()
        ]
    from micrographia.annotation.features.texture import texture_features

    versions = {"plain": image, "changed": changed(image, np.random.default_rng(task.number))}
    return [
        Example(task.name, version, texture_features(picture), task.words)
        for version, picture in versions.items()
    ]


def changed(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Return a random variant of a picture, as from another instrument or web site.

    Another gamma and contrast, a turn or mirror, a part of it scaled up or the whole scaled
    down, blur, noise, JPEG: none of which changes what is asked about.
    """
    picture = np.rot90(image, int(rng.integers(4)))
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    factor = float(np.exp(rng.uniform(np.log(0.55), np.log(1.8))))
    picture = np.asarray(
        cv2.resize(np.ascontiguousarray(picture), None, fx=factor, fy=factor), dtype=np.float32
    )
    gamma = float(np.exp(rng.uniform(-0.45, 0.45)))
    picture = (np.clip(picture, 0, 1) ** gamma).astype(np.float32)
    middle, gain = float(picture.mean()), float(rng.uniform(0.55, 1.3))
    picture = middle + gain * (picture - middle) + rng.uniform(-0.08, 0.08)
    if rng.random() < 0.4:
        blurred = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.3)))
        picture = np.asarray(blurred, dtype=np.float32)
    noisy = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    grey = np.clip(np.rint(noisy * 255), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        stream = io.BytesIO()
        Pillow.fromarray(grey).save(stream, format="JPEG", quality=int(rng.integers(35, 95)))
        grey = np.asarray(Pillow.open(stream))
    return (grey / np.float32(255)).astype(np.float32)
