"""Formats of electron microscopes, through `rosettasciio`: pixels, pixel size, instrument."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError, install_hint
from micrographia.io.decoding import Source, check_size
from micrographia.io.headers import Facts
from micrographia.io.tiff.sizes import UNITS

_READERS = {
    ".dm3": "digitalmicrograph",
    ".dm4": "digitalmicrograph",
    ".emd": "emd",
    ".mrc": "mrc",
    ".ser": "tia",
    ".hspy": "hspy",
}
#: Smallest and largest pixel of a picture [nm]: 0.1 pm to 1 mm. Patterns of diffraction are stated
#: in metres too, by some programs, and a "pixel" of theirs is larger than the Earth.
_LEAST_NM, _LARGEST_NM = 1e-4, 1e6
#: Suffixes of these formats.
ENDINGS = tuple(_READERS)


def read_microscope_file(
    source: Source, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the first picture of a file; frames and further signals are noted.

    Raises
    ------
    ImageError
        `rosettasciio` is not installed, or the file holds no picture.
    """
    suffix = source.path.suffix.lower()
    try:
        reader = importlib.import_module(f"rsciio.{_READERS[suffix]}")
        if suffix in (".emd", ".hspy"):
            importlib.import_module("h5py")
    except ImportError:
        raise ImageError(
            f"{source.name} needs the package rosettasciio, which is not installed",
            remedy=install_hint("formats"),
        ) from None
    with source.on_disk() as path:
        return _first_picture(reader, path, source.name, max_pixels, notes)


def _first_picture(
    reader: Any, path: Path, name: str, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    # Lazily: sizes are known before any pixel is decoded.
    signals = reader.file_reader(str(path), lazy=True)
    # A transform (complex numbers) is no picture: Velox writes the panel that shows one, too.
    pictures = [
        signal
        for signal in signals
        if len(_axes(signal)) == 2 and signal["data"].dtype.kind != "c"
    ]
    if not pictures:
        raise ImageError(
            f"{name} holds no picture",
            seen=f"{len(signals)} signals of other kinds",
            allowed="a signal of two dimensions",
            remedy="Export the picture that you want",
        )
    if len(signals) > 1:
        notes.append(f"first picture of {len(signals)} signals")
    data, axes = pictures[0]["data"], _axes(pictures[0])
    height, width = (int(axis["size"]) for axis in axes)
    check_size(name, width, height, max_pixels)
    frames = int(np.prod(data.shape)) // (height * width)
    if frames > 1:
        notes.append(f"first of {frames} frames")
    if frames < 1:
        raise ImageError(f"{name} holds no frame", remedy="Export it again")
    while data.ndim > 2:
        data = data[0]
    pixels = np.asarray(data.compute() if hasattr(data, "compute") else data)
    if path.suffix.lower() == ".mrc" and pixels.dtype == np.uint8:
        # Mode 0 is signed by the standard (MRC2014); the reader takes it for unsigned.
        pixels = pixels.view(np.int8).astype(np.int16)
    if pixels.dtype.names:
        notes.append("colour to grey")
        weights = zip(("R", "G", "B"), (0.299, 0.587, 0.114), strict=True)
        pixels = np.rint(sum(pixels[band] * share for band, share in weights)).astype(
            pixels.dtype[0]
        )
    return pixels, _facts(pictures[0], axes, path.suffix[1:].upper(), notes)


def _axes(signal: dict[str, Any]) -> list[dict[str, Any]]:
    return [axis for axis in signal["axes"] if not axis.get("navigate", False)]


def _facts(
    signal: dict[str, Any], axes: list[dict[str, Any]], kind: str, notes: list[str]
) -> Facts:
    found: dict[str, Any] = signal.get("metadata", {}).get("Acquisition_instrument", {})
    microscope = next((key for key in ("TEM", "SEM") if key in found), None)
    known = found.get(microscope, {}) if microscope else {}
    scanned = "STEM" in str(known.get("acquisition_mode", "")).upper()
    energy = known.get("beam_energy")
    return Facts(
        pixel_size_nm=_pixel_size(axes, notes),
        format=kind,
        microscopy="STEM" if scanned and microscope == "TEM" else microscope,
        instrument=str(known["microscope"]) if known.get("microscope") else None,
        voltage_kV=float(energy) if isinstance(energy, int | float) and energy > 0 else None,
    )


def _pixel_size(axes: list[dict[str, Any]], notes: list[str]) -> float | None:
    sizes, flipped = [], 0
    for axis in axes:
        unit = UNITS.get(str(axis.get("units")).strip().lower())
        if unit is None or not axis.get("scale"):
            return None  # reciprocal, or not calibrated
        flipped += float(axis["scale"]) < 0
        sizes.append(abs(float(axis["scale"])) * unit)
    down, across = sizes
    if flipped == len(axes):  # one negative step is a flip; a cell that is negative is unknown
        return None
    if not all(_LEAST_NM <= size <= _LARGEST_NM for size in sizes):
        notes.append(f"pixel size ignored: {across:.4g} nm is none of a microscope's picture")
        return None
    if abs(across - down) > 0.01 * max(across, down):
        notes.append(f"pixel size ignored: not square ({across:.4g} x {down:.4g} nm)")
        return None
    return across
