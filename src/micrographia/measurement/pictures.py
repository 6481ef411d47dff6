"""One picture from file to instances: text, pixel size, mask, measurements."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from micrographia import __version__
from micrographia.arrays import LabelMask
from micrographia.config import WorkflowConfig, dump_section
from micrographia.curation.burnt_in import BurntIn, Readers, load_readers, read_burnt_in
from micrographia.curation.text.finder import TextFinder
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import (
    image_id,
    read_labels,
    read_micrograph,
    to_unit,
    write_labels,
)
from micrographia.io.label_masks import separated
from micrographia.io.resources import find_resource
from micrographia.io.schemas.rows import MicrographRow
from micrographia.io.working_picture import most_pixels, read_working
from micrographia.measurement import ledger
from micrographia.method_names import TRAINED_NETWORKS
from micrographia.segmentation.burnt_in import beside_text, mark_cut
from micrographia.segmentation.measuring.corrected import box_that_holds
from micrographia.segmentation.measuring.overlay import write_overlay
from micrographia.segmentation.measuring.rois import write_rois
from micrographia.segmentation.measuring.shapes import measure
from micrographia.segmentation.measuring.sizes_figure import draw_sizes
from micrographia.segmentation.predict import Segmenter, segmenter


@dataclass(frozen=True)
class Job:
    """One picture to measure.

    Attributes
    ----------
    row
        Its row of `schemas.MICROGRAPHS`, status "kept".
    name
        Of its outputs, without suffix.
    mask
        Mask that takes the place of segmentation; None for none.
    """

    row: MicrographRow
    name: str
    mask: str | None = None


class Outcome(NamedTuple):
    """What became of a picture: columns of `pictures.parquet`, and its instances."""

    facts: dict[str, Any]
    instances: pd.DataFrame


class Bench:
    """All that is loaded once to measure any number of pictures."""

    def __init__(self, settings: WorkflowConfig, out: Path, method: str) -> None:
        self.settings, self.out, self.method = settings, out, method
        self.readers: Readers = load_readers(settings.curation)
        detector = self.readers.find_text
        self.letters = None if detector is None else TextFinder(detector)
        self.segment: Segmenter = segmenter(method)
        self.recipe = _recipe(settings, method)

    def measure(self, job: Job) -> Outcome:
        """Measure one picture and write its mask, outlines and regions.

        A picture that cannot be measured is an outcome with its `failure`.
        """
        try:
            return self._measure(job)
        except MicrographiaError as error:
            return Outcome({"failure": str(error)}, no_instances())

    def _measure(self, job: Job) -> Outcome:
        start = time.perf_counter()
        found = read_burnt_in([job.row], self.readers, self.settings.curation)
        row = found.rows[0]
        if row["status"] == "rejected":
            raise ImageError(str(row["reason"]))
        labels, box, facts = self._labels(job, row)
        picture = to_unit(read_micrograph(row["path"], most_pixels(row)).pixels)
        write_overlay(self.out / "outlines" / f"{job.name}.png", picture, labels)
        write_rois(self.out / "rois" / f"{job.name}.zip", labels)
        size = row["pixel_size_nm"]
        instances = measure(labels, str(row["image_id"]), size, box, row["path"])
        instances = mark_cut(instances, labels, [_box(one) for one in row["text_boxes"] or ()])
        if len(instances):
            draw_sizes(instances, self.out / "figures" / "pictures" / job.name, job.name)
        facts |= {"pixel_size_nm": size, "pixel_size_source": row["pixel_size_source"]}
        facts |= {"why_no_pixel_size": why_no_size(found), "box": box, "failure": None}
        facts |= {"text_boxes": row["text_boxes"], "n_instances": len(instances)}
        return Outcome(facts | {"seconds": time.perf_counter() - start}, instances)

    def _labels(
        self, job: Job, row: MicrographRow
    ) -> tuple[LabelMask, list[int] | None, dict[str, Any]]:
        """Return the mask that counts, the part it was sought in, and where it is from."""
        path = self.out / "masks" / f"{job.name}.png"
        shape = (int(row["height"] or 0), int(row["width"] or 0))
        kept = self._kept(job, path, shape) if path.is_file() else None
        if kept is not None:
            return kept
        self._corrected(job).unlink(missing_ok=True)
        if job.mask is not None:
            given = _fitting(job.mask, shape)
            self._write(job, path, given.labels, "given", None)
            return given.labels, None, {"mask_source": "given", "mask_note": given.note}
        working = read_working(row)
        found = self.segment(to_unit(working.pixels), self.settings.segmentation)
        if self.settings.segmentation.text == "avoid":
            found = beside_text(found, working.text, working.pixels, self.letters)
        labels = working.whole(found)
        self._write(job, path, labels, self.method, [*working.box])
        return labels, [*working.box], {"mask_source": self.method}

    def _kept(
        self, job: Job, path: Path, shape: tuple[int, int]
    ) -> tuple[LabelMask, list[int] | None, dict[str, Any]] | None:
        """Return the mask that lies there already, if it holds.

        What we did not write was made by hand: it is never written over.
        """
        before = ledger.read(self.out, job.name)
        if before is not None and before.image_id != job.row["image_id"]:
            digest = _digest(path)
            if digest != before.digest:
                ledger.set_aside(self.out, job.name, digest)
            return None
        mask = _fitting(str(path), shape)
        if before is None or mask.digest != before.digest:
            write_labels(self._corrected(job), mask.labels)
            box = box_that_holds(mask.labels, None if before is None else before.box)
            return mask.labels, box, {"mask_source": "corrected", "mask_note": mask.note}
        if before.recipe == self.recipe and job.mask is None:
            self._corrected(job).unlink(missing_ok=True)
            return mask.labels, before.box, {"mask_source": before.source}
        return None

    def _write(
        self, job: Job, path: Path, labels: LabelMask, source: str, box: list[int] | None
    ) -> None:
        recipe = self.recipe if source == self.method else None
        place = str(job.row["path"])
        digest = image_id(np.asarray(labels, np.int32))
        entry = ledger.Entry(str(job.row["image_id"]), place, digest, source, recipe, box)
        ledger.write(self.out, job.name, entry)
        write_labels(path, labels)

    def _corrected(self, job: Job) -> Path:
        """Where the mask goes if it is corrected: `segmentation.rounds.corrections` takes it."""
        unique = job.name == Path(job.row["path"]).stem
        name = job.name if unique else str(job.row["image_id"])
        return self.out / "corrected" / f"{name}.png"


def _recipe(settings: WorkflowConfig, method: str) -> str:
    """Digest of all settings that masks depend on, and of the network's weights."""
    parts = [__version__, method, dump_section(settings.segmentation)]
    parts.append(dump_section(settings.curation.text))
    if method in TRAINED_NETWORKS:
        weights = find_resource(settings.segmentation.network.checkpoint)
        parts.append(hashlib.sha256(weights.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _box(edges: Sequence[int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = edges
    return x0, y0, x1, y1


def why_no_size(found: BurntIn) -> str | None:
    """Return why a picture has no pixel size; None if it has one."""
    row = found.rows[0]
    if row["pixel_size_nm"] is not None:
        return None
    if found.scales is None:
        return "the file states none, and scale bars were not read"
    reason = found.scales[0]["reason"]
    return f"the file states none; {reason}" if found.scales[0]["header_nm"] is None else reason


class _Mask(NamedTuple):
    labels: LabelMask
    digest: str
    note: str | None


def _fitting(path: str, shape: tuple[int, int]) -> _Mask:
    """Read a mask, separate the parts of a binary one, and refuse one of another size."""
    try:
        read = read_labels(path)
    except ImageError as error:
        raise ImageError(
            f"The mask {path} cannot be read: {error}", remedy="Save it again, or remove it"
        ) from error
    if read.shape != shape:
        raise ImageError(
            f"The mask {path} has another size than its picture",
            seen=f"{read.shape[1]} x {read.shape[0]} px",
            allowed=f"{shape[1]} x {shape[0]} px",
            remedy="Correct the mask in the picture's own size, or remove it",
        )
    labels, note = separated(read)
    return _Mask(labels, image_id(read), note)


def _digest(path: Path) -> str:
    """Digest of a mask; "unreadable" of what is none."""
    try:
        return image_id(read_labels(path))
    except ImageError:
        return "unreadable"


def no_instances() -> pd.DataFrame:
    """Return a table of instances without a row."""
    return measure(np.zeros((1, 1), np.int32), "", None)
