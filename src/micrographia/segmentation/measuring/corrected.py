"""Masks that somebody corrected after they were found: noticed, and measured again."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from micrographia.arrays import LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.images import image_id, read_labels
from micrographia.io.label_masks import masks_in, separated
from micrographia.io.schemas import INSTANCES, PREDICTIONS
from micrographia.io.schemas.rows import PredictionRow
from micrographia.io.tables import read_rows, read_tables
from micrographia.segmentation.measuring.shapes import measure

LOG = logging.getLogger(__name__)


class Masked(NamedTuple):
    """A picture that was segmented: its row, the mask that was found, the one that counts."""

    row: PredictionRow
    found: Path
    mask: Path


def masked_pictures(folders: Sequence[Path], corrected: Path | None = None) -> list[Masked]:
    """Return every picture that has a mask, with the corrected one where there is one.

    Parameters
    ----------
    folders
        Output folders of `predict`.
    corrected
        Folder of corrected masks, each named as the one in `folders`, by its picture's
        `image_id`, or as its picture if no other has this name; None for none.

    Raises
    ------
    MicrographiaError
        A table is absent or damaged, or two corrected masks share a name.
    """
    better = {} if corrected is None else masks_in(corrected, "corrected")
    segmented = list(_segmented(folders))
    stems = Counter(Path(row["path"]).stem for _, row in segmented)
    pictures = []
    for folder, row in segmented:
        found = folder / str(row["mask"])
        stem = Path(row["path"]).stem
        names = [found.stem, row["image_id"], *([stem] if stems[stem] == 1 else [])]
        name = next((name for name in names if name in better), None)
        pictures.append(Masked(row, found, found if name is None else better.pop(name)))
    for path in better.values():
        LOG.warning("%s belongs to no picture that was segmented", path)
    return pictures


def instances_now(folders: Sequence[Path], pictures: Sequence[Masked]) -> pd.DataFrame:
    """Return the instances of all masks as they are now.

    Parameters
    ----------
    folders
        Output folders of `predict`, whose `instances.parquet` holds for masks that nobody changed.
    pictures
        What `masked_pictures` returned.

    Raises
    ------
    MicrographiaError
        A table or mask is absent or damaged, or a corrected mask has another size than the one
        that it replaces.
    """
    table = read_tables([folder / "instances.parquet" for folder in folders], INSTANCES)
    again: dict[tuple[str, str], pd.DataFrame] = {}
    for row, found, mask in pictures:
        labels, digest = separate_labels(mask)
        if digest == row["mask_digest"]:
            continue
        if mask != found and labels.shape != (size := read_labels(found).shape):
            raise MicrographiaError(
                f"The corrected mask {mask} has another size than {found}",
                seen=labels.shape,
                allowed=str(size),
                remedy="Correct the mask in its own size, or remove it",
            )
        LOG.info("%s was corrected by hand: measured again", mask)
        again[row["path"], row["image_id"]] = measure_again(labels, row)
    keys = zip(table["path"], table["image_id"], strict=True)
    kept = table[np.array([key not in again for key in keys], dtype=bool)]
    return pd.concat([kept, *again.values()], ignore_index=True)


def measure_again(labels: LabelMask, row: PredictionRow) -> pd.DataFrame:
    """Measure a corrected mask with the pixel size that its picture had.

    The part that was worked on still counts, unless somebody drew outside of it.

    Parameters
    ----------
    labels
        Label mask of the whole picture, shape (H, W).
    row
        Of `schemas.PREDICTIONS`.
    """
    box = box_that_holds(labels, row["box"])
    return measure(labels, row["image_id"], row["pixel_size_nm"], box, row["path"])


def separate_labels(path: Path) -> tuple[LabelMask, str]:
    """Read a mask and its digest; of one that another program made binary parts are separated."""
    read = read_labels(path)
    labels, note = separated(read)
    if note:
        LOG.warning("%s: %s", path, note)
    return labels, image_id(read)


def box_that_holds(labels: LabelMask, box: Sequence[int] | None) -> list[int] | None:
    """Return the part of a picture that was worked on; None if labels lie outside of it."""
    if box is None:
        return None
    x0, y0, x1, y1 = box
    inside = np.count_nonzero(labels[y0:y1, x0:x1])
    return list(box) if inside == np.count_nonzero(labels) else None


def _segmented(folders: Sequence[Path]) -> Iterator[tuple[Path, PredictionRow]]:
    for folder in folders:
        rows: list[PredictionRow] = read_rows(folder / "predictions.parquet", PREDICTIONS)
        yield from ((folder, row) for row in rows if row["mask"] is not None)
