"""Facts of measured pictures: from the folder of `micrographia measure`, and tables beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from micrographia.errors import TableError
from micrographia.io.facts.particles import particle_facts
from micrographia.io.schemas import ATTRIBUTES, ATTRIBUTES_FINAL, CLASSIFIED, INSTANCES
from micrographia.io.schemas import MEASURED_PICTURES as PICTURES
from micrographia.io.schemas.rows import FactRow
from micrographia.io.tables import read_rows
from micrographia.io.vocabulary import ATTRIBUTE_NAMES
from micrographia.language.instruction.fact_rows import Picture, attribute_rows, particle_rows

#: Table that `micrographia measure` writes into its folder.
MEASURED = "pictures.parquet"


@dataclass(frozen=True)
class Beside:
    """What other rooms say of the same pictures.

    Attributes
    ----------
    attributes
        Rows of `schemas.ATTRIBUTES_FINAL` or `schemas.ATTRIBUTES` by `image_id`.
    classes
        Rows of `schemas.CLASSIFIED` by path.
    """

    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_beside(attributes: Path | None, classes: Path | None) -> Beside:
    """Read tables of attributes and of classes; None for those that there are not.

    Raises
    ------
    TableError
        A table cannot be read, or is no such table.
    """
    words: dict[str, Any] = {}
    if attributes is not None:
        schema = ATTRIBUTES if _has(attributes, "annotator") else ATTRIBUTES_FINAL
        words = {
            row["image_id"]: row
            for row in read_rows(attributes, schema)
            if row.get("failure") is None
        }
    found = [] if classes is None else read_rows(classes, CLASSIFIED)
    return Beside(words, {str(Path(row["path"]).resolve()): row for row in found})


def _has(table: Path, column: str) -> bool:
    if not table.is_file():
        raise TableError(f"Table {table} does not exist", remedy="Run the step that writes it")
    return column in pq.read_schema(table).names


def measured_facts(folder: Path, beside: Beside) -> Iterator[FactRow]:
    """Yield the facts of pictures that `micrographia measure` measured.

    Parameters
    ----------
    folder
        What it wrote.
    beside
        What other rooms say of them.

    Returns
    -------
    Iterator of rows of `schemas.FACTS`; a picture that could not be measured is a row with its
    failure.

    Raises
    ------
    TableError
        There is no such folder.
    """
    of_picture: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in read_rows(folder / "instances.parquet", INSTANCES):
        of_picture[str(one["path"])].append(one)
    for row in read_rows(folder / MEASURED, PICTURES):
        picture = Picture(row["image_id"], row["path"], row["group"])
        if row["failure"] is not None or row["image_id"] is None:
            reason = row["failure"] or "it cannot be read"
            yield picture.unreadable("pictures.parquet of measure", reason)
        else:
            yield from _of_row(picture, row, of_picture[row["path"]])
        yield from _of_others(picture, beside)


def _of_row(
    picture: Picture, row: Mapping[str, Any], instances: Sequence[Mapping[str, Any]]
) -> Iterator[FactRow]:
    size, why = row["pixel_size_nm"], row["why_no_pixel_size"]
    values = particle_facts(instances, row["width"], row["height"], size, row["box"])
    if size is None and why:
        unknown = "the pixel size is not known"
        values = [
            one._replace(failure=f"{unknown}: {why}") if one.failure == unknown else one
            for one in values
        ]
    source = f"instances of measure, mask {row['mask_source']}"
    for one in particle_rows(picture, values, source):
        if one["name"] in ("pixel_size", "field_width"):
            one["source"] = f"pixel size of measure, {row['pixel_size_source']}"
        yield one


def _of_others(picture: Picture, beside: Beside) -> Iterator[FactRow]:
    if picture.image_id is None:
        return
    row = beside.attributes.get(picture.image_id)
    if row is not None:
        yield from attribute_rows(picture, row, f"attributes, {_annotator(row)}")
    found = beside.classes.get(str(Path(picture.path).resolve()))
    if found is not None and found["failure"] is None:
        reason = None if found["sure"] else "the classifier is not sure"
        yield picture.words(
            "class_name", found["predicted"], f"classes, {found['method']}", "column predicted",
            found["probability"], reason,
        )  # fmt: skip


def _annotator(row: Mapping[str, Any]) -> str:
    sources = {row.get(f"{name}_source") for name in ATTRIBUTE_NAMES} - {None}
    return str(row.get("annotator") or ", ".join(sorted(str(one) for one in sources)))
