"""Pixels of a TIFF page: one grey channel of a picture, or the numbers of a label mask.

tifffile and imagecodecs decode every compression alike; what a sample means (white is zero,
palette, inks, luminance and chroma) is applied here, since tifffile leaves it to its callers.
Sources: TIFF 6.0 (Adobe, 1992), TIFF Technical Note 3 and the Supplements for Photoshop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC

from micrographia.errors import ImageError
from micrographia.io.decoding import REMEDY
from micrographia.io.pictures.grey import changed_by_jpeg, grey_of_inks, luminance
from micrographia.io.tiff.pages import refuse_gaps

#: Colour samples of a pixel, by photometric interpretation; one for every other.
_COLOURS = {
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.SEPARATED: 4,
    PHOTOMETRIC.YCBCR: 3,
    PHOTOMETRIC.CIELAB: 3,
    PHOTOMETRIC.ICCLAB: 3,
    PHOTOMETRIC.ITULAB: 3,
}
_LIGHTNESS = (PHOTOMETRIC.CIELAB, PHOTOMETRIC.ICCLAB, PHOTOMETRIC.ITULAB)
_GREY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
#: What needs more than a look at its samples: mosaics of cameras, logarithms.
_REFUSED = {
    PHOTOMETRIC.CFA: "the raw mosaic of a camera",
    PHOTOMETRIC.LOGL: "logarithmic luminance",
    PHOTOMETRIC.LOGLUV: "logarithmic luminance",
}
_JPEG = (6, 7, 34892, 33007)
#: Tags that tifffile gives no names of its own.
_INKS, _EXTRA_SAMPLES, _REFERENCE = 332, 338, 532
_CMYK = 1


def grey_of_page(name: str, page: tifffile.TiffPage, notes: list[str]) -> NDArray[Any]:
    """Decode a page and reduce its palette, colour or alpha to one grey channel.

    Parameters
    ----------
    name
        File name, for the error.
    page
        The page.
    notes
        What is done is appended here.

    Returns
    -------
    ndarray
        Shape (H, W), of the page's type. Grey of two to seven bits is spread over eight, so that
        white is 255; deeper grey keeps its numbers.

    Raises
    ------
    ImageError
        Pixels are missing, or are of a kind that is not read.
    """
    samples = _decoded(name, page, notes)
    photometric, bits = page.photometric, page.bitspersample
    colours = _COLOURS.get(photometric, 1)
    if photometric == PHOTOMETRIC.LINEAR_RAW and page.samplesperpixel >= 3:
        colours = 3
    elif photometric in _GREY and _EXTRA_SAMPLES not in page.tags and samples.shape[2] in (3, 4):
        colours = 3  # grey alone has one sample: so ImageJ and others take these for colour
    if samples.shape[2] < colours:
        raise ImageError(
            f"TIFF {name} lacks colour channels",
            seen=f"{samples.shape[2]} of {colours}",
            remedy=REMEDY,
        )
    if samples.shape[2] > colours:
        notes.append(_left_out(page, samples.shape[2], colours))
    if photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        notes.append("palette to grey")
        index = samples[..., 0].astype(np.uint16)
        return luminance(_palette(name, index, page.colormap).T[None])[0][index]
    if isinstance(bits, int) and 1 < bits < 8 and samples.dtype == np.uint8:
        notes.append(f"{bits} bits to 8 bits")
        samples = np.rint(samples * (255 / (2**bits - 1))).astype(np.uint8)
    return _grey(name, page, samples, colours, notes)


def colours_of_page(name: str, page: tifffile.TiffPage) -> NDArray[np.uint8] | None:
    """Decode a page as red, green and blue, shape (H, W, 3); None where it is no such picture.

    Palettes and colour of 8 and 16 bits are such; inks and Lab are left to `grey_of_page`.

    Raises
    ------
    ImageError
        Pixels are missing, or are of a kind that is not read.
    """
    photometric = page.photometric
    if photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        index = _decoded(name, page, [])[..., 0].astype(np.uint16)
        return _eight_bits(_palette(name, index, page.colormap).T[index])
    if photometric != PHOTOMETRIC.RGB and not _rgb_of_jpeg(page):
        return None
    samples = _decoded(name, page, [])
    whole = samples.dtype in (np.uint8, np.uint16) and page.bitspersample in (8, 16)
    return _eight_bits(samples[..., :3]) if whole and samples.shape[2] >= 3 else None


def numbers_of_page(name: str, page: tifffile.TiffPage) -> NDArray[Any]:
    """Decode a page of a label mask as the numbers that it holds.

    Labels are numbers, not brightness: a palette is not applied (Fiji saves label pictures with
    one), and white-is-zero turns no number (ImageJ saves masks so, the objects 255). A page of
    one bit has no number but "shown white", which is the object whatever the bit.

    Returns
    -------
    ndarray
        Shape (H, W); (H, W, channels) where there are several.

    Raises
    ------
    ImageError
        Pixels are missing, are of a kind that is not read, or were changed by JPEG.
    """
    if int(page.compression) in _JPEG:
        raise changed_by_jpeg(name)
    numbers = _decoded(name, page, [])
    if numbers.shape[2] > 1:
        return numbers
    numbers = numbers[..., 0]
    if page.bitspersample == 1 and page.photometric == PHOTOMETRIC.MINISWHITE:
        return ~numbers.astype(bool)
    return numbers


def _decoded(name: str, page: tifffile.TiffPage, notes: list[str]) -> NDArray[Any]:
    """Return the samples of a page, shape (H, W, samples); of a volume its first slice."""
    _refuse_unknown(name, page)
    refuse_gaps(page, name)
    # Threads of the decoder would compete with the processes that share out the pictures.
    planes = page.asarray(squeeze=False, maxworkers=1)
    if planes.shape[1] > 1:
        notes.append(f"first of {planes.shape[1]} slices")
    first = planes[:, 0]
    return first[0] if len(first) == 1 else np.moveaxis(first[..., 0], 0, -1)


def _refuse_unknown(name: str, page: tifffile.TiffPage) -> None:
    """Refuse what tifffile does not decode, in words that do not call the file damaged."""
    compression, what = int(page.compression), None
    if page.dtype is None:
        what = f"{page.bitspersample} bits a sample of sample format {page.sampleformat}"
    elif page.photometric in _REFUSED:
        what = _REFUSED[page.photometric]
    elif page.photometric == PHOTOMETRIC.SEPARATED and page.tags.valueof(_INKS, _CMYK) != _CMYK:
        what = "inks other than cyan, magenta, yellow and black"
    elif compression != 1 and not _known(tifffile.TIFF.DECOMPRESSORS, compression):
        what = f"compression {compression}"
    elif int(page.predictor) != 1 and not _known(tifffile.TIFF.UNPREDICTORS, int(page.predictor)):
        what = f"predictor {int(page.predictor)}"
    elif page.is_subsampled and (compression not in _JPEG or page.planarconfig == 2):
        what = "colour of lower resolution without JPEG"
    elif page.dtype.kind == "c":
        what = "complex numbers"
    if what is not None:
        raise ImageError(
            f"TIFF {name} holds a kind of pixels that is not read",
            seen=what,
            remedy="Save it as grey of 8, 16 or 32 bits",
        )


def _known(codecs: Any, number: int) -> bool:
    try:
        codecs[number]
    except KeyError:
        return False
    return True


def _left_out(page: tifffile.TiffPage, samples: int, colours: int) -> str:
    if any(int(extra) in (1, 2) for extra in page.extrasamples) or not page.extrasamples:
        return "alpha dropped"
    if colours == 1:
        return f"first of {samples} channels"
    return f"{samples - colours} further channels dropped"


def _grey(
    name: str, page: tifffile.TiffPage, samples: NDArray[Any], colours: int, notes: list[str]
) -> NDArray[Any]:
    photometric = page.photometric
    if photometric in _LIGHTNESS:
        notes.append("lightness of CIE Lab")
        return samples[..., 0]
    if photometric == PHOTOMETRIC.SEPARATED:
        if samples.dtype.kind != "u":
            raise ImageError(f"TIFF {name} has inks of an unknown kind", seen=str(samples.dtype))
        notes.append("inks (CMYK) to grey")
        bits = max(8, page.bitspersample)  # fewer were spread over 8
        return grey_of_inks(samples[..., :4], 2**bits - 1)
    if photometric == PHOTOMETRIC.YCBCR and not _rgb_of_jpeg(page):
        notes.append("colour to grey")
        return _luma(samples[..., 0], page.tags.valueof(_REFERENCE))
    if colours == 3:
        notes.append("colour to grey")
        return luminance(samples[..., :3])
    grey = samples[..., 0]
    return _inverted(grey, page, notes) if photometric == PHOTOMETRIC.MINISWHITE else grey


def _rgb_of_jpeg(page: tifffile.TiffPage) -> bool:
    """Whether tifffile turns the YCbCr of this page into red, green and blue."""
    together = page.planarconfig == 1 and not page.extrasamples
    return page.photometric == PHOTOMETRIC.YCBCR and int(page.compression) in _JPEG and together


def _inverted(grey: NDArray[Any], page: tifffile.TiffPage, notes: list[str]) -> NDArray[Any]:
    """Return grey of which 0 is white as grey of which 0 is black."""
    notes.append("white is zero: inverted")
    if grey.dtype.kind == "u" and page.bitspersample in range(9, 64):
        return (2**page.bitspersample - 1) - grey  # of up to 8 bits white is 255
    if grey.dtype.kind in "bui":
        return ~grey
    # Reals state no white: they are turned about their own range.
    finite = grey[np.isfinite(grey)]
    return finite.min() + finite.max() - grey if finite.size else grey


def _luma(luma: NDArray[Any], reference: tuple[int, ...] | None) -> NDArray[Any]:
    """Return luma over the full range, if the file states another (16 to 235 in video)."""
    if reference is None or len(reference) != 12 or luma.dtype != np.uint8:
        return luma
    if not reference[1] or not reference[3]:
        return luma
    black, white = reference[0] / reference[1], reference[2] / reference[3]
    if (black, white) == (0, 255) or not 0 <= black < white <= 255:
        return luma
    wide = (np.arange(256) - black) * (255 / (white - black))
    return np.asarray(np.rint(wide.clip(0, 255)).astype(np.uint8)[luma])


def _palette(
    name: str, index: NDArray[np.uint16], colours: NDArray[np.uint16]
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return a palette, shape (3, n), with 8 bits where its colours have no more, else with 16.

    Palettes have 16 bits. Those of 8-bit colours hold v·257, v·256 or, against the standard, v.
    """
    if int(index.max()) >= colours.shape[1]:
        raise ImageError(
            f"TIFF {name} has a palette that is too short",
            seen=f"{colours.shape[1]} colours, number {int(index.max())} is used",
            remedy=REMEDY,
        )
    high, low = colours >> 8, colours & 255
    if not high.any():
        return low.astype(np.uint8)
    if np.array_equal(high, low) or not low.any():
        return high.astype(np.uint8)
    return colours


def _eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    return samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)
