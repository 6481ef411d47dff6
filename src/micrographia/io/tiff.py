"""TIFF pages: pixel size at the sample, and conversion to one grey channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from micrographia.errors import ImageError

#: Nanometres per unit, as microscopes and ImageJ write them.
UNITS = {
    "m": 1e9,
    "mm": 1e6,
    "um": 1e3,
    "µm": 1e3,
    "μm": 1e3,
    "micron": 1e3,
    "microns": 1e3,
    "micrometer": 1e3,
    "\\u00b5m": 1e3,  # ImageJ escapes the micro sign
    "nm": 1.0,
    "nanometer": 1.0,
    "å": 0.1,
    "\\u00c5": 0.1,
    "a": 0.1,
    "angstrom": 0.1,
    "ångström": 0.1,
    "ångstrom": 0.1,
    "pm": 1e-3,
}

#: Compressions that tifffile decodes by itself: none, and two names of deflate.
_CODECS = (1, 8, 32946)

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
    for found in (_of_fei(tiff), _of_zeiss(tiff)):
        if found is not None and found > 0:
            return found, None
    resolution = _resolution(page)
    if resolution is None:
        return None, None
    unit = _unit_nm(tiff, page)
    if unit is None:
        return None, None
    across, down = unit / resolution[0], unit / resolution[1]
    if not tiff.is_imagej and across > _LARGEST_SCALE_NM:
        return None, None
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


def _of_fei(tiff: tifffile.TiffFile) -> float | None:
    scan: Any = (tiff.fei_metadata or {}).get("Scan", {})
    width = scan.get("PixelWidth") if isinstance(scan, dict) else None
    return float(width) * 1e9 if isinstance(width, int | float) else None


def _of_zeiss(tiff: tifffile.TiffFile) -> float | None:
    record: Any = tiff.sem_metadata or {}
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        entry = record.get(key)
        if isinstance(entry, tuple) and len(entry) == 3:
            unit = UNITS.get(str(entry[2]).strip().lower())
            if unit is not None and isinstance(entry[1], int | float):
                return float(entry[1]) * unit
    return None


def needs_pillow(page: tifffile.TiffPage) -> bool:
    """Return whether this page needs Pillow, because tifffile lacks its codec."""
    return int(page.compression) not in _CODECS or page.predictor > 1


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

    Raises
    ------
    ImageError
        The page holds a volume.
    """
    pixels = page.asarray()
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        notes.append("palette to grey")
        return _luminance(page.colormap[:, pixels]).astype(np.uint16)
    if page.samplesperpixel > 1:
        planes = pixels if page.planarconfig == 2 else np.moveaxis(pixels, -1, 0)
        if page.samplesperpixel in (2, 4):
            notes.append("alpha dropped")
        if page.samplesperpixel < 3:
            pixels = planes[0]
        elif page.samplesperpixel <= 4:
            notes.append("colour to grey")
            pixels = _luminance(planes[:3])
        else:
            notes.append(f"first of {page.samplesperpixel} channels")
            pixels = planes[0]
    if pixels.ndim != 2:
        raise ImageError(
            f"TIFF {name} is not a flat picture",
            seen=f"shape {pixels.shape}",
            allowed="height x width, or height x width x 3",
            remedy="Save the slice you want as its own file",
        )
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "bu":
        pixels = ~pixels
    return pixels


def _luminance(planes: NDArray[Any]) -> NDArray[Any]:
    weights = np.array([0.299, 0.587, 0.114])
    grey = np.tensordot(weights, planes.astype(np.float64), axes=1)
    return (np.rint(grey) if planes.dtype.kind in "ui" else grey).astype(planes.dtype)
