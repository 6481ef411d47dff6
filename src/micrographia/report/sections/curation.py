"""Which micrographs were kept, which were left out and why, copies, and burnt-in text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Block, Column, Section, Table, Words
from micrographia.report.page.render import row
from micrographia.report.page.words import count, verb
from micrographia.report.sections import copies, text


def section(
    results: Results, examples: int, config: Mapping[str, Any] | None, beside: Beside
) -> Section:
    """Return the section; without a table of micrographs it is empty."""
    table = results.micrographs
    if table is None or table.empty:
        return Section("curation", "Curation", ())
    return Section(
        "curation",
        "Curation",
        (
            *_counts(table),
            copies.part(results, examples),
            text.part(results, examples, config, beside),
        ),
    )


def _counts(table: pd.DataFrame) -> tuple[Block, ...]:
    rejected = table[table["status"] != "kept"]
    if rejected.empty:
        told = (
            "The one picture was kept."
            if len(table) == 1
            else f"All {len(table)} pictures were kept."
        )
        return (Words(told),)
    kept = len(table) - len(rejected)
    told = (
        f"Of {count(len(table), 'picture')} {kept} {verb(kept, 'was', 'were')} kept and "
        f"{len(rejected)} {verb(len(rejected), 'was', 'were')} left out."
    )
    reasons = rejected["reason"].fillna("no reason given").map(kind_of_reason).value_counts()
    rows = tuple(row(str(reason), str(number)) for reason, number in reasons.items())
    return (
        Words(told),
        Table((Column("left out because"), Column("pictures", "number")), rows),
    )


def kind_of_reason(reason: str) -> str:
    """Drop the figures of one case, so that reasons of a kind are counted together."""
    return re.split(r":|;| \(| of ", reason, maxsplit=1)[0].strip()
