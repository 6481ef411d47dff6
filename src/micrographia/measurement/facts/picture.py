"""Facts of one picture, measured when they are asked for: rows of `schemas.FACTS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from micrographia.config import WorkflowConfig
from micrographia.errors import MicrographiaError
from micrographia.io.facts.particles import Value, particle_facts
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.schemas import FACTS
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, density_word, spread_word
from micrographia.measurement.facts.kinds import class_told, why_no_particles
from micrographia.measurement.facts.models import Models
from micrographia.measurement.facts.numbers import contradiction, further_facts
from micrographia.measurement.facts.steps import Steps

Row = dict[str, Any]

#: What the rooms say where there is nothing to read.
_NONE = "the file states none; no scale bar with a label that can be read"
#: Share of the area that closely packed particles cover at least.
_PACKED = 0.5
#: Where a pixel size is from, by the names of `schemas.MICROGRAPHS`.
_SOURCES = {"csv": "given", "header": "file", "bar": "scale bar", "banner": "data bar"}


class PictureFacts:
    """What tools know of one picture; each tool runs once, and only if a fact needs it.

    Parameters
    ----------
    path
        The picture.
    models
        Shared between pictures.
    pixel_size_nm
        Side of a pixel, where its owner states it [nm].

    Raises
    ------
    ImageError
        The picture cannot be read, or the pixel size is no length of a pixel.
    """

    def __init__(self, path: Path, models: Models, pixel_size_nm: float | None = None) -> None:
        self._models = models
        with models.turn:
            self._steps = Steps(path, models, pixel_size_nm)
        self._known: dict[str, Row] = {}

    @property
    def image_id(self) -> str:
        """Identifier of the picture."""
        return self._steps.file["image_id"]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width [px]."""
        return self._steps.file["height"], self._steps.file["width"]

    def facts(self, names: Iterable[str]) -> list[Row]:
        """Return rows of `schemas.FACTS` by their names; a tool that fails gives its reason.

        Parameters
        ----------
        names
            Of `io.facts.vocabulary.FACT_KINDS`.
        """
        found = []
        for name in names:
            if name not in self._known:
                with self._models.turn:
                    self._known[name] = self._row(name)
            found.append(self._known[name])
        return found

    def _row(self, name: str) -> Row:
        row: Row = dict.fromkeys(FACTS.names)
        file = self._steps.file
        row |= {"image_id": file["image_id"], "path": file["path"], "name": name}
        tools = FACT_KINDS[name].tools
        try:
            if "segmentation" in tools:
                return row | self._number(name)
            if "scale" in tools:
                return row | self._scale(name)
            if "classification" in tools:
                return row | self._class()
            if "annotation" in tools:
                return row | self._attribute(name)
        except MicrographiaError as error:
            return row | {"source": tools[0], "failure": str(error)}
        return row | {"source": tools[0], "failure": "no tool can tell it from the picture"}

    def _scale(self, name: str) -> Row:
        steps = self._steps
        if name == "scale_bar":
            scale = steps.scale
            if scale is None or scale["bar_nm"] is None or not self._bar_counts():
                reason = None if scale is None else scale["reason"]
                return _failed("scale bar", reason or "no scale bar was read")
            read = f"read as {scale['label_text']!r}"
            return _number(
                scale["label_nm"],
                "nm",
                "scale bar",
                f"SCALE label_nm, {read}",
                scale["confidence"],
            )
        size = steps.pixel_size_nm
        if size is None:
            return _failed("scale", self._why_no_size)
        source = self._size_source
        if name == "field_width":
            return _number(size * self.shape[1], "nm", source, "pixel size times width in px")
        return _number(size, "nm", source, "MICROGRAPHS pixel_size_nm")

    @property
    def _why_no_size(self) -> str:
        """Why there is no pixel size, as a sentence has it."""
        why = self._steps.why_no_size or "nothing states it"
        return (
            "neither the file nor a scale bar that can be read tells it" if why == _NONE else why
        )

    def _bar_counts(self) -> bool:
        """Whether a bar that was read is believed: it sets the size, or agrees with what does."""
        scale = self._steps.scale
        if scale is None or scale["bar_nm"] is None:
            return False
        size = self._steps.pixel_size_nm
        return size is not None and abs(scale["bar_nm"] / size - 1) < 0.05

    @cached_property
    def _size_source(self) -> str:
        if self._steps.given:
            return "given"
        stated = self._steps.sized.rows[0]["pixel_size_source"] or "file"
        return _SOURCES.get(stated, stated)

    def _number(self, name: str) -> Row:
        source = f"segmentation {self._models.settings.segmentation.method}"
        if why := self._no_particles:
            return _failed(source, *why)
        sized = FACT_KINDS[name].quantity in ("length", "density")
        number = (self._sized if sized else self._counted)[name]
        if number.failure is not None:
            cause = f" ({self._why_no_size})" if name == "number_density" else ""
            return _failed(source, f"{number.failure}{cause}")
        told = number.evidence
        if sized and number.unit != "px":
            told += f"; pixel size: {self._size_source}"
        return _number(number.number, number.unit, source, told)

    @cached_property
    def _no_particles(self) -> tuple[str, str] | None:
        """Why there is nothing to count, and what says so; None where there may be particles."""
        cut = self._steps.instances["cut"].to_numpy(dtype=bool)
        return why_no_particles(self._steps.kind, len(cut), int((~cut).sum()))

    @cached_property
    def _counted(self) -> dict[str, Value]:
        """Facts that need no pixel size, which takes its time."""
        return self._values(None)

    @cached_property
    def _sized(self) -> dict[str, Value]:
        return self._values(self._steps.pixel_size_nm)

    @cached_property
    def _rows(self) -> list[Any]:
        return self._steps.instances.to_dict("records")

    def _values(self, size: float | None) -> dict[str, Value]:
        rows = self._rows
        height, width = self._steps.labels.shape
        found = [*particle_facts(rows, width, height, size), *further_facts(rows, size)]
        return {one.name: one for one in found}

    def _class(self) -> Row:
        least = self._models.settings.language.assistant.sure
        covered = float((self._steps.labels > 0).mean())
        word, told = class_told(self._steps.kind, least, covered)
        if word is None:
            return _failed("classification", told)
        return _words(word, "classification", told, self._steps.kind["probability"])

    def _attribute(self, name: str) -> Row:
        file = self._steps.file
        if name == "microscopy_type" and file["microscopy"] in ("SEM", "TEM", "STEM"):
            return _words(file["microscopy"], "file", "MICROGRAPHS microscopy", 1.0)
        if name in _OF_PARTICLES and (why := self._no_particles):
            return _failed("annotation", *why)
        if name in ("particle_density", "pixel_size_profile"):
            return self._by_definition(name)
        read = {who: each.readings()[name] for who, each in self._steps.readings.items()}
        said = {who: one for who, one in read.items() if one.value != UNKNOWN}
        words = {one.value for one in said.values()}
        told = ", ".join(f"{who} reads {one.value}" for who, one in said.items())
        if len(words) != 1:
            reason = f"annotators differ: {told}" if words else "no annotator can tell"
            return _failed("annotation", reason)
        (word,) = words
        against = contradiction(word, self._rows) if name == "morphology" else None
        if against is not None:
            return _failed("annotation", f"{told}, but {against}")
        if unproven := self._unproven(name, word):
            return _failed("annotation", unproven, told)
        sure = min(one.confidence for one in said.values())
        least = self._models.settings.language.assistant.sure
        # Where one of them abstains, the other must be the surer.
        if sure < (least if len(said) == len(read) else (1 + least) / 2):
            return _failed("annotation", f"annotators are not sure: {told} ({sure:.2f})")
        return _words(word, "annotation", f"ATTRIBUTES {name}: {told}", sure)

    def _unproven(self, name: str, word: str) -> str | None:
        """Why a word is not told although the annotators agree on it, or None.

        Both were trained on drawn pictures. Of 14 real ones that a person looked at, they took
        three in transmission for SEM and one SEM for STEM; all five that they called TEM were.
        """
        if name == "microscopy_type" and word != "TEM":
            return "grey levels alone do not prove the kind of microscope, and the file names none"
        covered = self._counted["area_fraction"].number if word == "packed" else None
        if covered is not None and covered < _PACKED:
            return f"they cover only {covered:.0%} of the picture"
        return None

    def _by_definition(self, name: str) -> Row:
        """Attributes that `io.vocabulary` defines by a number are read off that number."""
        count, spread = self._counted["particle_count"], self._counted["diameter_spread"]
        if name == "particle_density":
            word, told = (
                density_word(round(count.number or 0)),
                f"{count.number or 0:.0f} instances",
            )
        elif spread.number is None:
            return _failed("segmentation", str(spread.failure))
        else:
            word, told = spread_word(spread.number), f"CV of the diameters {spread.number:.2f}"
        return _words(word, "segmentation", told, None)


def picture_tools(
    settings: WorkflowConfig,
) -> Callable[[Path, float | None], PictureFacts]:
    """Return what opens a picture under the tools, whose models are loaded once for all of them.

    Parameters
    ----------
    settings
        Those of curation, segmentation, annotation, classification and the assistant count.
    """
    models = Models(settings)

    def open_picture(path: Path, pixel_size_nm: float | None = None) -> PictureFacts:
        return PictureFacts(path, models, pixel_size_nm)

    return open_picture


#: Attributes of the particles: without any they say nothing.
_OF_PARTICLES = {
    "morphology", "particle_density", "distribution", "layering", "pixel_size_profile",
    "colour_profile",
}  # fmt: skip
assert set(ATTRIBUTE_NAMES) >= _OF_PARTICLES


def _failed(source: str, reason: str, evidence: str | None = None) -> Row:
    return {"source": source, "failure": reason.rstrip("."), "evidence": evidence}


def _number(
    value: float | None, unit: str | None, source: str, evidence: str, certain: float | None = None
) -> Row:
    return {
        "number": value, "unit": unit, "source": source, "evidence": evidence, "certain": certain
    }  # fmt: skip


def _words(word: str, source: str, evidence: str, certain: float | None) -> Row:
    return {"words": word, "source": source, "evidence": evidence, "certain": certain}
