"""Pixel size at the sample that a TIFF states."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

#: Nanometres per unit, as microscopes and ImageJ write them.
UNITS = {
    spelling: factor
    for factor, spellings in {
        1e9: ("m", "meter", "meters", "metre", "metres"),
        2.54e7: ("inch", "inches", "in"),
        1e7: ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
        1e6: ("mm", "millimeter", "millimeters", "millimetre", "millimetres"),
        1e3: (
            "um", "µm", "μm", "u_m", "micron", "microns", "micrometer", "micrometers",
            "micrometre", "micrometres", "\\u00b5m",  # ImageJ escapes the micro sign
        ),
        1.0: ("nm", "n_m", "nanometer", "nanometers", "nanometre", "nanometres"),
        0.1: ("å", "\\u00c5", "a", "angstrom", "angstroms", "ångström", "ångströms", "ångstrom"),
        1e-3: ("pm", "p_m", "picometer", "picometers", "picometre", "picometres"),
    }.items()
    for spelling in spellings
}  # fmt: skip
#: ImageJ's units that as often mean the printed page.
_OF_PRINT = (1e7, 2.54e7)

#: Resolution tags mean the printed page unless the pixel is smaller than any printer's dot
#: (2400 dpi is 10.6 µm).
_LARGEST_SCALE_NM = 5000.0


def pixel_size_of(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage
) -> tuple[float | None, str | None]:
    """Return the pixel size [nm] or None, and a note if a stated size was ignored.

    Microscopes' own records (FEI/Thermo Fisher, Zeiss) come first, then ImageJ's unit, then
    the resolution tags when they are too fine for print.
    """
    for sides in (_of_fei(tiff), _of_zeiss(tiff, page), _of_ome(tiff)):
        if sides is not None and min(sides) > 0:
            return _square(*sides)
    resolution = _resolution(page)
    if resolution is None:
        return None, None
    unit = _unit_nm(tiff, page)
    if unit is None:
        return None, None
    across, down = unit / resolution[0], unit / resolution[1]
    if across > _LARGEST_SCALE_NM and (not tiff.is_imagej or unit in _OF_PRINT):
        return None, None
    return _square(across, down)


def _square(across: float, down: float) -> tuple[float | None, str | None]:
    if abs(across - down) > 0.01 * max(across, down):
        return None, f"pixel size ignored: not square ({across:.4g} x {down:.4g} nm)"
    return across, None


def _unit_nm(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> float | None:
    if tiff.is_imagej:
        unit = str((tiff.imagej_metadata or {}).get("unit", "")).strip().lower()
        return UNITS.get(unit)
    tag = page.tags.get("ResolutionUnit")
    return {2: 2.54e7, 3: 1e7}.get(int(tag.value) if tag is not None else 1)


def _resolution(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Return pixels per unit along x and y."""
    values = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        if tag is None or len(tag.value) != 2 or not tag.value[0] or not tag.value[1]:
            return None
        values.append(tag.value[0] / tag.value[1])
    return values[0], values[1]


def _of_fei(tiff: tifffile.TiffFile) -> tuple[float, float] | None:
    scan: Any = (tiff.fei_metadata or {}).get("Scan", {})
    scan = scan if isinstance(scan, dict) else {}
    width = scan.get("PixelWidth")
    height = scan.get("PixelHeight", width)
    if not isinstance(width, int | float) or not isinstance(height, int | float):
        return None
    return float(width) * 1e9, float(height) * 1e9


#: Zeiss states the pixel of its display, which is so many pixels wide whatever the picture is.
_ZEISS_DISPLAY_PX = 1024


def _of_zeiss(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> tuple[float, float] | None:
    record: Any = tiff.sem_metadata or {}

    def length(key: str) -> float | None:
        entry = record.get(key)
        if not isinstance(entry, tuple) or len(entry) != 3:
            return None
        unit = UNITS.get(str(entry[2]).strip().lower())
        number = isinstance(entry[1], int | float)
        return float(entry[1]) * unit if unit is not None and number else None

    size = length("ap_image_pixel_size")
    if size is None and (width := length("ap_width")) is not None:
        size = width / page.imagewidth
    if size is None and (shown := length("ap_pixel_size")) is not None:
        size = shown * _ZEISS_DISPLAY_PX / page.imagewidth
    return None if size is None else (size, size)


def _of_ome(tiff: tifffile.TiffFile) -> tuple[float, float] | None:
    """Physical size of OME-XML; micrometres where it states no unit, as its schema says."""
    if not tiff.is_ome or not tiff.ome_metadata:
        return None
    try:
        root = ElementTree.fromstring(tiff.ome_metadata)
    except ElementTree.ParseError:
        return None
    pixels = next((part for part in root.iter() if part.tag.endswith("}Pixels")), None)
    sides = []
    for axis in "XY":
        size = None if pixels is None else pixels.get(f"PhysicalSize{axis}")
        stated = "µm" if pixels is None else pixels.get(f"PhysicalSize{axis}Unit", "µm")
        unit = UNITS.get(stated.strip().lower())
        try:
            sides.append(float(size or "") * (unit or float("nan")))
        except ValueError:
            return None
    return (sides[0], sides[1]) if all(np.isfinite(sides)) else None
