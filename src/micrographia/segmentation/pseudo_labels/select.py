"""Pseudo-labels: the reliable predictions of a network, and corrections by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micrographia.arrays import BoolArray, FloatImage, LabelMask
from micrographia.config import Rounds
from micrographia.io.images import read_labels
from micrographia.io.label_masks import masks_in
from micrographia.io.schemas import PSEUDO_LABELS
from micrographia.io.schemas.rows import (
    TrainingPictureRow,
)
from micrographia.io.tables import read_rows
from micrographia.segmentation.flow.basins import total
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.samples.pictures import median_diameter

#: What `pseudo-label` writes into a folder: its table, and below it the label masks.
TABLE, MASKS = "pseudo_labels.parquet", "masks"


@dataclass(frozen=True)
class PseudoLabel:
    """Pseudo-label of one picture: the predicted instances, and those that are kept.

    Attributes
    ----------
    labels
        Label mask of the instances that are kept, 1…n.
    found
        Label mask of all instances, 1…m: the draft of a correction.
    ignored
        Pixels of which nothing is taught: instances that are not kept, and what is neither
        surely foreground nor surely background.
    share
        Area of the kept instances over that of all; NaN where none was found.
    probability, flow_error
        Their means over all instances; NaN where none was found.
    """

    labels: LabelMask
    found: LabelMask
    ignored: BoolArray
    share: float
    probability: float
    flow_error: float

    def fault(self, settings: Rounds) -> str | None:
        """Return why the picture is rejected as a training picture; None if it is not."""
        if not self.found.any():
            return "nothing was found"
        n_kept = int(self.labels.max())
        if n_kept < settings.min_instances:
            return f"too few sure instances: {n_kept}, needed {settings.min_instances}"
        if self.share < settings.min_share:
            return f"too much in doubt: {self.share:.2f} is sure, needed {settings.min_share:g}"
        return None


def pseudo_label(
    found: LabelMask, field: FloatImage, settings: Rounds, threads: int = 1
) -> PseudoLabel:
    """Keep the reliable instances of a prediction.

    An instance is sure when the network is sure of its foreground, and flows in it as the flow of
    just this mask would: a mask of two particles, or of half of one, has another.

    Parameters
    ----------
    found, field
        What `instances.find_with_field` returned.
    settings
        What is sure.
    threads
        Threads to use; the result does not depend on it.
    """
    count = int(found.max(initial=0))
    flat = found.ravel()
    area = np.bincount(flat, minlength=count + 1)[1:].astype(float)
    difference = flow_field(found, threads).field - field[:2]
    probability = np.asarray(total(flat, field[2].ravel(), count)) / area
    flow_error = np.asarray(total(flat, np.square(difference).sum(axis=0).ravel(), count)) / area
    sure = (probability >= settings.min_probability) & (flow_error <= settings.max_flow_error)
    number = np.concatenate(([0], np.where(sure, np.cumsum(sure), 0))).astype(np.int32)
    labels = number[found]
    ignored = (labels == 0) & ((found > 0) | (field[2] > settings.doubt))
    if not count:
        nothing = float("nan")
        return PseudoLabel(labels, found, ignored, nothing, nothing, nothing)
    return PseudoLabel(
        labels,
        found,
        ignored,
        float(area[sure].sum() / area.sum()),
        float(probability.mean()),
        float(flow_error.mean()),
    )


def corrections_in(folder: str | None) -> dict[str, Path]:
    """Corrected masks of a folder, by the name of their picture.

    Raises
    ------
    MicrographiaError
        Two masks share a name.
    """
    return masks_in(Path(folder), "corrected") if folder else {}


def training_rows(folders: Sequence[Path]) -> list[TrainingPictureRow]:
    """Rows of `schemas.TRAINING_PICTURES` of what `pseudo-label` kept; none is for validation.

    Parameters
    ----------
    folders
        Folders that `micrographia segmentation pseudo-label` wrote.
    """
    rows: list[TrainingPictureRow] = []
    for folder in folders:
        for row in read_rows(folder / TABLE, PSEUDO_LABELS):
            if row["status"] != "kept":
                continue
            mask = folder / MASKS / row["mask"]
            areas = np.bincount(read_labels(mask).ravel())[1:]
            areas = areas[areas > 0]
            rows.append(
                {
                    "path": row["path"],
                    "mask_path": str(mask),
                    "source": "corrected" if row["origin"] == "corrected" else "pseudo",
                    "licence": row["licence"] or "unknown",
                    "group": row["image_id"],
                    "split": "train",
                    "n_instances": len(areas),
                    "diameter_px": median_diameter(areas),
                }
            )
    return rows
