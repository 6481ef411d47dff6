"""Values as text: scores with their intervals, counts, failures with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import (
    Block,
    Cell,
    Column,
    Files,
    Fold,
    Link,
    Part,
    Section,
    Table,
    Words,
)
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number, verb
from micrographia.report.sections.names import file_name

#: Metrics that are shares of one get a bar; other figures have units of their own.
_SHARES = ("AP", "mAP", "PQ", "SQ", "RQ", "C.C.", "S.S.", "correlation", "solved", "recall")


#: Rows of a benchmark that stand open; the others are folded.
_OPEN = 12
#: Cases of a step that are listed.
_MOST = 200
_COLUMNS = (
    Column("metric", "name"),
    Column("group"),
    Column("method"),
    Column("value", "value"),
    Column("confidence interval", "number"),
    Column("from 0 to 1"),
    Column("cases", "number"),
    Column("failed", "number"),
)


def section(results: Results, beside: Beside) -> Section:
    """Return each benchmark that has a value, with its files; without any the section is empty.

    A benchmark without a truth has no values, and is not named.
    """
    parts = [
        _benchmark(name, content, results, beside)
        for name, content in sorted(results.benchmarks.items())
        if any(entry["value"] is not None for entry in content["metrics"])
    ]
    if not parts:
        return Section("scores", "Scores", ())
    told = (
        "Scores against a known truth. Every value covers all cases: failed cases count as "
        "failures. Intervals are bootstrap confidence intervals"
    )
    if results.structure_scores is not None:
        told += "; pictures of the same crystal are drawn together"
    told += ". The terms are explained at the end of the page."
    return Section("scores", "Scores", (Words(told), *parts))


def _benchmark(name: str, content: Mapping[str, Any], results: Results, beside: Beside) -> Part:
    """The main values open, all others folded; kappas always are."""
    entries = [entry for entry in content["metrics"] if entry["value"] is not None]
    first = [entry for entry in entries if _is_main(entry)]
    if len(first) > _OPEN or not first:
        first = [] if len(entries) > _OPEN else [one for one in entries if not _is_kappa(one)]
    rest = [entry for entry in entries if entry not in first]
    links = _files(name, results, beside)
    said = count(int(content["n"]), "case")
    if content["n_failed"]:
        said += f", {content['n_failed']} of them failed"
    return Part(
        "STEM" if name == "stem" else name.replace("_", " ").capitalize(),
        (
            Words(f"{said[0].upper()}{said[1:]}."),
            _table(first, f"{name}: main values"),
            Fold(_more(len(rest), bool(first)), (_table(rest, f"{name}: further values"),)),
            Files(links, inline=True),
        ),
    )


def _more(number_of: int, some: bool) -> str:
    return (
        f"{number_of} further {verb(number_of, 'value', 'values')}"
        if some
        else count(number_of, "value")
    )


def _is_kappa(entry: Mapping[str, Any]) -> bool:
    return "kappa" in str(entry["metric"]).lower() or "κ" in str(entry["metric"])


def _is_main(entry: Mapping[str, Any]) -> bool:
    """Whether it is of all cases, and no variant of another value."""
    plain = not str(entry["metric"]).startswith(("of solved", "calibration", "seconds", "area"))
    return str(entry["group"]) == "all" and plain and not _is_kappa(entry)


def _table(entries: Sequence[Mapping[str, Any]], caption: str) -> Table:
    return Table(_COLUMNS, tuple(_metric_row(entry) for entry in entries), label=caption)


def _files(name: str, results: Results, beside: Beside) -> tuple[Link, ...]:
    """The benchmark's figure and numbers, and the table of its cases."""
    folder = results.root / "benchmarks"
    links: tuple[Link, ...] = ()
    for ending, kind in ((".json", "values"), (".parquet", "cases"), (".png", "figure")):
        file = folder / f"{name}{ending}"
        links += beside.add(f"benchmarks/{file.name}", file, f"{kind}: {file.name}")
    return links


def _metric_row(entry: Mapping[str, Any]) -> tuple[Cell, ...]:
    low, high, value = entry["low"], entry["high"], entry["value"]
    interval = "" if low is None or high is None else f"{number(low)} to {number(high)}"
    bar = Cell()
    if 0 <= value <= 1 and str(entry["metric"]).startswith(_SHARES):
        ends = (value, value) if low is None or high is None else (min(low, high), max(low, high))
        bar = Cell(interval=(max(0.0, ends[0]), value, min(1.0, ends[1])))
    return row(
        str(entry["metric"]),
        str(entry["group"]),
        str(entry["method"]),
        number(value, 5 if 0.995 < value < 1 else 3),
        interval,
        bar,
        str(entry["n"]),
        str(entry["n_failed"]),
    )


def versions(results: Results, installed: dict[str, str]) -> list[tuple[str, str]]:
    """Versions that made the figures; where the benchmarks say nothing, those installed now."""
    found = dict(installed)
    for content in results.benchmarks.values():
        found.update(content["versions"])
    return sorted(found.items(), key=lambda item: (item[0] != "micrographia", item[0].lower()))


#: Where failures can be: attribute of `Results`, what it is called, its name and reason columns.
_PLACES = (
    ("micrographs", "Curation", "path", "reason"),
    ("predictions", "Segmentation", "path", "failure"),
    ("structures", "Choice of crystals", "structure_id", "reason"),
    ("images", "STEM simulation", "structure_id", "failure"),
    ("exposures", "STEM noise", "structure_id", "failure"),
    ("engines", "Multislice", "structure_id", "failure"),
    ("reconstructions", "Reconstruction", "image_id", "failure"),
    ("segmentation_scores", "Segmentation score", "path", "failure"),
    ("structure_scores", "Structure score", "structure_id", "failure"),
    ("embeddings", "Classification", "path", "failure"),
    ("questions", "Questions", "path", "failure"),
    ("written", "Structure as text", "structure_id", "failure"),
)


def failures(results: Results) -> Section:
    """Return all that was left out or failed, by step, with the reasons."""
    blocks: list[Block] = [Words(problem, "note") for problem in results.problems]
    clean = []
    for attribute, step, name, reason in _PLACES:
        table = getattr(results, attribute)
        if table is None or table.empty:
            continue
        cases = list(_cases(table, name, reason))
        if not cases:
            clean.append(f"{step} ({len(table):,})")
            continue
        rows = tuple(row(case, told) for case, told in cases[:_MOST])
        summary = f"{step}: {len(cases):,} of {len(table):,}"
        if len(cases) > _MOST:
            summary += f"; the first {_MOST} here, all in the tables of the run"
        shown = Table((Column("case"), Column("reason")), rows, label=summary)
        blocks.append(Fold(summary, (shown,), len(cases) <= _OPEN))
    if clean and blocks:
        blocks.append(Words(f"Nothing failed in: {', '.join(clean)}."))
    return Section("failures", "Left out or failed", tuple(blocks), "Left out")


def _cases(table: pd.DataFrame, name: str, reason: str) -> Iterator[tuple[str, str]]:
    bad = table[reason].notna() & (table[reason] != "")
    if "status" in table:
        # A row may carry a remark although it was kept.
        bad = table["status"] != "kept"
    for record in table.loc[bad, [name, reason]].to_dict("records"):
        label = file_name(record[name])
        yield label, str(record[reason] or "no reason given")
