"""Segment a list of micrographs into label masks and two tables; a failure is a row."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from micrographia.arrays import FloatImage, LabelMask
from micrographia.config import Segmentation
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import refuse_inputs
from micrographia.io.images import image_id, to_unit, write_labels
from micrographia.io.microscopes.lengths import refuse_no_length
from micrographia.io.pictures.kinds import SUFFIXES, pictures_among, refusal, tally
from micrographia.io.schemas import INSTANCES, PREDICTIONS
from micrographia.io.schemas.rows import (
    PredictionRow,
    blank,
)
from micrographia.io.tables import write_table
from micrographia.io.working_picture import read_working
from micrographia.method_names import TRAINED_NETWORKS
from micrographia.provenance import stamp
from micrographia.segmentation.burnt_in import TextFinder, beside_text, mark_cut
from micrographia.segmentation.measuring.overlay import write_overlay
from micrographia.segmentation.measuring.shapes import measure
from micrographia.segmentation.measuring.sizes import diameters as whole_diameters

LOG = logging.getLogger(__name__)

Segmenter = Callable[[FloatImage, Segmentation], LabelMask]


def _watershed(image: FloatImage, settings: Segmentation) -> LabelMask:
    from micrographia.segmentation.watershed.segment import segment

    return segment(image, settings.watershed)


def _learned(name: str) -> Segmenter:
    """A method whose network is read when it is first used."""

    def run(image: FloatImage, settings: Segmentation) -> LabelMask:
        from micrographia.segmentation import network_segmenter

        return network_segmenter.segment(image, settings.network, name)

    return run


#: Methods by the name that `--method` takes.
METHODS: dict[str, Segmenter] = {
    "watershed": _watershed,
    **{name: _learned(name) for name in TRAINED_NETWORKS},
}


def segmenter(method: str) -> Segmenter:
    """Return a method by its name.

    Raises
    ------
    MicrographiaError
        There is no such method.
    """
    if method not in METHODS:
        raise MicrographiaError("Unknown segmenter", seen=method, allowed=", ".join(METHODS))
    return METHODS[method]


@dataclass(frozen=True)
class Job:
    """One image to segment.

    Attributes
    ----------
    path
        The image.
    stem
        Name of its outputs without suffix.
    image_id
        Its identifier; None to hash its pixels.
    pixel_size_nm
        Side of a pixel [nm]; None to take what the file says.
    row
        Its row of `schemas.MICROGRAPHS`, which tells what to work on; None for all of it.
    """

    path: str
    stem: str
    image_id: str | None = None
    pixel_size_nm: float | None = None
    row: Mapping[str, Any] | None = None


def jobs_of_paths(
    paths: Sequence[Path],
    pixel_size_nm: float | None = None,
    micrographs: pd.DataFrame | None = None,
) -> list[Job]:
    """Return a job per image; folders stand for the pictures in them.

    Outputs are named by the stem; of `a.png` and `a.tif` the second keeps its suffix: `a.tif`.
    Pictures of a format that is not read come last; `predict` says so in their rows.

    Parameters
    ----------
    paths
        Images and folders.
    pixel_size_nm
        Side of a pixel of all images [nm]; None for what `micrographs` or the file says.
    micrographs
        Columns of `schemas.MICROGRAPHS`: what curation knows of images that are in there.

    Raises
    ------
    MicrographiaError
        A folder cannot be read or holds no image, two images have the same name, or the pixel
        size is no length.
    """
    refuse_no_length(pixel_size_nm)
    files: list[Path] = []
    for path in paths:
        files += _images_in(path) if os.path.isdir(path) else [path]
    taken: dict[str, Path] = {}
    refused = [file for file in files if refusal(file.name)]
    for file in [file for file in files if not refusal(file.name)]:
        other = taken.get(file.stem)
        stem = file.stem if other is None or other.name == file.name else file.name
        other = taken.setdefault(stem, file)
        if other is not file:
            raise MicrographiaError(
                f"{other} and {file} would both write the mask {stem}.png",
                remedy="Segment them into different folders, or rename one",
            )
    known = {} if micrographs is None else _by_place(micrographs)
    jobs = []
    for stem, file in [*taken.items(), *((file.name, file) for file in refused)]:
        row = known.get(os.path.realpath(file))
        size = pixel_size_nm
        if size is None and row is not None and not pd.isna(row["pixel_size_nm"]):
            size = float(row["pixel_size_nm"])
        jobs.append(Job(str(file), stem, None if row is None else row["image_id"], size, row))
    return jobs


def _by_place(micrographs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows of pictures that could be read, by where their files lie."""
    readable = micrographs[micrographs["image_id"].notna()].to_dict("records")
    return {os.path.realpath(row["path"]): {str(k): v for k, v in row.items()} for row in readable}


def _images_in(folder: Path) -> list[Path]:
    """Sorted pictures of a folder, read or not, without hidden ones; other files are counted."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise MicrographiaError(
            f"Folder {folder} cannot be read ({error.strerror})",
            remedy="Give yourself the right to list it (chmod u+rx)",
        ) from None
    found = [folder / name for name in pictures_among(names) if name[0] != "."]
    rest = {folder / name for name in names} - set(found)
    others = [path.name for path in rest if not path.is_dir()]
    if others:
        LOG.info("%s: %d files are no pictures (%s)", folder, len(others), tally(others))
    if not found:
        raise MicrographiaError(
            f"Folder {folder} contains no image",
            allowed=", ".join(SUFFIXES),
            remedy="Give a folder that contains images",
        )
    return sorted(found)


def jobs_of_table(micrographs: pd.DataFrame, shard: int, shards: int) -> list[Job]:
    """Return a job for every kept micrograph whose position modulo `shards` is `shard`.

    Raises
    ------
    MicrographiaError
        The shard does not exist.
    """
    if not 0 <= shard < shards:
        raise MicrographiaError(
            "There is no such shard", seen=shard, allowed=f"0 to {shards - 1} (--shards {shards})"
        )
    kept = micrographs[micrographs["status"] == "kept"].iloc[shard::shards]
    sizes = [None if pd.isna(size) else float(size) for size in kept["pixel_size_nm"]]
    return [
        Job(
            row["path"],
            row["image_id"],
            row["image_id"],
            size,
            {str(k): v for k, v in row.items()},
        )
        for row, size in zip(kept.to_dict(orient="records"), sizes, strict=True)
    ]


def jobs_held_out(pictures: pd.DataFrame) -> list[Job]:
    """Return a job for every held-out picture: only the real ones, if there are any.

    Parameters
    ----------
    pictures
        Columns of `schemas.TRAINING_PICTURES`.

    Raises
    ------
    MicrographiaError
        Nothing was held out.
    """
    apart = pictures[pictures["split"] == "validation"]
    if (apart["source"] == "real").any():
        apart = apart[apart["source"] == "real"]
    if apart.empty:
        raise MicrographiaError(
            "The table contains no held-out picture", remedy="Give another table"
        )
    return jobs_of_paths([Path(path) for path in apart["path"]])


def predict(
    jobs: Sequence[Job],
    out: Path,
    settings: Segmentation,
    method: str,
    overlays: bool = False,
    find_text: TextFinder | None = None,
) -> int:
    """Segment every image; write masks, tables and overlays into `out`; return the failures.

    Parameters
    ----------
    jobs
        What to segment.
    out
        Folder for `<stem>.png`, `predictions.parquet`, `instances.parquet` and, if asked for,
        `overlay/<stem>.png`; made if it is absent.
    settings
        Settings of the room.
    method
        A key of `METHODS`.
    overlays
        Whether to draw the outlines on the images.
    find_text
        Finds the text of images that curation has not seen; None where none is looked for.

    Raises
    ------
    MicrographiaError
        The method is unknown, an output would overwrite an image, or `out` cannot be written.
    """
    run = segmenter(method)
    folders = [out, out / "overlay"] if overlays else [out]
    refuse_inputs(
        [folder / f"{job.stem}.png" for folder in folders for job in jobs],
        [job.path for job in jobs],
    )
    seen: dict[str, str] = {}
    if method in TRAINED_NETWORKS:
        from micrographia.segmentation import network_segmenter

        # Without weights no picture need be tried.
        network_segmenter.load(settings.network, method)
        seen = network_segmenter.seen_in_training(settings.network)
    # One process per shard is how the work is spread; threads beneath it would only compete.
    cv2.setNumThreads(1)
    rows: list[PredictionRow] = []
    instances: list[pd.DataFrame] = []
    for job in tqdm(jobs, unit="image", disable=None):
        row: PredictionRow = blank(PREDICTIONS)
        row.update({"image_id": job.image_id, "path": job.path, "method": method})
        try:
            finder = find_text if job.row is None else None
            instances.append(_predict_one(job, out, settings, run, row, overlays, finder))
            row["seen"] = seen.get(row["image_id"])
            tqdm.write(described(row, instances[-1]))
        except MicrographiaError as error:
            LOG.warning("%s", error)
            row = blank(PREDICTIONS) | {"image_id": job.image_id, "path": job.path}
            row.update({"method": method, "failure": str(error)})
        rows.append(row)
    provenance = stamp(settings)
    table = pd.concat([measure(np.zeros((1, 1), np.int32), "", None), *instances])
    write_table(table, out / "instances.parquet", INSTANCES, provenance)
    write_table(rows, out / "predictions.parquet", PREDICTIONS, provenance)
    return sum(row["failure"] is not None for row in rows)


def _predict_one(
    job: Job,
    out: Path,
    settings: Segmentation,
    run: Segmenter,
    row: PredictionRow,
    overlays: bool,
    find_text: TextFinder | None,
) -> pd.DataFrame:
    """Segment one image, write its files, fill in its row; return its instances."""
    # Of a picture with text, curation's table may name a part, or have the text painted over.
    working = read_working(job.row or {"path": job.path})
    row["image_id"] = job.image_id or image_id(working.pixels)
    image = to_unit(working.pixels)
    text = working.text if find_text is None else find_text(working.pixels)
    text = text if settings.text == "avoid" else ()
    start = time.perf_counter()
    labels = beside_text(run(image, settings), text, working.pixels, find_text)
    seconds = time.perf_counter() - start
    name = f"{job.stem}.png"
    if overlays:
        write_overlay(out / "overlay" / name, image, labels)
    whole = working.whole(labels)
    write_labels(out / name, whole)
    size = working.pixel_size_nm if job.pixel_size_nm is None else job.pixel_size_nm
    row.update({"mask": name, "n_instances": int(labels.max()), "seconds": seconds})
    row.update({"mask_digest": image_id(whole), "pixel_size_nm": size, "box": [*working.box]})
    table = measure(whole, row["image_id"], size, working.box, job.path)
    return mark_cut(table, labels, text)


def described(row: PredictionRow, instances: pd.DataFrame) -> str:
    """Return a line on a segmented picture: its name, how many instances, how large.

    Parameters
    ----------
    row
        Of `schemas.PREDICTIONS`.
    instances
        Its rows of `schemas.INSTANCES`.
    """
    unit = "px" if row["pixel_size_nm"] is None else "nm"
    diameters, n_cut = whole_diameters(instances, unit)
    n = len(instances)
    words = [f"{n} instance{'' if n == 1 else 's'}"]
    if n_cut:
        words[0] += f" ({n_cut} cut by the border)"
    if len(diameters):
        words.append(f"median diameter {np.median(diameters):.4g} {unit}")
    size = row["pixel_size_nm"]
    words.append("pixel size unknown" if size is None else f"{size:.4g} nm per pixel")
    return f"{Path(row['path']).name}: {', '.join(words)}"
