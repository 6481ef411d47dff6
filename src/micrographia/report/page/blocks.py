"""What a page is made of. A block without content vanishes, and with it the heading above it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Link:
    """A file beside the page: its address relative to the page, and what to call it."""

    href: str
    label: str


@dataclass(frozen=True)
class Headline:
    """One of the numbers that the page opens with: "46 of 48", "pictures kept", "n = 12"."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Words:
    """A paragraph; a `note` says that something is missing, and why."""

    text: str
    kind: Literal["text", "note"] = "text"


@dataclass(frozen=True)
class Bar:
    """A scale bar on a picture, in px of the picture as it is shown.

    Attributes
    ----------
    x, y
        Left end of the line, and its middle.
    length, thickness
        Of the line.
    label
        Its length with unit.
    size
        Height of the label's letters.
    box
        All that it covers, x0, y0, x1, y1, on a dark ground of its own.
    below
        It is drawn in a strip under the picture, for no corner is free; `y` and `box` count
        from the strip's upper edge.
    """

    x: float
    y: float
    length: float
    thickness: float
    label: str
    size: float
    box: tuple[float, float, float, float]
    below: bool = False


@dataclass(frozen=True)
class Outline:
    """Outlines of a kind: `found`, `matched`, `unmatched`, `missed`.

    `path` is the attribute `d` of an SVG path in half pixels of the picture.
    """

    kind: str
    path: str


@dataclass(frozen=True)
class Picture:
    """A picture of a gallery.

    Attributes
    ----------
    image
        Data URI.
    width, height
        Of that image [px]; outlines and bar are in these units.
    name
        What stands below it first: the file's name.
    alt
        What a reader who does not see it is told.
    lines
        Further lines below it.
    """

    image: str
    width: int
    height: int
    name: str
    alt: str
    lines: tuple[str, ...] = ()
    outlines: tuple[Outline, ...] = ()
    bar: Bar | None = None
    tag: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Gallery:
    """Pictures that enlarge, as one numbered figure.

    Attributes
    ----------
    key
        (class of outline or colour, its meaning): drawn before the caption.
    size
        How wide a picture is at least: large, medium or small.
    text
        Text as it stands that belongs to the pictures, beside them where there is room.
    """

    pictures: tuple[Picture, ...]
    caption: str
    key: tuple[tuple[str, str], ...] = ()
    size: Literal["large", "medium", "small"] = "large"
    heading: str = ""
    links: tuple[Link, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart as one numbered figure.

    Attributes
    ----------
    svg
        As `page.svg.to_svg` returns it.
    title
        In a few words; what a reader who does not see the chart is told first.
    caption
        With units and the number of cases.
    links
        The same chart as a file of its own.
    """

    svg: str
    title: str
    caption: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    interval
        (low, value, high) between 0 and 1, drawn instead of `text`.
    href
        File beside the page.
    """

    text: str = ""
    href: str | None = None
    interval: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Column:
    """Head of a column; figures stand to the right."""

    title: str
    kind: Literal["text", "number", "value", "name"] = "text"


@dataclass(frozen=True)
class Table:
    """A table in a box that scrolls by itself.

    `faint` are numbers of rows of other origin; `label` names the box to who does not see it.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    faint: frozenset[int] = frozenset()
    label: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Code:
    """Text as it stands."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and what there is to say of them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Files:
    """Files beside the page, as a list or `inline`, one after the other."""

    links: tuple[Link, ...]
    inline: bool = False


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown when asked for."""

    summary: str
    blocks: tuple[Block, ...]
    opened: bool = False


@dataclass(frozen=True)
class Part:
    """Blocks under a heading within a section."""

    title: str
    blocks: tuple[Block, ...]
    id: str = ""


Block = Words | Gallery | Chart | Table | Code | Facts | Files | Fold | Part


@dataclass(frozen=True)
class Section:
    """Blocks under a heading that the menu of the page names."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    menu: str = ""


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes
    ----------
    title
        Its heading.
    lead
        One sentence below it.
    headlines
        At most six numbers.
    opening
        Blocks before the first section: the pictures.
    footer
        Who made it.
    """

    title: str
    lead: str = ""
    headlines: tuple[Headline, ...] = ()
    opening: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: str = ""
    glossary: bool = field(default=True)


def pruned(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Leave out what has no content, from the inside out.

    Examples
    --------
    >>> pruned((Part("Sizes", (Gallery((), "none"), Words(""))),))
    ()
    """
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Fold):
            inner = pruned(block.blocks)
            if inner:
                kept.append(Fold(block.summary, inner, block.opened))
        elif isinstance(block, Part):
            inner = pruned(block.blocks)
            if inner:
                kept.append(Part(block.title, inner, block.id))
        elif _content(block):
            kept.append(block)
    return tuple(kept)


def _content(block: Words | Gallery | Chart | Table | Code | Facts | Files) -> bool:
    if isinstance(block, Words | Code):
        return bool(block.text.strip())
    if isinstance(block, Gallery):
        return bool(block.pictures)
    if isinstance(block, Chart):
        return bool(block.svg)
    return bool(block.links if isinstance(block, Files) else block.rows)
