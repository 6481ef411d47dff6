"""Interface of all annotators, and the case (one micrograph) that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from micrographia.annotation.schema import Attributes, Verdicts
from micrographia.arrays import FloatImage, LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_labels, to_unit
from micrographia.io.working_picture import WorkingPicture, read_working


class AnnotationError(MicrographiaError):
    """A picture has no answer: the reason becomes its row's failure."""


@dataclass(frozen=True, eq=False)
class Case:
    """One micrograph with all that is known of it; files are read when they are asked for.

    Attributes
    ----------
    row
        Its row of `schemas.MICROGRAPHS`.
    mask_path
        Label mask of the segmentation; None where it has none (see `segmentation_failure`).
    segmentation_failure
        Why it was not segmented; None when it was.
    """

    row: Mapping[str, Any]
    mask_path: Path | None
    segmentation_failure: str | None = None

    @property
    def image_id(self) -> str:
        """Identifier of the picture."""
        return str(self.row["image_id"])

    @cached_property
    def working(self) -> WorkingPicture:
        """The part of the picture that is worked on; ImageError where it cannot be read."""
        return read_working(self.row)

    @cached_property
    def pixels(self) -> FloatImage:
        """Its grey values, 0…1: without banner or text, as curation left it."""
        return to_unit(self.working.pixels)

    @cached_property
    def labels(self) -> LabelMask | None:
        """Instances in the same part, 0 for background; None where there is no mask."""
        if self.mask_path is None:
            return None
        x0, y0, x1, y1 = self.working.box
        return read_labels(self.mask_path)[y0:y1, x0:x1]

    def release(self) -> None:
        """Free the arrays read from disk; they are read again when needed."""
        if "working" in self.__dict__:
            for name in ("working", "pixels", "labels"):
                self.__dict__.pop(name, None)

    @classmethod
    def of_arrays(
        cls,
        row: Mapping[str, Any],
        pixels: FloatImage,
        labels: LabelMask | None = None,
    ) -> Case:
        """Make a case from arrays in memory; nothing is read from disk."""
        case = cls(row, None)
        # `cached_property` looks here first; the class is frozen only against assignment.
        case.__dict__.update(pixels=pixels, labels=labels)
        return case


class Annotator(Protocol):
    """One who reads the nine attributes of pictures and judges what others read.

    `annotate` and `judge` raise `MicrographiaError` where there is no answer: the picture's row
    then carries the sentence. An embedded annotator answers "unknown" for an attribute it does
    not read, and judges by comparing an answer with its own reading: "yes" where they are
    compatible, "no" where it is confident of another word, else "abstain".
    """

    #: Name in the settings and in every table.
    name: str
    #: What answers: name and version of a model, or of the rules and their thresholds.
    model: str
    #: Digest of the prompt; None for annotators that have none.
    prompt_sha: str | None
    #: The same of the prompt of `judge`.
    judge_prompt_sha: str | None
    #: How many cases may be asked at once, each in a thread of its own.
    concurrency: int

    def annotate(self, case: Case) -> Attributes:
        """Return the nine attributes of a picture."""
        ...

    def judge(self, case: Case, answer: Attributes) -> Verdicts:
        """Judge for each of the nine attributes whether another answer fits the picture."""
        ...
