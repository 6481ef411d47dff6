"""`segmentation pseudo-label`: write pseudo-labels for a list of pictures, and a table."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import nn
from tqdm import tqdm

from micrographia.config import Segmentation
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import image_id, read_labels, read_micrograph, to_unit, write_labels
from micrographia.io.label_masks import refuse_binary
from micrographia.io.schemas import PSEUDO_LABELS
from micrographia.io.schemas.rows import (
    PseudoLabelRow,
    blank,
)
from micrographia.io.tables import write_table
from micrographia.io.working_picture import WorkingPicture, most_pixels, read_working
from micrographia.provenance import stamp
from micrographia.segmentation import network_segmenter
from micrographia.segmentation.inference.instances import find_with_field
from micrographia.segmentation.inference.tiling import normalise
from micrographia.segmentation.measuring.overlay import write_overlay
from micrographia.segmentation.predict import Job
from micrographia.segmentation.pseudo_labels.select import (
    MASKS,
    TABLE,
    corrections_in,
    pseudo_label,
)
from micrographia.segmentation.samples.pictures import ignored_beside
from micrographia.training.devices import choose_device, choose_precision

LOG = logging.getLogger(__name__)


def label_pictures(
    jobs: Sequence[Job],
    out: Path,
    settings: Segmentation,
    known: Sequence[Mapping[str, Any]] = (),
) -> list[PseudoLabelRow]:
    """Write the reliable predictions for every picture into `out`; return the table's rows.

    Parameters
    ----------
    jobs
        The pictures.
    out
        Folder for `pseudo_labels.parquet`, `masks`, `ignored`, and for correcting `drafts` (all
        that was found) and `overlay`.
    settings
        Settings of the room.
    known
        Rows of `schemas.TRAINING_PICTURES`; their pictures are not labelled again, since one
        that is used for validation must not be trained on.
    """
    network = network_segmenter.load(settings.network)
    corrections = corrections_in(settings.rounds.corrections)
    masked = {image_id(read_micrograph(row["path"]).pixels) for row in known}
    # Of two pictures of one name a correction of that name says nothing.
    stems = Counter(Path(job.path).stem for job in jobs)
    cv2.setNumThreads(1)
    rows = []
    for job in tqdm(jobs, unit="image", disable=None):
        row: PseudoLabelRow = blank(PSEUDO_LABELS)
        row.update(
            {
                "path": job.path,
                "image_id": job.image_id,
                "status": "rejected",
                "n_found": 0,
                "n_kept": 0,
            }
        )
        row.update({"licence": (job.row or {}).get("licence") or "unknown", "origin": "network"})
        try:
            working = read_working(job.row or {"path": job.path})
            whole = (
                read_micrograph(job.path, most_pixels(job.row)).pixels
                if job.row
                else working.pixels
            )
            row["image_id"] = job.image_id or image_id(whole)
            corrected = corrections.get(row["image_id"])
            if corrected is None and stems[Path(job.path).stem] == 1:
                corrected = corrections.get(Path(job.path).stem)
            if image_id(whole) in masked:
                row["reason"] = "has a mask already"
            elif corrected is not None:
                _correct(row, corrected, whole.shape, out, job.stem)
            else:
                _label(row, network, working, settings, out, job.stem)
        except MicrographiaError as error:
            LOG.warning("%s", error)
            row.update({"status": "rejected", "mask": None, "reason": str(error)})
        rows.append(row)
    write_table(rows, out / TABLE, PSEUDO_LABELS, stamp(settings))
    return rows


def _correct(
    row: PseudoLabelRow, mask: Path, shape: tuple[int, ...], out: Path, stem: str
) -> None:
    """Take a person's mask as it is; nothing of it is in doubt."""
    row["origin"] = "corrected"
    labels = read_labels(mask)
    refuse_binary(labels, mask.name)
    if labels.shape != shape:
        raise ImageError(
            f"The corrected mask {mask} has another size than its picture",
            seen=labels.shape,
            allowed=str(shape),
        )
    n = int(np.count_nonzero(np.unique(labels)))
    numbered = np.unique(labels, return_inverse=True)[1].reshape(shape)
    write_labels(out / MASKS / f"{stem}.png", numbered + (0 if (labels == 0).any() else 1))
    row.update({"status": "kept", "mask": f"{stem}.png", "n_found": n, "n_kept": n, "share": 1.0})


def _label(
    row: PseudoLabelRow,
    network: nn.Module,
    working: WorkingPicture,
    settings: Segmentation,
    out: Path,
    stem: str,
) -> None:
    """Predict a picture and write what is sure of it, and what a person might correct."""
    image = to_unit(working.pixels)
    precision = choose_precision(
        settings.network.precision, choose_device(settings.network.device)
    )
    found = pseudo_label(
        *find_with_field(network, normalise(image), settings.network, precision), settings.rounds
    )
    row.update(
        {
            "n_found": int(found.found.max()),
            "n_kept": int(found.labels.max()),
            "share": found.share,
            "probability": found.probability,
            "flow_error": found.flow_error,
            "reason": found.fault(settings.rounds),
        }
    )
    ignored = np.ones(working.shape, dtype=bool)  # of what was cropped away nothing is known
    x0, y0, x1, y1 = working.box
    ignored[y0:y1, x0:x1] = found.ignored
    if row["reason"] is None:
        mask = out / MASKS / f"{stem}.png"
        write_labels(mask, working.whole(found.labels))
        row.update({"status": "kept", "mask": mask.name})
        if ignored.any():
            write_labels(ignored_beside(mask), ignored.astype(np.uint8))
    if row["reason"] is not None or row["n_kept"] < row["n_found"]:
        write_labels(out / "drafts" / f"{stem}.png", working.whole(found.found))
    doubtful = np.where(found.labels > 0, 0, found.found)
    write_overlay(out / "overlay" / f"{stem}.png", image, found.labels, doubtful)
