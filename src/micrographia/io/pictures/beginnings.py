"""What a file is by its first bytes, where it is no picture whatever its name says."""

from __future__ import annotations

#: How files begin that carry the suffix of another kind: what a browser saved, say.
_BEGINNINGS = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"II\xbc\x01", "a JPEG XR picture"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"<svg", "a drawing (SVG)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
)


def recognised(head: bytes) -> str | None:
    """Return in words what a file of another kind is, by its first bytes; None if unknown."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "an AVIF picture"
        return "a HEIF picture" if brand in (b"heic", b"heix", b"mif1", b"msf1") else "a movie"
    start = head.lstrip()
    return next((what for begin, what in _BEGINNINGS if start.startswith(begin)), None)
