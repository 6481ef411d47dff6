"""What a browser would complain about, and what a reader would miss, in a page of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

VOID = {"meta", "link", "img", "br", "input"}
#: Tags that may not stand within a paragraph; a browser would end it silently.
BLOCKS = {"p", "figure", "div", "table", "ul", "dl", "details", "pre", "h3", "h4", "section"}


class Page(HTMLParser):
    """Elements, ids, links, texts and open elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.alt: list[str] = []
        self.words: list[str] = []
        self.captions: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self.named: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        if self._open:
            self.faults.append(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if len(known) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if "p" in self._open and tag in BLOCKS:
            self.faults.append(f"<{tag}> within a paragraph")
        if "button" in self._open and tag in {"a", "button", "input", *BLOCKS}:
            self.faults.append(f"<{tag}> within a button")
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("src", "href") if known.get(name)]
        for name in ("aria-labelledby", "aria-describedby"):
            self.named += known.get(name, "").split()
        if tag == "img":
            self.alt.append(known.get("alt", ""))
            if not known.get("alt", "").strip():
                self.faults.append("a picture without alt")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & set(self._open):
            return
        self.words.append(data)
        if "figcaption" in self._open:
            self.captions.append(data)
        if self._open and self._open[-1] in {"h1", "h2", "h3", "h4", "summary"}:
            self.headings.append((self._open[-1], data))

    @property
    def text(self) -> str:
        """All words, with plain blanks."""
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def figures(self) -> list[int]:
        """Numbers of the figures as they stand in the captions."""
        return [int(number) for number in re.findall(r"Figure (\d+)\.", " ".join(self.captions))]


def faults(text: str, folder: Path | None = None) -> list[str]:
    """Return what is wrong with a page; `folder` is where it lies, to look for its files."""
    page = Page(text)
    found = list(page.faults)
    found += sorted({f"id {one} twice" for one in page.ids if page.ids.count(one) > 1})
    found += [f"no element {one}" for one in page.named if one not in page.ids]
    for link in page.links:
        if link.startswith("#"):
            found += [] if link[1:] in page.ids else [f"link to nothing: {link}"]
        elif not link.startswith("data:"):
            if re.match(r"[a-z]+:|//|/|\.\.", link):
                found.append(f"link leaves the folder: {link}")
            elif folder is not None and not (folder / unquote(link)).is_file():
                found.append(f"file is missing: {link}")
    bare = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    found += sorted({f"address {one}" for one in re.findall(r"https?://[^\s\"'<]*", bare)})
    found += [f"loads {one}" for one in re.findall(r"url\((?!#)[^)]*\)|@import[^;]*", bare)]
    if page.figures != list(range(1, len(page.figures) + 1)):
        found.append(f"figures are numbered {page.figures}")
    if len(re.findall(r'class="numbered', text)) != len(page.figures):
        found.append("a figure has no number")
    # A heading is followed by something before the next heading of its rank or above.
    found += [f"nothing below {one}" for one in _empty_headings(text)]
    return found


def _empty_headings(text: str) -> list[str]:
    body = text[text.index("<main") :]
    pattern = r"<(h[23])[^>]*>([^<]*)</h[23]>\s*(?=<h2|</section>|<h3)"
    found = []
    for match in re.finditer(pattern, body):
        after = body[match.end() : match.end() + 3]
        if not (match.group(1) == "h2" and after == "<h3"):
            found.append(match.group(2))
    found += re.findall(r"<summary>([^<]*)</summary>\s*</details>", body)
    return found
