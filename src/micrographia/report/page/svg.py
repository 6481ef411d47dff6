"""Charts as SVG: as a file of its own, and within the page, where they follow its colours."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

#: What figures are drawn with.
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "micrographia",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": "#8a9299",
    "axes.labelcolor": "#23282d",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#23282d",
    "ytick.color": "#23282d",
    "text.color": "#23282d",
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "figure.dpi": 200,
}


_BOX = r'viewBox="0 0 ([0-9.]+) [0-9.]+"'


def width_px(svg: str) -> int:
    """Return how wide a chart wants to be [px], so that its letters are as small print is."""
    box = re.search(_BOX, svg)
    return round(4 / 3 * float(box.group(1))) if box else 480


def to_svg(figure: Figure) -> str:
    """Return a figure as the text of an SVG file: the same figure, the same bytes.

    Text stays text, so that it can be searched, and edited for a paper.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', sans-serif")
    return re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)


def inline(svg: str, prefix: str, title: str, description: str) -> str:
    """Return the chart for use within a page of HTML.

    Parameters
    ----------
    svg
        What `to_svg` returned.
    prefix
        Put before every id, for no two elements of a page may share one.
    title, description
        What a reader who does not see the chart is told.

    Every colour becomes a variable of the page with that colour as its default, so that a style
    sheet can give it another in the dark: `#0b6e8f` is `var(--c-0b6e8f, #0b6e8f)`.
    """
    body = svg[svg.index("<svg") :]
    head, rest = body.split(">", 1)
    box = re.search(_BOX, head)
    # Matplotlib writes a comment with every letter's text; the page does not need them.
    rest = re.sub(r"<!--.*?-->\s*", "", rest, flags=re.DOTALL)
    rest = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', rest)
    rest = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{prefix}-\1"', rest)
    rest = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", rest)
    rest = re.sub(r"#([0-9a-f]{6})\b", r"var(--c-\1, #\1)", rest)
    rest = rest.replace("'DejaVu Sans', sans-serif", "var(--sans)")
    rest = re.sub(r"\n\s*", "\n", rest)
    told = (
        f'<title id="{prefix}-title">{html.escape(title)}</title>'
        f'<desc id="{prefix}-desc">{html.escape(description)}</desc>'
    )
    opened = (
        f'<svg class="chart" {box.group(0) if box else ""} role="img" '
        f'aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc">'
    )
    return opened + told + rest.strip()
