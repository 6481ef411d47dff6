"""The section: scores, confusion, classes, risk, hard pictures, map, neighbours, splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.report.collect import Results, records
from micrographia.report.drawing import class_charts
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Fold,
    Part,
    Section,
    Table,
    Words,
)
from micrographia.report.page.render import row
from micrographia.report.page.words import count, number, verb
from micrographia.report.sections.kinds import pictures, questions
from micrographia.report.sections.kinds.answers import (
    Answers,
    Row,
    answers_of,
    confusion,
    risk_coverage,
)

#: Metrics of the table of methods.
_SHOWN = ("top-1", "top-2", "top-3", "top-5", "macro-F1")
#: Pictures of the map, at most; more would hide one another.
_DOTS = 800
#: Ways to hold out, with what each means.
_SPLITS = {
    "stratified": "deals single pictures at random, so that copies and series lie on both sides",
    "grouped": "keeps near-copies and groups, such as articles, on one side",
    "hard": "holds out the hardest tenth by principal components and k-means, copies of which may "
    "be learned from",
}


def section(
    results: Results, examples: int, config: Mapping[str, Any] | None, beside: Beside
) -> Section:
    """Return the section; without answers to pictures with classes it is empty."""
    found = answers_of(results, config)
    blocks: list[Block] = []
    if found is not None:
        blocks += [
            Words(_told(found)),
            _methods(results.benchmarks.get("classification"), found.method),
            _confusion(found, beside),
            _classes(found),
            _risk(found, beside),
            Part("Hardest pictures", (pictures.hard_ones(found, results, 2 * examples),)),
            *_vectors(results, beside),
        ]
    blocks.append(_splits(results.benchmarks.get("classification_splits"), beside))
    blocks.append(_baselines(results.benchmarks.get("classification_baselines")))
    blocks.append(questions.part(results))
    return Section("kinds", "Kinds of pictures", tuple(blocks), "Kinds")


def _told(found: Answers) -> str:
    right = sum(found.right(one) for one in found.rows)
    groups = len({one["group"] or one["path"] for one in found.rows})
    told = (
        f"{count(len(found.rows), 'picture')} of {len(found.classes)} classes, of "
        f"{count(groups, 'group')} (articles or near-copies), each identified while its group "
        f"was held out: {right} answers of {found.method} are right, "
        f"{right / len(found.rows):.0%}."
    )
    if found.strangers:
        away = sum(not one["sure"] for one in found.strangers)
        told += (
            f" Pictures that belong to no class: {len(found.strangers)}, of which {away} "
            f"{verb(away, 'was', 'were')} declined."
        )
    return told


def _methods(content: Mapping[str, Any] | None, main: str) -> Part:
    """Return top-k and macro-F1 of the main method, and of all others folded."""
    entries = [one for one in (content or {}).get("metrics", ()) if one["group"] == "all"]
    by_method: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in entries:
        by_method.setdefault(str(one["method"]), {})[str(one["metric"])] = one
    # What compares two methods, as "likeness minus random", has no top-1 of its own.
    full = {name: own for name, own in by_method.items() if "top-1" in own}
    first = {name: own for name, own in full.items() if name == main}
    others = {name: own for name, own in full.items() if name != main}
    fold = Fold(f"{count(len(others), 'further method')}", (_scores(others),))
    return Part("Top-k", (_scores(first), fold))


def _scores(methods: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    columns = (Column("method", "name"), *(Column(name, "number") for name in _SHOWN))
    rows = tuple(
        row(name, *(_value(own.get(metric)) for metric in _SHOWN)) for name, own in methods.items()
    )
    return Table(columns, rows, label="Scores of classification")


def _value(entry: Mapping[str, Any] | None) -> str:
    if entry is None or entry["value"] is None:
        return ""
    if entry.get("low") is None or entry["metric"] not in ("top-1", "macro-F1"):
        return number(entry["value"])
    return f"{number(entry['value'])} ({number(entry['low'])} to {number(entry['high'])})"


def _confusion(found: Answers, beside: Beside) -> Part:
    counts, columns = confusion(found)
    svg = class_charts.confusion(
        counts, [_words(name) for name in found.classes], [_words(name) for name in columns]
    )
    caption = (
        "True and predicted classes: number of pictures; the darker, the larger the share of its "
        f"row (n = {count(int(counts.sum()), 'picture')}). A second class that is right too "
        "counts as the true one."
    )
    return Part("Confusion", (_chart("confusion", svg, caption, beside),))


def _classes(found: Answers) -> Table:
    """Return precision, recall and F1 of each class, the lowest F1 first."""
    counts, _ = confusion(found)
    size = len(found.classes)
    hits, truth, said = np.diag(counts), counts.sum(axis=1), counts[:, :size].sum(axis=0)
    f1 = 2 * hits / np.maximum(truth + said, 1)
    rows = []
    for place in np.argsort(f1, kind="stable"):
        precision = number(hits[place] / said[place]) if said[place] else "never predicted"
        recall = hits[place] / truth[place]
        cells = (_words(found.classes[place]), str(truth[place]), precision, number(recall))
        rows.append(row(*cells, number(f1[place])))
    columns = [Column("class"), Column("pictures", "number"), Column("precision", "number")]
    columns += [Column("recall", "number"), Column("F1", "number")]
    return Table(tuple(columns), tuple(rows), "Each class, the hardest first.", label="Classes")


def _risk(found: Answers, beside: Beside) -> Part:
    coverage, risk = risk_coverage(found)
    svg = class_charts.risk_coverage(coverage, risk)
    caption = (
        "Wrong answers among those that are given, when only the surest are given "
        f"(n = {count(len(found.rows), 'picture')})."
    )
    return Part(
        "Answering less, and more surely", (_chart("risk-coverage", svg, caption, beside),)
    )


def _vectors(results: Results, beside: Beside) -> tuple[Block, ...]:
    """Return the map of the pictures and the sheet of neighbours."""
    table = results.embeddings
    if table is None:
        return ()
    rows = [
        one
        for one in records(table.drop(columns="mirrored"))
        if one["failure"] is None and one["label"] is not None and one["vector"] is not None
    ]
    if len({len(one["vector"]) for one in rows}) != 1 or len(rows) < 3:
        return ()
    vectors = _scaled(np.array([one["vector"] for one in rows], dtype=np.float64))
    return (
        Part("Map of the pictures", (_map(rows, vectors, beside),)),
        Part("Nearest neighbours", (pictures.neighbours(rows, vectors, results),)),
    )


def _scaled(vectors: FloatArray) -> FloatArray:
    deviation = vectors.std(axis=0)
    return np.clip((vectors - vectors.mean(axis=0)) / np.where(deviation > 0, deviation, 1), -5, 5)


def _map(rows: Sequence[Row], vectors: FloatArray, beside: Beside) -> Chart:
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(_DOTS, len(rows))).round().astype(int))
    centred = vectors - vectors.mean(axis=0)
    _, powers, axes = np.linalg.svd(centred, full_matrices=False)
    # An axis has no sign of its own: the largest part of it points up.
    signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    places = centred[chosen] @ (signs[:, None] * axes[:2]).T
    share = float((powers[:2] ** 2).sum() / max(float((powers**2).sum()), 1e-12))
    svg = class_charts.picture_map(places, [_words(rows[n]["label"]) for n in chosen])
    shown = "" if len(chosen) == len(rows) else f"{len(chosen)} of "
    caption = (
        f"Vectors of {shown}{count(len(rows), 'picture')} on their first two principal "
        f"components, which hold {share:.0%} of the variance: classes that overlap here can still "
        "be apart in other directions."
    )
    return _chart("picture-map", svg, caption, beside)


def _splits(content: Mapping[str, Any] | None, beside: Beside) -> Part:
    """Return what the ways to hold out do to the scores."""
    title = "How pictures are held out"
    entries = [one for one in (content or {}).get("metrics", ()) if one["value"] is not None]
    methods = list(dict.fromkeys(str(one["method"]) for one in entries))
    if not methods:
        return Part(title, ())
    method = next((name for name in methods if name.endswith("/all")), methods[0])
    own = {(one["group"], one["metric"]): one for one in entries if one["method"] == method}
    groups = [name for name in _SPLITS if (name, "top-1") in own]
    values = {name: own[name, "top-1"] for name in groups}
    svg = class_charts.splits(
        {name: (one["value"], one["low"], one["high"]) for name, one in values.items()}
    )
    caption = f"Top-1 of {method} on the same set, held out in several ways, with intervals."
    rows = tuple(
        row(name, str(values[name]["n"]))
        + tuple(Cell(_value(own.get((name, metric)))) for metric in _SHOWN)
        for name in groups
    )
    columns = (
        Column("split"),
        Column("pictures", "number"),
        *(Column(name, "number") for name in _SHOWN),
    )
    told = "; ".join(f"{name} {_SPLITS[name]}" for name in groups).capitalize() + "."
    if {"stratified", "grouped"} <= set(groups):
        told += " What stratified has above grouped is flattery by near-copies and series."
    return Part(
        title,
        (
            Words(told),
            _chart("splits", svg, caption, beside),
            Table(columns, rows, label=title),
        ),
    )


def _baselines(content: Mapping[str, Any] | None) -> Part:
    """Return the baselines, and beside them the values that others published."""
    by_name: dict[str, dict[str, Any]] = {}
    for one in (content or {}).get("metrics", ()):
        if one["group"] == "all" and one["value"] is not None:
            by_name.setdefault(str(one["method"]), {})[str(one["metric"])] = one
    published = (content or {}).get("published", {})
    theirs: dict[str, dict[str, Any]] = {}
    for one in published.get("rows", ()):
        theirs.setdefault(str(one["system"]), {})[str(one["metric"])] = one
    rows = [row(name, *(_value(own.get(one)) for one in _SHOWN)) for name, own in by_name.items()]
    ours = len(rows)
    rows += [
        row(f"{name} (published)", *(_value(own.get(one)) for one in _SHOWN))
        for name, own in theirs.items()
    ]
    columns = (Column("method", "name"), *(Column(name, "number") for name in _SHOWN))
    faint = frozenset(range(ours, len(rows)))
    note = str(published.get("note", "")) if faint else ""
    table = Table(columns, tuple(rows), faint=faint, label="Baselines beside published values")
    return Part("Baselines", (Words(note), table) if rows else ())


def _chart(name: str, svg: str, caption: str, beside: Beside) -> Chart:
    links = beside.add(f"figures/kinds-{name}.svg", svg, f"kinds-{name}.svg")
    return Chart(svg, name.replace("-", " ").capitalize(), caption, links)


def _words(name: str) -> str:
    return str(name).replace("_", " ")
