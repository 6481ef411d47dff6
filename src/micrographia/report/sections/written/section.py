"""The section: scores beside published ones, groups of crystals, gains, examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Block, Cell, Column, Fold, Part, Section, Table, Words
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number
from micrographia.report.sections.written import cases

Row = Mapping[str, Any]
#: The benchmark of the network; others answer the same pictures, or compare two of these.
MAIN, OTHERS, GAINS = "structure_text", "structure_text_", "structure_text_gain_"
#: Metrics of the tables.
_SHOWN = (
    "Hit@1", "Hit@5", "Match_abs", "C.C.", "RMSD of a, b, mean [Å]", "RMSD of a, b, median [Å]",
    "EMD of a [Å]", "EMD of b [Å]", "EMD of γ [°]",
)  # fmt: skip
_GROUPS = ("Hit@1", "Hit@5", "Match_abs", "C.C.", "RMSD of a, b, median [Å]", "novel type")
_GAINED = (
    "Hit@1", "Hit@5", "Match_abs", "C.C.", "RMSD of a, b, mean [Å]", "RMSD of a, b, median [Å]",
)  # fmt: skip


def section(results: Results, beside: Beside) -> Section:
    """Return the section; without scores of written crystals it is empty."""
    title = "Crystals written as text"
    content = results.benchmarks.get(MAIN)
    if content is None or not any(one["value"] is not None for one in content["metrics"]):
        return Section("written", title, ())
    blocks: list[Block] = [
        Words(_told(content, results)),
        *_scores(results.benchmarks, content.get("published", {})),
        _groups(content),
        _gains(results.benchmarks),
        cases.part(results, beside),
    ]
    return Section("written", title, tuple(blocks), "Text")


def _told(content: Row, results: Results) -> str:
    whole = _by_metric(content["metrics"], "all")
    table = results.written_scores
    told = f"A network looked at {count(int(content['n']), 'picture')} of crystals"
    told += " that were held out, and wrote the structure of each as text."
    if table is not None and len(table):
        words = {
            "formula": "the formula", "lattice": "the formula and the Bravais lattice",
            "nothing": "nothing beside the picture",
        }  # fmt: skip
        known = dict.fromkeys(table["told"].dropna())
        told += f" It was told {', or '.join(words.get(one, str(one)) for one in known)}."
    new = whole.get("novel type of the truth")
    if new is not None and new["value"]:
        told += f" Of the crystals {new['value']:.0%} are of a new type: none that was learned "
        told += "matches them, whatever the elements."
    return told + " Failed pictures count as wrong; intervals resample whole formulas."


def _by_metric(metrics: Sequence[Row], group: str) -> dict[str, Row]:
    found = (one for one in metrics if one["group"] == group and one["value"] is not None)
    return {str(one["metric"]): one for one in found}


def _scores(benchmarks: Mapping[str, Row], published: Row) -> Iterator[Block]:
    """Our runs, and beside them what others published."""
    runs = [MAIN, *sorted(name for name in benchmarks if name.startswith(OTHERS))]
    rows = []
    for name in runs:
        own = _by_metric(benchmarks[name]["metrics"], "all")
        if "Hit@1" in own and not name.startswith(GAINS):
            rows.append(row(str(own["Hit@1"]["method"]), "of this run", *_values(own, _SHOWN)))
    ours = len(rows)
    theirs: dict[tuple[str, str], dict[str, Row]] = {}
    for one in published.get("rows", ()):
        theirs.setdefault((str(one["system"]), str(one["group"])), {})[str(one["metric"])] = one
    for (system, group), own in theirs.items():
        rows.append(row(f"{system} (published)", group, *_values(own, _SHOWN)))
    columns = (
        Column("method", "name"),
        Column("pictures"),
        *(Column(name, "number") for name in _SHOWN),
    )
    faint = frozenset(range(ours, len(rows)))
    yield Table(columns, tuple(rows), faint=faint, label="Scores beside published ones")
    yield Words(str(published.get("note", "")) if faint else "")


def _values(own: Mapping[str, Row], metrics: Sequence[str]) -> list[Cell]:
    return [Cell(_value(own.get(metric))) for metric in metrics]


def _value(entry: Row | None) -> str:
    if entry is None or entry["value"] is None:
        return ""
    told = number(entry["value"])
    if entry.get("low") is None or entry.get("high") is None:
        return told
    return f"{told} ({number(entry['low'])} to {number(entry['high'])})"


def _groups(content: Row) -> Fold:
    names = list(dict.fromkeys(str(one["group"]) for one in content["metrics"]))
    rows = []
    for name in names:
        own = _by_metric(content["metrics"], name)
        if own:
            first = next(iter(own.values()))
            rows.append(row(name, str(first["n"]), *_values(own, _GROUPS)))
    columns = (
        Column("crystals"),
        Column("pictures", "number"),
        *(Column(name, "number") for name in _GROUPS),
    )
    table = Table(columns, tuple(rows), label="Scores by group of crystals")
    told = (
        "A crystal has a sibling if a training crystal has its prototype and nearly its cell. It "
        "is of a new type if no training crystal matches it once elements are renamed; an answer "
        "of a new type copies nothing that was learned."
    )
    return Fold("Groups of crystals", (Words(told), table) if len(rows) > 1 else (), True)


def _gains(benchmarks: Mapping[str, Row]) -> Part:
    """What the network is better by than others on the same pictures."""
    rows = []
    for name in sorted(benchmarks):
        if not name.startswith(GAINS):
            continue
        own = _by_metric(benchmarks[name]["metrics"], "all")
        if "Hit@1" in own:
            rows.append(row(str(own["Hit@1"]["method"]), *_values(own, _GAINED)))
    columns = (Column("compared", "name"), *(Column(name, "number") for name in _GAINED))
    told = (
        "Differences on the same pictures, with intervals that resample both together. Of a share "
        "more is better, of an error less. Without the picture the network has the formula alone."
    )
    blocks = (Words(told), Table(columns, tuple(rows), label="Gains")) if rows else ()
    return Part("What the picture adds", blocks)
