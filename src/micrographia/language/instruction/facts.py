"""Facts of any source: drawn, measured, or labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from micrographia.io.questions.subjects import subjects_of
from micrographia.io.schemas import INSTANCES
from micrographia.io.schemas.rows import FactRow
from micrographia.io.tables import read_rows
from micrographia.language.instruction.drawn import TRUTH, drawn_facts, subject_facts
from micrographia.language.instruction.measured import MEASURED, measured_facts, read_beside


def facts_of(
    source: Path,
    instances: Path | None = None,
    attributes: Path | None = None,
    classes: Path | None = None,
) -> Iterator[FactRow]:
    """Yield the facts of a set of pictures; what it is shows by its table.

    Parameters
    ----------
    source
        Folder of `micrographia synthesis micrographs`, of `micrographia measure`, or of
        `micrographia synthesis kinds`; or a labelled set, as `io.datasets.labelled.read_labelled`
        takes it.
    instances
        Of drawn micrographs: table of their exact masks.
    attributes, classes
        Of measured pictures: tables of attributes and of predicted classes.

    Raises
    ------
    TableError
        There is no such set, or a table is absent.
    """
    if (source / TRUTH).is_file():
        rows = [] if instances is None else read_rows(instances, INSTANCES)
        yield from drawn_facts(source, rows)
    elif (source / MEASURED).is_file():
        yield from measured_facts(source, read_beside(attributes, classes))
    else:
        yield from subject_facts(subjects_of(source))
