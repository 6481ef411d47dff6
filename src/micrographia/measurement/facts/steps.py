"""One picture under the tools: each step is done once, and only when a fact needs it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.annotation.annotator import Case
from micrographia.annotation.schema import Attributes
from micrographia.arrays import LabelMask
from micrographia.classification.embedding import embed
from micrographia.classification.predict import predict
from micrographia.curation.burnt_in import BurntIn
from micrographia.curation.finish import add_scale, add_text
from micrographia.curation.intake.ingest import ingest_file
from micrographia.curation.scale import measure as scale
from micrographia.curation.text import regions
from micrographia.errors import ImageError
from micrographia.io.images import to_unit
from micrographia.io.microscopes.lengths import refuse_no_length
from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.schemas.rows import MicrographRow, ScaleRow
from micrographia.io.working_picture import WorkingPicture, read_working
from micrographia.measurement.facts.models import Models
from micrographia.measurement.pictures import why_no_size
from micrographia.segmentation.burnt_in import beside_text, mark_cut
from micrographia.segmentation.measuring.shapes import measure


class Steps:
    """The steps from a file to what can be measured.

    Parameters
    ----------
    path
        The picture.
    models
        Shared between pictures.
    pixel_size_nm
        Side of a pixel, where its owner states it [nm]; wins over file and scale bar.

    Raises
    ------
    ImageError
        The picture cannot be read, or the pixel size is no length of a pixel.
    """

    def __init__(self, path: Path, models: Models, pixel_size_nm: float | None = None) -> None:
        refuse_no_length(pixel_size_nm)
        self._models = models
        entry = {"path": str(path), "source": str(path), "licence": ""}
        whole = ingest_file(entry | {"pixel_size_nm": pixel_size_nm}, models.settings.curation)
        if whole["image_id"] is None:
            raise ImageError(str(whole["reason"]))
        # Of poor quality or not: it was asked for.
        self.file: MicrographRow = {name: whole[name] for name in MICROGRAPHS.names}  # type: ignore[assignment]
        self.file["status"] = "kept"
        self.quality: str | None = whole["reason"]
        self.given = pixel_size_nm is not None

    @cached_property
    def burnt_in(self) -> MicrographRow:
        """Row of `schemas.MICROGRAPHS` with the text regions and the part to work on."""
        readers, settings = self._models.readers, self._models.settings.curation
        if readers.find_text is None:
            return self.file
        self._text = next(iter(regions.search([self.file], readers.find_text, settings.text)))
        (row,) = add_text([self.file], [self._text])
        if row["status"] == "rejected":
            raise ImageError(str(row["reason"]))
        return row

    @cached_property
    def scale(self) -> ScaleRow | None:
        """Row of `schemas.SCALE`; None where scale bars are not read."""
        readers = self._models.readers
        if readers.scale is None:
            return None
        row = self.burnt_in
        texts = {row["image_id"]: self._text} if readers.find_text is not None else {}
        settings = self._models.settings.curation.scale
        return next(iter(scale.search([row], texts, readers.scale, settings)))

    @cached_property
    def sized(self) -> BurntIn:
        """The row with its pixel size, and what was read for it."""
        found = None if self.scale is None else [self.scale]
        rows = add_scale([self.burnt_in], found)
        return BurntIn(rows, None, found)

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel [nm]; None where neither owner, file nor scale bar tells it."""
        if self.given:
            return self.file["pixel_size_nm"]
        return self.sized.rows[0]["pixel_size_nm"]

    @property
    def why_no_size(self) -> str | None:
        """Why there is no pixel size; None where there is one."""
        return None if self.given else why_no_size(self.sized)

    @cached_property
    def working(self) -> WorkingPicture:
        """The part without banner and text."""
        return read_working(self.burnt_in)

    @cached_property
    def labels(self) -> LabelMask:
        """Instances in the working part."""
        settings, working = self._models.settings.segmentation, self.working
        found = self._models.segment(to_unit(working.pixels), settings)
        if settings.text == "avoid":
            found = beside_text(found, working.text, working.pixels, self._models.letters)
        return found

    @cached_property
    def instances(self) -> pd.DataFrame:
        """Rows of `schemas.INSTANCES` of the working part, in px alone."""
        found = measure(self.labels, self.file["image_id"], None)
        return mark_cut(found, self.labels, list(self.working.text))

    @cached_property
    def kind(self) -> dict[str, Any]:
        """Row of `schemas.CLASSIFIED`."""
        asked = {"path": self.file["path"], "failure": None}
        models = self._models
        return next(iter(predict(embed([asked], models.encoder), models.classifier)))

    @cached_property
    def readings(self) -> dict[str, Attributes]:
        """What each embedded annotator reads, by its name."""
        case = Case.of_arrays(self.file, to_unit(self.working.pixels), self.labels)
        return {one.name: one.annotate(case) for one in self._models.annotators}
