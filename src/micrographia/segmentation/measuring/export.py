"""Export of segmentation results: tables, size distributions, COCO JSON, ImageJ regions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.images import read_micrograph, to_unit
from micrographia.io.schemas import INSTANCES, SIZES
from micrographia.io.tables import write_table
from micrographia.segmentation.measuring.coco import Picture, write_coco
from micrographia.segmentation.measuring.corrected import (
    instances_now,
    masked_pictures,
    separate_labels,
)
from micrographia.segmentation.measuring.overlay import write_overlay
from micrographia.segmentation.measuring.rois import write_rois
from micrographia.segmentation.measuring.sizes import summarise
from micrographia.segmentation.measuring.sizes_figure import draw_sizes

LOG = logging.getLogger(__name__)

#: Columns of the instances' table that hold lists, and the columns of the CSV in their place.
_FLAT = {
    "centroid": ("centroid_x", "centroid_y"),
    "bbox": ("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"),
}


def write_measurements(
    folders: Sequence[Path],
    out: Path,
    provenance: Mapping[str, Any] | None,
    corrected: Path | None = None,
) -> None:
    """Join the output folders of `predict` and write them in other formats.

    A mask that is no longer the one that was found is measured again; the log names it.

    Parameters
    ----------
    folders
        Folders with `predictions.parquet`, `instances.parquet` and masks.
    out
        Folder for `instances.parquet`, `instances.csv`, `sizes.parquet`, `sizes.csv`,
        `figures/sizes.png`, `.svg` and `.pdf`, and `coco.json`; may be one of `folders`.
    provenance
        Kept in the tables.
    corrected
        Folder of corrected masks by the names of those in `folders`; None for none.

    Raises
    ------
    MicrographiaError
        A table or mask is absent or damaged, or a corrected mask has another size than the one
        that it replaces.
    """
    pictures = masked_pictures(folders, corrected)
    instances = instances_now(folders, pictures)
    write_table(instances, out / "instances.parquet", INSTANCES, provenance)
    write_instances(instances, out / "instances.csv")
    sizes = summarise(instances)
    write_table(sizes, out / "sizes.parquet", SIZES, provenance)
    _write_csv(pd.DataFrame(sizes, columns=list(SIZES.names)), out / "sizes.csv")
    draw_sizes(instances, out / "figures" / "sizes")
    entries = (
        Picture(row["image_id"], Path(row["path"]).name, separate_labels(mask)[0])
        for row, _, mask in pictures
    )
    write_coco(out / "coco.json", entries, {"description": "Micrographia", **(provenance or {})})


def write_pictures(
    folders: Sequence[Path], out: Path, overlays: bool = True, corrected: Path | None = None
) -> None:
    """Write `rois/<name>.zip` and `overlay/<name>.png` of every picture that was segmented.

    A picture that is no longer there has no overlay; the log names it.

    Parameters
    ----------
    folders, corrected
        As for `write_measurements`.
    out
        Where to write.
    overlays
        Whether to draw the outlines on the pictures.
    """
    for row, found, mask in masked_pictures(folders, corrected):
        labels, _ = separate_labels(mask)
        write_rois(out / "rois" / f"{found.stem}.zip", labels)
        if not overlays:
            continue
        try:
            image = to_unit(read_micrograph(row["path"]).pixels)
        except MicrographiaError as error:
            LOG.warning("no overlay: %s", error)
            continue
        if image.shape != labels.shape:
            LOG.warning("no overlay: %s has another size than its mask", row["path"])
            continue
        write_overlay(out / "overlay" / f"{found.stem}.png", image, labels)


def write_instances(instances: pd.DataFrame, path: Path) -> None:
    """Write instances as CSV, one number to a column, atomically."""
    _write_csv(flattened(instances), path)


def flattened(instances: pd.DataFrame) -> pd.DataFrame:
    """Return a table of instances with one number to a column, for CSV.

    Parameters
    ----------
    instances
        Columns of `schemas.INSTANCES`.
    """
    parts = []
    for name in instances.columns:
        if name in _FLAT:
            rows = instances[name].tolist()
            parts.append(pd.DataFrame(rows, columns=list(_FLAT[name]), index=instances.index))
        else:
            parts.append(instances[[name]])
    return pd.concat(parts, axis=1)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    write_text(path, table.to_csv(index=False, lineterminator="\n", float_format="%.7g"))
