"""Pixel sizes in the TIFF tags of microscopes' makers.

FEI/Thermo Fisher (34680, 34682, 34683), Zeiss (34118), TESCAN (50431), Olympus SIS (33471, 33560),
TVIPS (37706), Gatan DigitalMicrograph (65003 to 65010) and JEOL SightX (XML in the description).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tifffile

from micrographia.io.headers import tescan_size, tescan_text
from micrographia.io.microscopes.lengths import Witness, number, unit_nm

#: Zeiss states the pixel of its display, which is so many pixels wide whatever the picture is.
_ZEISS_DISPLAY_PX = 1024
#: An element with a unit and a number; bounded, so that no text takes long.
_XML_LENGTH = r'<{0}\b[^>]{{0,99}}\bunit="([^">]{{1,9}})"[^>]{{0,99}}>([-+.\deE]{{1,40}})</{0}>'
#: Pages that are searched for Olympus' tag; a preview comes before the picture.
_SIS_PAGES = 3


def of_makers(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, notes: list[str]
) -> Iterator[Witness]:
    """Yield what makers' tags say of the pixel size; note what is for another picture."""
    yield from _of_fei(tiff, page, notes)
    yield from _of_fei_xml(page)
    yield from _of_zeiss(tiff, page)
    text = tescan_text(tiff)
    if text is not None:
        yield from tescan_size(text, "TESCAN tag")
    yield from _of_sis(tiff, page)
    tvips: Any = tiff.tvips_metadata or {}
    yield from _pair("TVIPS tag", tvips.get("PixelSizeX"), tvips.get("PixelSizeY"), 1.0)
    yield from _of_dm(page)
    yield from _of_jeol(page, notes)


def _pair(source: str, across: Any, down: Any, unit: float) -> Iterator[Witness]:
    """A witness, if both sides are numbers above 0; the height is the width where it is absent."""
    width = number(across, unit)
    height = number(across if down is None else down, unit)
    if width is not None and height is not None:
        yield Witness(source, width, height)


def _of_fei(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, notes: list[str]
) -> Iterator[Witness]:
    """Metres in [Scan], or the field of view of the chamber's camera in [IRBeam]."""
    record: Any = tiff.fei_metadata or {}

    def part(name: str) -> dict[str, Any]:
        found = record.get(name)
        return found if isinstance(found, dict) else {}

    scan, camera, image = part("Scan"), part("IRBeam"), part("Image")
    width = number(image.get("ResolutionX"))
    if width is not None and width != page.imagewidth and (scan or camera):
        notes.append(
            f"pixel size of FEI tag ignored: it is for {width:.0f} px across, "
            f"the picture has {page.imagewidth}"
        )
        return
    yield from _pair("FEI tag", scan.get("PixelWidth"), scan.get("PixelHeight"), 1e9)
    height = number(image.get("ResolutionY"))
    if "PixelWidth" not in scan and width and height:
        field = number(camera.get("HFW"), 1e9), number(camera.get("VFW"), 1e9)
        if field[0] and field[1]:
            yield Witness("FEI tag", field[0] / width, field[1] / height)


def _of_fei_xml(page: tifffile.TiffPage) -> Iterator[Witness]:
    """Thermo Fisher's XML: <PixelSize><X unit="m">; Phenom's: <pixelWidth unit="nm">."""
    text = page.tags.valueof(34683)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        return
    for place, names in (("<PixelSize>", "XY"), ("", ("pixelWidth", "pixelHeight"))):
        start = text.find(place)
        sides = []
        for name in names if start >= 0 else ():
            found = re.compile(_XML_LENGTH.format(name)).search(text, start)
            sides.append(number(found[2], unit_nm(found[1]) or 0) if found else None)
        if len(sides) == 2 and sides[0] and sides[1]:
            yield Witness("FEI tag", sides[0], sides[1])
            return


def _of_zeiss(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> Iterator[Witness]:
    record: Any = tiff.sem_metadata or {}

    def length(key: str) -> float | None:
        entry = record.get(key)
        if not isinstance(entry, tuple) or len(entry) != 3:
            return None
        return number(entry[1], unit_nm(entry[2]) or 0)

    size, width = length("ap_image_pixel_size"), length("ap_width")
    if size is not None:
        yield Witness("Zeiss tag (image pixel size)", size, size)
    if width is not None:
        side = width / page.imagewidth
        yield Witness("Zeiss tag (width)", side, side)
    shown = length("ap_pixel_size")
    if shown is None:  # the same in metres, fourth of the numbers without a name
        unnamed = record.get("")
        found = unnamed[3] if isinstance(unnamed, tuple) and len(unnamed) > 3 else None
        shown = number(found, 1e9)
    if size is None and width is None and shown is not None:
        side = shown * _ZEISS_DISPLAY_PX / page.imagewidth
        yield Witness("Zeiss tag (pixel size of the display)", side, side)


def _of_sis(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> Iterator[Witness]:
    """Metres; the tag may be with a later page of the same size, after a preview in colour."""
    several = "Olympus" in str(page.tags.valueof(271)) and len(tiff.pages) > 1
    for other in tiff.pages[:_SIS_PAGES] if several else [page]:
        tags = getattr(other, "tags", None)
        if tags and (other.imagewidth, other.imagelength) == (page.imagewidth, page.imagelength):
            for code in (33560, 33471):
                found = tags.valueof(code)
                if isinstance(found, dict):
                    across, down = found.get("pixelsizex"), found.get("pixelsizey")
                    yield from _pair("Olympus SIS tag", across, down, 1e9)


def _of_dm(page: tifffile.TiffPage) -> Iterator[Witness]:
    units = [unit_nm(page.tags.valueof(code)) for code in (65003, 65004)]
    steps = [page.tags.valueof(code) for code in (65009, 65010)]
    sides = [number(step, unit or 0) for step, unit in zip(steps, units, strict=True)]
    if sides[0] and sides[1]:
        yield Witness("DigitalMicrograph tag", sides[0], sides[1])


def _of_jeol(page: tifffile.TiffPage, notes: list[str]) -> Iterator[Witness]:
    """Of SightX: the resolution is that of the print at the magnification that the XML states."""
    if page.tags.valueof(271) != "JEOL Ltd." or "<TemReporter" not in page.description[:200]:
        return
    forming = page.description.partition("<ImageFormingSystem>")[2]
    forming = forming.partition("</ImageFormingSystem>")[0]

    def word(name: str, text: str) -> str:
        found = re.search(rf"<{name}>([^<]*)</{name}>", text)
        return found[1] if found else ""

    column, mode = word("EosMode", page.description), word("ModeString", forming)
    magnification = number(word("SelectorValue", forming))
    sides = of_resolution(page)
    if (column, mode) != ("eosTEM", "MAG") or magnification is None or sides is None:
        notes.append(f"pixel size unknown: JEOL's mode {mode or column!r} states no magnification")
        return
    yield Witness("JEOL tag", sides[0] / magnification, sides[1] / magnification)


def of_resolution(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Return width and height of a pixel [nm] by the resolution tags in inches or centimetres."""
    counts = resolution(page)
    unit = {2: 2.54e7, 3: 1e7}.get(int(page.tags.valueof("ResolutionUnit", 1)))
    if counts is None or unit is None:
        return None
    return unit / counts[0], unit / counts[1]


def resolution(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Return pixels per unit along x and y; None where a tag is absent or 0."""
    counts = []
    for name in ("XResolution", "YResolution"):
        found = page.tags.valueof(name)
        if not isinstance(found, tuple) or len(found) != 2 or not found[0] or not found[1]:
            return None
        counts.append(found[0] / found[1])
    return counts[0], counts[1]
