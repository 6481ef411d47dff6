"""Trace the fibres of a list of pictures into tables, layers and exports; a failure is a row."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from micrographia.arrays import FloatImage, LabelMask
from micrographia.config import Segmentation
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.images import image_id, read_labels, read_micrograph, to_unit, write_labels
from micrographia.io.label_masks import masks_in
from micrographia.io.schemas import FIBRE_PICTURES, FIBRES, LAYERS
from micrographia.io.tables import write_table
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.drawing import write_fibres
from micrographia.segmentation.fibres.flanks import with_grey_widths
from micrographia.segmentation.fibres.painting import layers_of_fibres
from micrographia.segmentation.fibres.tables import fibre_row, layer_rows, picture_columns
from micrographia.segmentation.fibres.trace import trace
from micrographia.segmentation.measuring.coco import Picture, write_coco
from micrographia.segmentation.measuring.layers import Layer, flatten
from micrographia.segmentation.measuring.rois import write_rois
from micrographia.segmentation.predict import Job

LOG = logging.getLogger(__name__)

#: Columns of lists, which a CSV leaves out.
_LISTS = ["x", "y", "width_along"]


def fibres_of(
    image: FloatImage, labels: LabelMask | None, settings: Segmentation
) -> tuple[list[Fibre], list[Layer]]:
    """Trace the fibres of a picture.

    Parameters
    ----------
    image
        Grey picture, 0..1, shape (H, W).
    labels
        Mask in which fibres are traced: a foreground, or instances that were cut where others lie
        on them, shape (H, W). None to find the foreground with the network of the settings; widths
        are then those of the grey picture.
    settings
        Of the room.

    Returns
    -------
    fibres
        The longest first.
    layers
        The same, labelled from 1.

    Raises
    ------
    MicrographiaError
        The network's weights are absent or of another network.
    """
    if labels is not None:
        foreground = labels > 0
        fibres = trace(foreground)
    else:
        from micrographia.segmentation.fibres.foreground import fibre_foreground

        foreground = fibre_foreground(image, settings.network)
        fibres = with_grey_widths(trace(foreground), image)
    return fibres, layers_of_fibres(fibres, foreground, labels)


def run(
    jobs: Sequence[Job],
    out: Path,
    settings: Segmentation,
    masks: Path | None,
    provenance: Mapping[str, Any],
) -> int:
    """Trace the fibres of every picture and write all of `out`; return the failures.

    Parameters
    ----------
    jobs
        Pictures, of `predict.jobs_of_paths`.
    out
        Folder for `fibres.parquet`, `fibres.csv`, `pictures.parquet`, `pictures.csv`,
        `layers.parquet`, `coco.json`, and for each picture `<stem>.png`, `rois/<stem>.zip` and
        `overlay/<stem>.png`.
    settings
        Of the room.
    masks
        Folder of masks by the names of the pictures; None to find the foreground.
    provenance
        Kept in the tables.

    Raises
    ------
    MicrographiaError
        Two masks share a name, or there are no weights.
    """
    given = None if masks is None else masks_in(masks, "given")
    pictures, fibres, layers, exported = [], [], [], []
    for job in tqdm(jobs, unit="image", disable=None):
        row: dict[str, Any] = dict.fromkeys(FIBRE_PICTURES.names)
        row |= {"path": job.path, "foreground": "network" if given is None else "mask"}
        try:
            image, labels = _read(job, given, row)
            start = time.perf_counter()
            found, held = fibres_of(image, labels, settings)
            row["seconds"] = time.perf_counter() - start
        except MicrographiaError as error:
            LOG.warning("%s", error)
            row["failure"] = str(error)
            pictures.append(row)
            continue
        row |= picture_columns(found, row["pixel_size_nm"]) | {"mask": f"{job.stem}.png"}
        pictures.append(row)
        names = (row["image_id"], job.path)
        fibres += [
            fibre_row(fibre, number, *names, row["pixel_size_nm"])
            for number, fibre in enumerate(found, start=1)
        ]
        height, width = image.shape
        layers += layer_rows(held, (height, width), *names)
        flat = flatten(held, (height, width))
        write_labels(out / f"{job.stem}.png", flat)
        write_rois(out / "rois" / f"{job.stem}.zip", flat, held)
        write_fibres(out / "overlay" / f"{job.stem}.png", image, found)
        exported.append(Picture(row["image_id"], Path(job.path).name, flat, held))
        tqdm.write(f"{Path(job.path).name}: {len(found)} fibres")
    _write(out / "fibres", fibres, FIBRES, provenance)
    _write(out / "pictures", pictures, FIBRE_PICTURES, provenance)
    write_table(layers, out / "layers.parquet", LAYERS, provenance)
    write_coco(out / "coco.json", exported, {"description": "Micrographia", **provenance})
    return sum(row["failure"] is not None for row in pictures)


def _read(
    job: Job, given: Mapping[str, Path] | None, row: dict[str, Any]
) -> tuple[FloatImage, LabelMask | None]:
    """Read a picture and its mask; fill in what the row says of them."""
    micrograph = read_micrograph(job.path)
    known = job.pixel_size_nm
    row["image_id"] = image_id(micrograph.pixels)
    row["pixel_size_nm"] = micrograph.pixel_size_nm if known is None else known
    if given is None:
        return to_unit(micrograph.pixels), None
    if Path(job.path).stem not in given:
        raise MicrographiaError(
            f"{job.path} has no mask", remedy="Give a mask by the name of each picture"
        )
    labels = read_labels(given[Path(job.path).stem])
    if labels.shape != micrograph.pixels.shape:
        raise MicrographiaError(
            f"The mask of {job.path} has another size than the picture",
            seen=f"{labels.shape} and {micrograph.pixels.shape}",
            remedy="Give the mask of this picture",
        )
    return to_unit(micrograph.pixels), np.asarray(labels, np.int32)


def _write(path: Path, rows: list[dict[str, Any]], schema: Any, provenance: Any) -> None:
    """Write a table as parquet, and as CSV without its lists."""
    write_table(rows, path.with_suffix(".parquet"), schema, provenance)
    table = pd.DataFrame(rows, columns=schema.names)
    flat = table.drop(columns=[name for name in _LISTS if name in table])
    text = flat.to_csv(index=False, lineterminator="\n", float_format="%.7g")
    write_text(path.with_suffix(".csv"), text)
