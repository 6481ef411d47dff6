"""A folder of micrographs, measured: curation, pixel sizes, masks, tables, figures, page."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.config import WorkflowConfig
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.curation.intake.ingest import ingest_table
from micrographia.curation.intake.listing import list_micrographs
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import refuse_inputs
from micrographia.io.copies.fingerprint import INGESTED
from micrographia.io.microscopes.lengths import refuse_no_length
from micrographia.io.schemas import MEASURED_PICTURES, MICROGRAPHS
from micrographia.io.schemas.rows import ManifestRow, MicrographRow
from micrographia.io.tables import read_rows, read_table, write_table
from micrographia.measurement import ledger
from micrographia.measurement.names import files_below, groups_of, output_names
from micrographia.measurement.pictures import Bench, Job, Outcome, no_instances

LOG = logging.getLogger(__name__)

#: Wraps what a step goes through, to show how far it is and how long it will take.
Progress = Callable[[Iterator[Any], int, str], Iterator[Any]]
#: Name of the table of pictures in the output folder.
TABLE = "pictures.parquet"


@dataclass(frozen=True)
class Request:
    """What to measure.

    Attributes
    ----------
    sources
        Folders, globs, archives, CSV files or pictures, as `curation list` takes them.
    out
        Folder of the results.
    pixel_size_nm
        Side of a pixel of all pictures [nm]; None to read it from file, banner or scale bar.
    masks
        Folder of masks that take the place of segmentation, by the pictures' names.
    group_by
        As for `names.groups_of`.
    everything
        Also count copies, and pictures of poor quality.
    jobs
        Processes.
    settings
        `curation` and `segmentation` count.
    """

    sources: Sequence[str]
    out: Path
    pixel_size_nm: float | None = None
    masks: Path | None = None
    group_by: str | None = None
    everything: bool = False
    jobs: int = 1
    settings: WorkflowConfig = field(default_factory=WorkflowConfig)


def measure_pictures(
    request: Request, progress: Progress = lambda steps, *_: steps
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the instances of all pictures; write masks, outlines and regions.

    Returns
    -------
    pictures
        Columns of `schemas.MEASURED_PICTURES`, in order of their files.
    instances
        Columns of `schemas.INSTANCES`.

    Raises
    ------
    MicrographiaError
        A source is absent or holds no picture, no picture has the column to group by, the method
        is unknown, or an output would overwrite a picture.
    """
    if request.out.exists() and not request.out.is_dir():
        raise MicrographiaError(
            f"The output folder {request.out} is a file", remedy="Name another"
        )
    rows, masks = _curated(request, progress)
    files = files_below([row["path"] for row in rows])
    groups = groups_of(rows, files, request.group_by)
    jobs = _jobs(rows, output_names(files), masks, request)
    _refuse_pictures(jobs, request)
    ledger.move(request.out, {job.name: _picture(job) for job in jobs})
    outcomes = list(progress(_outcomes(jobs, request), len(jobs), "measured"))
    by_path = {job.row["path"]: outcome for job, outcome in zip(jobs, outcomes, strict=True)}
    names = {job.row["path"]: job.name for job in jobs}
    pictures = []
    for row, file, group in zip(rows, files, groups, strict=True):
        entry = dict.fromkeys(MEASURED_PICTURES.names)
        entry |= {name: row[name] for name in ("path", "image_id", "width", "height", "note")}
        entry |= {"file": file, "group": group, "name": names.get(row["path"])}
        outcome = by_path.get(row["path"])
        facts = {"failure": row["reason"]} if outcome is None else dict(outcome.facts)
        if note := facts.pop("mask_note", None):
            entry["note"] = "; ".join(filter(None, (entry["note"], note)))
        entry |= facts
        if request.pixel_size_nm is not None and entry["pixel_size_source"] == "csv":
            entry["pixel_size_source"] = "given"
        entry["why_not_counted"] = entry["failure"] or _why_not_counted(row, request)
        pictures.append(entry)
    table = pd.DataFrame(pictures, columns=MEASURED_PICTURES.names, dtype=object)
    found = [no_instances(), *(outcome.instances for outcome in outcomes)]
    return table, pd.concat(found, ignore_index=True)


def _curated(
    request: Request, progress: Progress
) -> tuple[list[MicrographRow], dict[str, str | None]]:
    """List and read the pictures; rows of `schemas.MICROGRAPHS` by path, and masks of theirs."""
    listed = _outside(list_micrographs(request.sources, request.masks), request.out)
    size = request.pixel_size_nm
    if size is not None:
        refuse_no_length(size)
        listed = [{**row, "pixel_size_nm": size} for row in listed]
    masks = {row["path"]: row["mask_path"] for row in listed}
    if request.masks is not None:
        _refuse_strange_masks(request.masks, masks)
    # Curation takes masks for the truth, and a binary one is none; here its parts are measured.
    listed = [{**row, "mask_path": None} for row in listed]
    curation = request.settings.curation
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ingested.parquet"
        ingest_table(progress(iter(listed), len(listed), "read"), curation, path)
        table = mark_duplicates(read_table(path, INGESTED), curation)
        merged = Path(folder) / "merged.parquet"
        write_table(table[MICROGRAPHS.names], merged, MICROGRAPHS)
        rows: list[MicrographRow] = read_rows(merged, MICROGRAPHS)
    return rows, masks


def _refuse_strange_masks(folder: Path, masks: Mapping[str, str | None]) -> None:
    """Warn of masks that belong to no picture; refuse a folder of which none does."""
    if not any(masks.values()):
        raise MicrographiaError(
            f"No mask in {folder} belongs to one of the pictures",
            remedy="Name each mask as its picture: a.png for a.tif",
        )
    for path in ledger.unused(folder, masks.values()):
        LOG.warning("%s belongs to no picture", path)


def _picture(job: Job) -> tuple[str, str]:
    return str(job.row["image_id"]), str(job.row["path"])


def _outside(listed: Sequence[ManifestRow], out: Path) -> list[ManifestRow]:
    """What is listed without our own outputs: `measure . --out results` twice is one folder."""
    ours = os.path.join(os.path.realpath(out), "")
    found = [row for row in listed if not os.path.realpath(row["path"]).startswith(ours)]
    if not found:
        raise MicrographiaError(
            f"All pictures lie in the output folder {out}", remedy="Name another output folder"
        )
    return found


def _jobs(
    rows: Sequence[MicrographRow],
    names: Sequence[str],
    masks: Mapping[str, str | None],
    request: Request,
) -> list[Job]:
    """Every picture that can be read is measured, also one that does not count."""
    return [
        Job({**row, "status": "kept"}, name, masks[row["path"]])
        for row, name in zip(rows, names, strict=True)
        if row["image_id"] is not None
    ]


def _refuse_pictures(jobs: Sequence[Job], request: Request) -> None:
    folders = ("masks", "outlines", "rois", "corrected")
    refuse_inputs(
        [
            request.out / folder / f"{job.name}{'.zip' if folder == 'rois' else '.png'}"
            for folder in folders
            for job in jobs
        ],
        [job.row["path"] for job in jobs],
    )


def _why_not_counted(row: MicrographRow, request: Request) -> str | None:
    """Curation's verdict, unless the user named the picture itself or wants all of them."""
    named = row["source"] == row["path"] and row["duplicate_of"] is None
    rejected = row["status"] == "rejected" and not named and not request.everything
    return row["reason"] if rejected else None


_bench: Bench | None = None


def _prepare(request: Request) -> None:
    """Load all that a process needs, once."""
    global _bench
    import cv2

    # Processes are how the work is spread; threads beneath them would only compete.
    cv2.setNumThreads(1)
    if request.jobs > 1:
        import torch

        torch.set_num_threads(1)
    _bench = Bench(request.settings, request.out, request.settings.segmentation.method)


def _measure(job: Job) -> Outcome:
    assert _bench is not None
    return _bench.measure(job)


def _outcomes(jobs: Sequence[Job], request: Request) -> Iterator[Outcome]:
    if not jobs:
        return
    if request.jobs == 1 or len(jobs) == 1:
        _prepare(request)
        yield from map(_measure, jobs)
        return
    processes = min(request.jobs, len(jobs))
    # Processes of their own, not forked ones, which would share half-held locks of threads.
    with ProcessPoolExecutor(processes, get_context("spawn"), _prepare, (request,)) as pool:
        yield from pool.map(_measure, jobs)
