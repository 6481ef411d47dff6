"""A page of blocks: what is empty is absent, figures are numbered, nothing is loaded."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from unit.report.checking import Page as Parsed
from unit.report.checking import faults

from micrographia.report.page import blocks, pictures
from micrographia.report.page.render import render_page, row
from micrographia.report.page.svg import inline, to_svg, width_px


def a_chart() -> str:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([1, 2], [3, 4], "o-", color="#0b6e8f")
    axes.set_xlabel("size [nm]")
    return to_svg(figure)


def a_picture(name: str = "a.png", **values: object) -> blocks.Picture:
    uri = pictures.data_uri(np.full((30, 40), 90, dtype=np.uint8))
    return replace(blocks.Picture(uri, 40, 30, name, f"picture {name}"), **values)


def a_page(**values: object) -> blocks.Page:
    return replace(blocks.Page("Sizes of gold", "Twelve pictures."), **values)


def test_what_has_no_content_is_absent_with_its_heading() -> None:
    empty = blocks.Part(
        "Charts",
        (
            blocks.Gallery((), "no pictures"),
            blocks.Words("  "),
            blocks.Fold("Show them", (blocks.Table((blocks.Column("a"),), ()),)),
            blocks.Chart("", "none", "none"),
            blocks.Files(()),
        ),
    )
    page = a_page(
        sections=(
            blocks.Section("gone", "Gone", (empty,)),
            blocks.Section("here", "Here", (empty, blocks.Words("One sentence."))),
        )
    )
    text = render_page(page)
    parsed = Parsed(text)
    assert [said for rank, said in parsed.headings if rank != "h1"] == ["Here"]
    assert "#gone" not in parsed.links and "#here" in parsed.links
    assert not faults(text)


def test_figures_ascend_through_folds_and_kinds() -> None:
    chart = blocks.Chart(a_chart(), "Sizes", "Sizes [nm], n = 3.")
    shown = blocks.Gallery((a_picture(), a_picture("b.png")), "Two pictures.")
    page = a_page(
        opening=(shown,),
        sections=(
            blocks.Section("a", "A", (chart, blocks.Fold("More", (chart, shown)))),
            blocks.Section("b", "B", (blocks.Part("P", (chart,)),)),
        ),
    )
    text = render_page(page)
    assert Parsed(text).figures == [1, 2, 3, 4, 5]
    assert not faults(text)
    assert [f'id="figure-{number}"' in text for number in (1, 5, 6)] == [True, True, False]


def test_all_text_is_escaped() -> None:
    bad = "<script>alert(1)</script>\"'&"
    page = blocks.Page(
        bad,
        bad,
        (blocks.Headline(bad, bad, bad),),
        (blocks.Gallery((a_picture(bad, alt=bad, lines=(bad,), tag="best"),), bad, heading=bad),),
        (
            blocks.Section(
                "s",
                bad,
                (
                    blocks.Words(bad),
                    blocks.Table((blocks.Column(bad),), (row(bad),), bad),
                    blocks.Chart(a_chart(), bad, bad),
                    blocks.Facts(((bad, bad),)),
                    blocks.Code(bad),
                    blocks.Fold(bad, (blocks.Words(bad),)),
                    blocks.Files((blocks.Link("files/x.csv", bad),)),
                ),
            ),
        ),
        bad,
    )
    text = render_page(page)
    assert text.count("<script>") == 1  # the page's own
    assert "alert(1)" in Parsed(text).text
    assert not faults(text)


def test_a_page_follows_the_light_and_can_be_printed() -> None:
    text = render_page(a_page(opening=(blocks.Words("x"),)))
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text
    assert '<meta name="color-scheme" content="light dark">' in text
    assert 'name="viewport"' in text


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_stand_out_from_the_paper(mode: str) -> None:
    """WCAG 2.1: contrast of 4.5 for text, 3 for the lines of charts."""
    text = render_page(a_page())
    roots = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", one)) for one in roots[:2])
    colours = light if mode == "light" else light | dark
    paper = colours["paper"]
    for name in ("ink", "soft", "accent"):
        assert _contrast(colours[name], paper) >= 4.5, name
    for name in ("0b6e8f", "23282d", "8a9299", "e07b39", "4477aa", "882255", "332288", "aa3377"):
        assert _contrast(colours.get(f"c-{name}", f"#{name}"), paper) >= 2.9, name


def _contrast(one: str, other: str) -> float:
    light = sorted((_luminance(one), _luminance(other)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_chart_within_the_page_has_a_title_its_own_ids_and_the_pages_colours() -> None:
    drawn = inline(a_chart(), "figure-7", "Sizes <nm>", "What & why")
    assert '<title id="figure-7-title">Sizes &lt;nm&gt;</title>' in drawn
    assert '<desc id="figure-7-desc">What &amp; why</desc>' in drawn
    assert 'role="img"' in drawn and 'aria-labelledby="figure-7-title"' in drawn
    assert all(one.startswith("figure-7-") for one in re.findall(r'\bid="([^"]+)"', drawn))
    assert all(one.startswith("figure-7-") for one in re.findall(r'href="#([^"]+)"', drawn))
    assert "var(--c-0b6e8f, #0b6e8f)" in drawn
    assert "http" not in drawn and "size [nm]" in drawn


def test_a_chart_as_a_file_is_the_same_every_time_and_has_its_text() -> None:
    one, other = a_chart(), a_chart()
    assert one == other
    assert one.startswith("<?xml") and "size [nm]" in one and "metadata" not in one
    assert width_px(one) == 288  # three inches at 96 px


def test_at_most_six_numbers_open_the_page() -> None:
    many = tuple(blocks.Headline(str(number), f"thing {number}") for number in range(9))
    text = Parsed(render_page(a_page(headlines=many))).text
    assert "thing 5" in text and "thing 6" not in text
    assert "headlines" not in re.sub(r"<style>.*?</style>", "", render_page(a_page()), flags=re.S)


def test_terms_that_occur_are_explained_and_no_others() -> None:
    table = blocks.Table(
        (blocks.Column("metric", "name"), blocks.Column("value", "value")),
        (row("PQ@0.5", "0.61"), row("seconds", "3")),
    )
    text = render_page(a_page(sections=(blocks.Section("s", "S", (table,)),)))
    parsed = Parsed(text)
    assert "Panoptic quality" in parsed.text and "kappa" not in parsed.text
    assert '<abbr title="Panoptic quality' in text
    assert "terms" in parsed.ids
    assert "terms" not in Parsed(render_page(a_page(opening=(blocks.Words("x"),)))).ids


def test_a_bar_below_the_picture_has_a_strip_of_its_own() -> None:
    bar = blocks.Bar(4, 18, 10, 2, "5 nm", 9, (0, 0, 30, 22), below=True)
    below = render_page(a_page(opening=(blocks.Gallery((a_picture(bar=bar),), "x"),)))
    on = render_page(
        a_page(opening=(blocks.Gallery((a_picture(bar=replace(bar, below=False)),), "x"),))
    )
    assert 'class="strip"' in below and 'class="over"' not in below
    assert 'class="strip"' not in on and 'class="over"' in on
    assert "5 nm" in Parsed(below).text
