"""Questions and answers on the page: how many of each theme, and the set of one picture."""

from __future__ import annotations

import json
from collections import Counter

from micrographia.report.collect import Results, records
from micrographia.report.page.blocks import Column, Facts, Fold, Gallery, Part, Table, Words
from micrographia.report.page.render import row
from micrographia.report.page.words import count
from micrographia.report.sections.kinds.answers import Row
from micrographia.report.sections.kinds.pictures import one_picture


def part(results: Results) -> Part:
    """Return counts by theme, and the questions on the picture that has most answers."""
    title = "Questions and answers"
    table = results.questions
    if table is None:
        return Part(title, ())
    rows = [one for one in records(table) if one["failure"] is None]
    if not rows:
        return Part(title, ())
    pictures = len({one["path"] for one in rows})
    open_ = sum(not one["answerable"] for one in rows)
    told = (
        f"{count(len(rows), 'question')} on {count(pictures, 'picture')}, {open_:,} of which the "
        "picture and the text given with it do not answer; each answer names what it rests on."
    )
    return Part(title, (Words(told), _themes(rows), *_sample(rows, results)))


def _themes(rows: list[Row]) -> Table:
    lines = []
    for theme in dict.fromkeys(str(one["theme"]) for one in rows):
        own = [one for one in rows if one["theme"] == theme]
        texts = len({one["question"] for one in own})
        open_ = sum(not one["answerable"] for one in own)
        lines.append(row(theme, str(len(own)), str(texts), str(open_)))
    columns = (
        Column("theme"),
        Column("questions", "number"),
        Column("different texts", "number"),
        Column("without answer", "number"),
    )
    return Table(columns, tuple(lines), label="Questions by theme")


def _sample(rows: list[Row], results: Results) -> tuple[Gallery, Fold]:
    """Return a picture and all questions on it."""
    answered = Counter(one["path"] for one in rows if one["answerable"])
    path = min({one["path"] for one in rows}, key=lambda each: (-answered[each], each))
    own = [one for one in rows if one["path"] == path]
    # No table: four columns of sentences are narrow strips on a telephone.
    lines = tuple(
        (str(one["theme"]), f"{one['question']} {one['answer']} ({_evidence(one)})") for one in own
    )
    caption = "The picture of which most questions have an answer; they are listed below."
    gallery = Gallery((one_picture(path, own[0]["label"], results),), caption, size="medium")
    summary = f"{count(len(own), 'question')} on it"
    return gallery, Fold(summary, (Facts(lines),), True)


def _evidence(question: Row) -> str:
    facts = json.loads(question["evidence"])
    return "; ".join(
        f"{one['fact']}: {'not known' if one['value'] is None else one['value']}".replace("_", " ")
        for one in facts
    )
