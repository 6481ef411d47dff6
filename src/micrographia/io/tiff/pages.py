"""Which page of a TIFF is the picture, and whether all of its pixels are there."""

from __future__ import annotations

import math

import tifffile

from micrographia.errors import ImageError
from micrographia.io.decoding import REMEDY, check_size

#: Bits of the tag NewSubfileType: a smaller copy of another page, or its transparency mask.
_REDUCED, _MASK = 1, 4
#: Pages whose tags are read to tell full pictures from thumbnails; longer files are stacks.
_LOOKED_AT = 64
#: Bytes of a decoded pixel at most, for each pixel that is allowed: RGBA of 32 bits.
_WIDEST = 16


def full_page(
    tiff: tifffile.TiffFile, name: str, max_pixels: int
) -> tuple[tifffile.TiffPage, int]:
    """Return the first page that is a full picture, and how many such pages there are.

    Thumbnails and masks, as the tag NewSubfileType tells them, are passed over, also where the
    full picture is in a sub-file of the thumbnail. If there is nothing else, the largest page is
    taken. Pages that ImageJ states and does not list, in files above 4 GB, are counted.

    Raises
    ------
    ImageError
        There is no page, or its header states no pixels or more than `max_pixels`.
    """
    if len(tiff.pages) == 0:
        raise ImageError(f"TIFF {name} has no page", remedy=REMEDY)
    count = len(tiff.pages)
    page = tiff.pages.first
    if count > 1 or _apart(page):
        pages = [tiff.pages[number].aspage() for number in range(min(count, _LOOKED_AT))]
        inside = [part for one in pages if one.subifds and _apart(one) for part in one.pages or ()]
        full = [one for one in [*pages, *inside] if not _apart(one)]
        page = full[0] if full else max(pages, key=lambda one: one.imagewidth * one.imagelength)
        if count <= _LOOKED_AT:
            count = max(1, len(full))
    if tiff.is_imagej:
        stated = (tiff.imagej_metadata or {}).get("images", 1)
        count = max(count, stated if isinstance(stated, int) else 1)
    check_size(name, page.imagewidth, page.imagelength, max_pixels)
    _check_bytes(page, name, max_pixels)
    return page, count


def _apart(page: tifffile.TiffPage) -> bool:
    return bool(int(page.subfiletype) & (_REDUCED | _MASK))


def _check_bytes(page: tifffile.TiffPage, name: str, max_pixels: int) -> None:
    """Refuse samples and slices that make few pixels large."""
    width = page.dtype.itemsize if page.dtype is not None else 1
    if page.imagedepth * page.imagewidth * page.imagelength > max_pixels:
        check_size(name, page.imagewidth, page.imagelength * page.imagedepth, max_pixels)
    if math.prod(page.shaped) * width > _WIDEST * max_pixels:
        raise ImageError(
            f"Image {name} is too large to decode",
            seen=f"{page.samplesperpixel} samples for each of {page.imagewidth} x "
            f"{page.imagelength} px",
            allowed=f"{_WIDEST} bytes for each of {max_pixels} px",
            remedy="Save one channel of it, or raise curation.max_pixels",
        )


def refuse_gaps(page: tifffile.TiffPage, name: str) -> None:
    """Refuse a page of which strips or tiles are missing: decoders would fill them in.

    Raises
    ------
    ImageError
        Strips or tiles are absent, empty, or reach beyond the end of the file.
    """
    offsets, lengths = page.dataoffsets, page.databytecounts
    size = page.parent.filehandle.size
    if page.is_contiguous:  # tifffile joins the strips
        wanted, missing = 1, int(not offsets)
    else:
        wanted = math.prod(page.chunked)
        missing = wanted - min(wanted, len(offsets), len(lengths))
        # Bytes that are not compressed must fill the strip; writers often state too many.
        strict = int(page.compression) != 1
        missing += sum(
            offset <= 0 or length <= 0 or offset >= size or (strict and offset + length > size)
            for offset, length in zip(offsets[:wanted], lengths[:wanted], strict=False)
        )
    if missing:
        raise ImageError(
            f"Image {name} is damaged or cut short ({missing} of {wanted} strips or tiles are "
            "missing)",
            remedy=REMEDY,
        )
