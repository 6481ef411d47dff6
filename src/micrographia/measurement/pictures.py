"""One picture from file to instances: text, pixel size, mask, measurements."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
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
from micrographia.io.images import image_id, read_micrograph, to_unit, write_labels
from micrographia.io.resources import find_resource
from micrographia.io.schemas.rows import MicrographRow
from micrographia.io.working_picture import most_pixels, read_working
from micrographia.method_names import TRAINED_NETWORKS
from micrographia.segmentation.burnt_in import beside_text, mark_cut
from micrographia.segmentation.measuring.corrected import box_that_holds, separate_labels
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
    before
        Its row of `pictures.parquet` in the output folder, of an earlier run; None for none.
    """

    row: MicrographRow
    name: str
    mask: str | None = None
    before: Mapping[str, Any] | None = None


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
        before = job.before or {}
        if job.mask is not None:
            labels, _ = _fitting(job.mask, shape)
            if os.path.realpath(job.mask) != os.path.realpath(path):
                write_labels(path, labels)
            return labels, None, {"mask_source": "given", "found_digest": None, "recipe": None}
        same = before.get("image_id") == row["image_id"] and before.get("found_digest")
        if same and path.is_file():
            labels, digest = _fitting(str(path), shape)
            kept = {"found_digest": before["found_digest"], "recipe": before["recipe"]}
            if digest != before["found_digest"]:
                write_labels(self.out / "corrected" / f"{_name_in_rounds(job)}.png", labels)
                box = box_that_holds(labels, before["box"])
                return labels, box, kept | {"mask_source": "corrected"}
            if before["recipe"] == self.recipe:
                return labels, list(before["box"]), kept | {"mask_source": self.method}
        working = read_working(row)
        found = self.segment(to_unit(working.pixels), self.settings.segmentation)
        if self.settings.segmentation.text == "avoid":
            found = beside_text(found, working.text, working.pixels, self.letters)
        labels = working.whole(found)
        write_labels(path, labels)
        facts = {"mask_source": self.method, "found_digest": image_id(labels)}
        facts["recipe"] = self.recipe
        return labels, [*working.box], facts


def _recipe(settings: WorkflowConfig, method: str) -> str:
    """Digest of all settings that masks depend on, and of the network's weights."""
    parts = [__version__, method, dump_section(settings.segmentation)]
    parts.append(dump_section(settings.curation.text))
    if method in TRAINED_NETWORKS:
        weights = find_resource(settings.segmentation.network.checkpoint)
        parts.append(hashlib.sha256(weights.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _name_in_rounds(job: Job) -> str:
    """Name by which `segmentation.rounds.corrections` finds a mask: the picture's, if unique."""
    return job.name if job.name == Path(job.row["path"]).stem else str(job.row["image_id"])


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


def _fitting(path: str, shape: tuple[int, int]) -> tuple[LabelMask, str]:
    labels, digest = separate_labels(Path(path))
    if labels.shape != shape:
        raise ImageError(
            f"The mask {path} has another size than its picture",
            seen=f"{labels.shape[1]} x {labels.shape[0]} px",
            allowed=f"{shape[1]} x {shape[0]} px",
            remedy="Correct the mask in the picture's own size, or remove it",
        )
    return labels, digest


def no_instances() -> pd.DataFrame:
    """Return a table of instances without a row."""
    return measure(np.zeros((1, 1), np.int32), "", None)
