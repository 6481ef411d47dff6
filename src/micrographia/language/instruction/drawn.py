"""Facts of drawn pictures: exact masks, attributes, classes, and a scale where they carry one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from micrographia.errors import ImageError, TableError
from micrographia.io.facts.particles import Value, particle_facts
from micrographia.io.images import image_id, read_micrograph
from micrographia.io.questions.subjects import Subject
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.schemas.rows import FactRow
from micrographia.io.tables import read_provenance, read_rows
from micrographia.language.instruction.fact_rows import Picture, attribute_rows, particle_rows

#: Table beside the pictures that `micrographia synthesis micrographs` draws.
TRUTH = "truth.parquet"
_NO_SCALE = "the picture carries no scale"


def drawn_facts(folder: Path, instances: Iterable[Mapping[str, Any]]) -> Iterator[FactRow]:
    """Yield the facts of pictures that `micrographia synthesis micrographs` drew.

    Parameters
    ----------
    folder
        What it wrote.
    instances
        Rows of `schemas.INSTANCES` of the exact masks, as `micrographia segmentation
        measure-masks` writes them.

    Returns
    -------
    Iterator of rows of `schemas.FACTS`. The pixel size is a fact where it is drawn into the
    picture, as a scale bar; elsewhere lengths are in px. A picture whose masks were not measured
    has no facts of particles. Copies are of the group of their original.

    Raises
    ------
    TableError
        There is no such set.
    """
    table = folder / TRUTH
    seed = read_provenance(table).get("seed") if table.is_file() else None
    of_picture: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in instances:
        of_picture[one["image_id"]].append(one)
    for row in read_rows(table, SYNTHETIC):
        path = folder / "images" / f"{row['name']}.png"
        group = f"drawn {seed}/{row['duplicate_of_name'] or row['name']}"
        yield from _of_row(row, path, group, of_picture)


def _of_row(
    row: Mapping[str, Any],
    path: Path,
    group: str,
    of_picture: Mapping[str, list[Mapping[str, Any]]],
) -> Iterator[FactRow]:
    source = f"{TRUTH} of synthesis"
    try:
        picture = Picture(image_id(read_micrograph(path).pixels), str(path), group)
    except ImageError as error:
        yield Picture(None, str(path), group).unreadable(source, str(error))
        return
    found = of_picture.get(str(picture.image_id), [])
    if bool(found) != bool(row["n_instances"]):
        raise TableError(
            f"The masks of {path.name} were not measured",
            seen=f"{len(found)} instances, drawn {row['n_instances']}",
            remedy="Measure them with `micrographia segmentation measure-masks` and name the "
            "table with --instances",
        )
    size = row["pixel_size_nm"] if row["annotated"] else None
    values = particle_facts(found, row["width"], row["height"], size)
    told = [_with_reason(value) for value in values]
    yield from particle_rows(picture, told, "instances of the exact mask", 1.0)
    yield from attribute_rows(picture, row, source, 1.0)


def _with_reason(value: Value) -> Value:
    unknown = value.failure == "the pixel size is not known"
    return value._replace(failure=_NO_SCALE) if unknown else value


def subject_facts(subjects: Iterable[Subject]) -> Iterator[FactRow]:
    """Yield the facts of drawn classes, and of labelled pictures with what their tables state.

    Parameters
    ----------
    subjects
        Of `io.questions.subjects.subjects_of`.

    Returns
    -------
    Iterator of rows of `schemas.FACTS`: class (where it is sure), microscope, material (of
    labelled ones), and of drawn ones pixel size, field width and scale bar where there is a bar.
    """
    for subject in subjects:
        source = "kinds.parquet of synthesis" if _drawn(subject) else "table of labels"
        try:
            if subject.failure is not None:
                raise ImageError(subject.failure)
            pixels = read_micrograph(subject.path).pixels
        except ImageError as error:
            yield Picture(None, subject.path, subject.group).unreadable(source, str(error))
            continue
        picture = Picture(image_id(pixels), subject.path, _group(subject))
        yield from _stated(picture, subject, source)
        if _drawn(subject):
            yield from particle_rows(picture, _scale(subject.facts, pixels.shape[1]), source, 1.0)


def _drawn(subject: Subject) -> bool:
    return subject.facts.get("source") == "drawn"


def _group(subject: Subject) -> str | None:
    """Each drawn picture is a group of its own: a set has one seed, and pictures that share none.

    What a set of one seed holds twice is told by the picture's own digest.
    """
    return f"{subject.group}/{Path(subject.path).name}" if _drawn(subject) else subject.group


def _stated(picture: Picture, subject: Subject, source: str) -> Iterator[FactRow]:
    facts, certain = subject.facts, 1.0 if _drawn(subject) else None
    doubtful = facts.get("sure") is not True or facts.get("second") is not None
    mixed = facts.get("also_shown") is not None
    reason = "its label is not sure" if doubtful else "it shows two classes" if mixed else None
    if "class" in facts:
        yield picture.words(
            "class_name", str(facts["class"]), source, "column class", certain, reason
        )
    if "modality" in facts:
        kind = _MICROSCOPES.get(str(facts["modality"]))
        yield picture.words("microscopy_type", kind, source, "column modality", certain)
    if "material" in facts:
        evidence = "column material, as the article states it"
        yield picture.words("material", str(facts["material"]), source, evidence, certain)


#: Modalities of tables, by the words of `io.vocabulary`.
_MICROSCOPES = {
    "SEM": "SEM", "TEM": "TEM", "HRTEM": "TEM", "STEM": "STEM", "OM": "OM", "optical": "OM",
    "AFM": "other",
}  # fmt: skip


def _scale(facts: Mapping[str, Any], width: int) -> Iterator[Value]:
    wide, bar = facts.get("field_of_view_nm"), facts.get("bar")
    if wide is None or bar is None:
        for name in ("pixel_size", "field_width", "scale_bar"):
            yield Value(name, None, None, "", _NO_SCALE)
        return
    yield Value("pixel_size", float(wide) / width, "nm", f"field_of_view_nm over {width} px")
    yield Value("field_width", float(wide), "nm", "field_of_view_nm")
    length = float(str(bar)[:-2]) * (1000 if str(bar).endswith("um") else 1)
    yield Value("scale_bar", length, "nm", f"text at the bar: {bar}")
