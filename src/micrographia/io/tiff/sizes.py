"""Pixel size at the sample that a TIFF states."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import tifffile

from micrographia.io.microscopes.lengths import Witness, number, unit_nm
from micrographia.io.tiff.makers import of_makers, of_resolution, resolution

#: ImageJ's units that as often mean the printed page [nm].
_OF_PRINT = (1e7, 2.54e7)
#: Resolution tags mean the printed page unless the pixel is smaller than any printer's dot
#: (2400 dpi is 10.6 µm).
_LARGEST_SCALE_NM = 5000.0


def sizes_of(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, notes: list[str]
) -> tuple[Witness, ...]:
    """Return all that a TIFF says of its pixel size, the most exact first; see `lengths.settle`.

    Microscopes' own tags come first, then OME-XML, MetaSeries, ImageJ's unit, and the resolution
    tags where they are too fine for print.

    Parameters
    ----------
    tiff, page
        The file, and its page that is read.
    notes
        What is known to be for another picture is noted here.
    """
    if tiff.is_streak:
        notes.append("pixel size unknown: a streak camera's axes are time and wavelength")
        return ()
    found = list(of_makers(tiff, page, notes))
    found.extend(_of_ome(tiff))
    found.extend(_of_metaseries(tiff))
    found.extend(_of_imagej(tiff, page) if tiff.is_imagej else _of_tags(page))
    return tuple(found)


def _of_imagej(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> Iterator[Witness]:
    unit = unit_nm((tiff.imagej_metadata or {}).get("unit"))
    counts = resolution(page)
    if unit is None or counts is None:
        return
    across, down = unit / counts[0], unit / counts[1]
    if across <= _LARGEST_SCALE_NM or unit not in _OF_PRINT:
        yield Witness("ImageJ", across, down)


def _of_tags(page: tifffile.TiffPage) -> Iterator[Witness]:
    sides = of_resolution(page)
    if sides is not None and sides[0] <= _LARGEST_SCALE_NM:
        yield Witness("resolution tags", *sides)


def _of_ome(tiff: tifffile.TiffFile) -> Iterator[Witness]:
    """Physical size of OME-XML; micrometres where it states no unit, as its schema says."""
    if not tiff.is_ome or not tiff.ome_metadata:
        return
    try:
        root = ElementTree.fromstring(tiff.ome_metadata)
    except ElementTree.ParseError:
        return
    pixels = next((part for part in root.iter() if part.tag.endswith("}Pixels")), None)
    if pixels is None:
        return
    sides = [
        number(
            pixels.get(f"PhysicalSize{axis}"),
            unit_nm(pixels.get(f"PhysicalSize{axis}Unit", "µm")) or 0,
        )
        for axis in "XY"
    ]
    if sides[0] and sides[1]:
        yield Witness("OME-XML", sides[0], sides[1])


def _of_metaseries(tiff: tifffile.TiffFile) -> Iterator[Witness]:
    plane = (tiff.metaseries_metadata or {}).get("PlaneInfo", {})
    if not plane.get("spatial-calibration-state"):
        return
    unit = unit_nm(plane.get("spatial-calibration-units")) or 0
    across = number(plane.get("spatial-calibration-x"), unit)
    down = number(plane.get("spatial-calibration-y"), unit)
    if across and down:
        yield Witness("MetaSeries", across, down)
