"""Blocks to HTML: one file that loads no other, with its figures numbered in order."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from micrographia.report.page.blocks import (
    Block,
    Cell,
    Chart,
    Facts,
    Fold,
    Gallery,
    Page,
    Part,
    Section,
    Table,
    Words,
    pruned,
)
from micrographia.report.page.glossary import explained, sentence_for
from micrographia.report.page.svg import inline, width_px

_HERE = Path(__file__).parent


def render_page(page: Page) -> str:
    """Return a page as HTML.

    It has one small script, which enlarges pictures, and no reference to anything on the
    network. Sections, parts and folds without content are left out. Figures are numbered in the
    order in which they stand. Terms of the field that occur are explained at the end.

    Parameters
    ----------
    page
        Title, numbers and blocks; all text in them is escaped.
    """
    page = _with_glossary(_without_empty(page))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    figures = itertools.count(1)
    environment.globals["next_figure"] = lambda: next(figures)
    environment.globals["kind"] = lambda block: type(block).__name__
    environment.globals["chart"] = _chart
    environment.globals["chart_width"] = lambda block: width_px(block.svg)
    environment.globals["sentence_for"] = sentence_for
    environment.filters["tidy"] = _tidy
    template = environment.from_string((_HERE / "page.html").read_text(encoding="utf-8"))
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    return template.render(page=page, style=style)


def _chart(block: Chart, figure: int) -> str:
    return inline(block.svg, f"figure-{figure}", block.title, block.caption)


def _tidy(text: str) -> str:
    """Keep "n = 12" and "31 nm" on one line.

    Examples
    --------
    >>> _tidy("n = 12, 31.4 nm wide")
    'n\xa0=\xa012, 31.4\xa0nm wide'
    """
    text = re.sub(r"\bn = ", "n\u00a0=\u00a0", text)
    text = re.sub(r"\b(AP50|Figure) (?=\d)", "\\1\u00a0", text)
    return re.sub(r"(?<=\d) (?=(?:[nµm]?m|Å|px|e/Å²|%|kB|MB)\b)", "\u00a0", text)


def _without_empty(page: Page) -> Page:
    sections = (replace(one, blocks=pruned(one.blocks)) for one in page.sections)
    return replace(
        page,
        opening=pruned(page.opening),
        headlines=page.headlines[:6],
        sections=tuple(one for one in sections if one.blocks),
    )


def _with_glossary(page: Page) -> Page:
    """Add a last section that explains what the page speaks of."""
    if not page.glossary:
        return page
    said = [page.lead, *(f"{one.label} {one.note}" for one in page.headlines)]
    said += _texts(page.opening)
    for section in page.sections:
        said += _texts(section.blocks)
    terms = explained(said)
    if not terms:
        return page
    section = Section("terms", "Terms", (Facts(tuple(terms)),))
    return replace(page, sections=(*page.sections, section))


def _texts(blocks: tuple[Block, ...]) -> list[str]:
    """All that blocks say, to look for terms in."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Fold | Part):
            found += [block.summary if isinstance(block, Fold) else block.title]
            found += _texts(block.blocks)
        elif isinstance(block, Words):
            found.append(block.text)
        elif isinstance(block, Chart | Gallery):
            found.append(block.caption)
            if isinstance(block, Gallery):
                found += [line for picture in block.pictures for line in picture.lines]
        elif isinstance(block, Table):
            found += [column.title for column in block.columns]
            found += [cell.text for row in block.rows for cell in row]
    return found


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Return a row of a table; plain text becomes a cell."""
    return tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)
