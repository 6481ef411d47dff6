"""Export of segmentation results: tables, size distributions, COCO JSON, ImageJ regions."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.arrays import LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.label_masks import separated
from micrographia.io.schemas import INSTANCES, PREDICTIONS, SIZES
from micrographia.io.tables import read_rows, read_tables, write_table
from micrographia.segmentation.measuring.coco import Masked, write_coco
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
    folders: Sequence[Path], out: Path, provenance: Mapping[str, Any] | None
) -> None:
    """Join the output folders of `predict` and write them in other formats.

    Parameters
    ----------
    folders
        Folders with `predictions.parquet`, `instances.parquet` and masks.
    out
        Folder for `instances.parquet`, `instances.csv`, `sizes.parquet`, `sizes.csv`,
        `sizes.png` and `coco.json`; may be one of `folders`.
    provenance
        Kept in the tables.

    Raises
    ------
    MicrographiaError
        A table or mask is absent or damaged.
    """
    instances = read_tables([folder / "instances.parquet" for folder in folders], INSTANCES)
    write_table(instances, out / "instances.parquet", INSTANCES, provenance)
    _write_csv(flattened(instances), out / "instances.csv")
    sizes = summarise(instances)
    write_table(sizes, out / "sizes.parquet", SIZES, provenance)
    _write_csv(pd.DataFrame(sizes, columns=list(SIZES.names)), out / "sizes.csv")
    draw_sizes(instances, out / "sizes.png")
    masks = (
        Masked(row["image_id"], Path(row["path"]).name, _labels(folder / row["mask"]))
        for folder, row in segmented(folders)
    )
    write_coco(out / "coco.json", masks, {"description": "Micrographia", **(provenance or {})})


def write_pictures(folders: Sequence[Path], out: Path, overlays: bool = True) -> None:
    """Write `rois/<name>.zip` and `overlay/<name>.png` of every picture that was segmented.

    A picture that is no longer there has no overlay; the log names it.
    """
    for folder, row in segmented(folders):
        labels = _labels(folder / row["mask"])
        stem = Path(row["mask"]).stem
        write_rois(out / "rois" / f"{stem}.zip", labels)
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
        write_overlay(out / "overlay" / f"{stem}.png", image, labels)


def _labels(path: Path) -> LabelMask:
    """Read a mask; of one that another program made binary the parts are separated."""
    labels, note = separated(read_labels(path))
    if note:
        LOG.warning("%s: %s", path, note)
    return labels


def segmented(folders: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the folder and the row of every picture that has a mask."""
    for folder in folders:
        for row in read_rows(folder / "predictions.parquet", PREDICTIONS):
            if row["mask"] is not None:
                yield folder, row


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
