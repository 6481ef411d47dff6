"""What is known of pictures: of drawn ones exactly, of labelled ones what the table states."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micrographia.errors import TableError
from micrographia.io.datasets.labelled import FLAGS, read_labelled
from micrographia.io.schemas import KIND_PICTURES
from micrographia.io.tables import read_rows

#: Table beside the pictures that `micrographia synthesis kinds` draws.
DRAWN = "kinds.parquet"
#: Columns of a table of labels that are facts, beside class, group and quality.
_STATED = ("modality", "material", "technique", "countable", "caption")


@dataclass(frozen=True)
class Subject:
    """A picture and what is known of it.

    Attributes
    ----------
    path
        Its file.
    label
        Its class; None: unknown.
    group
        Article, or seed of a drawn set.
    facts
        Names and values; what is not known is absent. `source` is "drawn" or "labelled".
    context
        Text that goes with the picture: what the table states of material and technique, and the
        caption.
    failure
        Why it cannot serve.
    """

    path: str
    label: str | None
    group: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    context: str | None = None
    failure: str | None = None


def subjects_of(source: Path) -> Iterator[Subject]:
    """Yield the pictures of a set with what is known of them.

    Parameters
    ----------
    source
        A folder that `micrographia synthesis kinds` wrote, or its table; or a labelled set as
        `io.datasets.labelled.read_labelled` takes it. Of a table of labels the columns modality,
        material, technique, countable, sure and clean are facts too, and material, technique and
        caption are the context, where there are any.

    Raises
    ------
    TableError
        There is no such set.
    """
    table = source / DRAWN if source.is_dir() else source
    if table.name == DRAWN and table.is_file():
        yield from _drawn(table)
    else:
        yield from _labelled(source)


def _drawn(table: Path) -> Iterator[Subject]:
    for row in read_rows(table, KIND_PICTURES):
        facts = {"class": row["label"], "source": "drawn", "sure": True}
        facts |= {
            "modality": row["modality"],
            "sub_kind": row["sub_kind"],
            **_object(row["facts"], table),
        }
        if "count" in facts:
            facts["countable"] = _range(int(facts["count"]))
        facts |= {"bar": bar} if (bar := _bar(str(facts.get("burnt_in", "")))) else {}
        path = str(table.parent / row["file"])
        yield Subject(path, row["label"], f"seed {row['seed']}", facts)


def _object(text: str, table: Path) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise TableError(
            f"{table}: the column 'facts' holds no JSON object",
            seen=str(text)[:80],
            remedy="Draw the set again with `micrographia synthesis kinds`",
        )
    return found


def _range(count: int) -> str:
    """Return the range of a number, as tables of labels write it.

    Examples
    --------
    >>> _range(9), _range(10), _range(100)
    ('1-9', '10-99', '100+')
    """
    return "1-9" if count < 10 else "10-99" if count < 100 else "100+"


def _bar(burnt_in: str) -> str | None:
    """Return the length of the scale bar that is burnt in, as it stands there.

    Examples
    --------
    >>> _bar("5.0kV  x13.0k  SE | 200 nm"), _bar("HV=80kV  Direct Mag: 40000x")
    ('200 nm', None)
    """
    texts = [text.strip() for text in burnt_in.split("|")]
    return next((one for one in texts if one[:1].isdigit() and one[-2:] in ("nm", "um")), None)


def _labelled(source: Path) -> Iterator[Subject]:
    found = read_labelled(source)
    stated = _stated(source)
    for row in found.rows:
        facts = {"class": row["label"], "source": "labelled"} if row["label"] else {}
        facts |= {"second": row["second"]} if row["second"] else {}
        # Who does not say how sure a label is states it.
        facts |= {"sure": True} | stated.get(Path(row["path"]).name, {})
        context = "\n".join(
            f"{name.capitalize()}: {facts[name]}"
            for name in ("material", "technique", "caption")
            if name in facts
        )
        facts.pop("caption", None)
        yield Subject(
            row["path"], row["label"], row["group"], facts, context or None, row["failure"]
        )


def _stated(source: Path) -> dict[str, dict[str, Any]]:
    """Return further columns of a CSV of labels, by the name of the picture's file."""
    table = source / "labels.csv" if source.is_dir() else source
    if table.suffix.lower() != ".csv" or not table.is_file():
        return {}
    with table.open(encoding="utf-8-sig", newline="") as stream:
        return {
            Path(line.get("file") or line.get("image") or "").name: {
                name: line[name].strip() for name in _STATED if (line.get(name) or "").strip()
            }
            | {name: line[name].strip() == "1" for name in FLAGS if line.get(name)}
            for line in csv.DictReader(stream)
        }
