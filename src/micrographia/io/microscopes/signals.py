"""DM3, DM4, SER and HSPY, through `rosettasciio`: pixels, pixel size, instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError
from micrographia.io.decoding import check_size
from micrographia.io.headers import Facts
from micrographia.io.microscopes.lengths import Witness, unit_nm

#: What an axis of energy, which makes a spectrum, is given in.
_ENERGIES = ("ev", "kev", "mev")
_SOURCES = {"DM3": "DigitalMicrograph", "DM4": "DigitalMicrograph", "SER": "TIA", "HSPY": "HSPY"}
#: Titles of the pictures that only say where the others are.
_SURVEYS = ("survey", "thumbnail", "preview", "navigator")


def read_signals(
    reader: Any, path: Path, name: str, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the first picture of a file that is none of a survey; frames are noted.

    Parameters
    ----------
    reader
        Module of `rosettasciio`.
    path
        The file.
    name
        Of the picture, for errors.
    max_pixels
        Most pixels of a frame [px].
    notes
        What is done is appended here.

    Raises
    ------
    ImageError
        The file holds no picture, but spectra or transforms.
    """
    signals = _signals(reader, path, name, max_pixels)
    kinds = [_kind(signal) for signal in signals]
    pictures = [signal for signal, kind in zip(signals, kinds, strict=True) if kind == "picture"]
    if not pictures:
        raise ImageError(
            f"{name} holds no picture",
            seen=", ".join(kinds) or "no signal",
            allowed="a signal of real numbers over two lengths",
            remedy="Export the picture that you want",
        )
    signal = min(pictures, key=_is_survey)
    if len(signals) > 1:
        notes.append(f"picture {_title(signal)!r} of {len(signals)} signals")
    data, axes = signal["data"], _axes(signal)
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
    if pixels.dtype.names:
        notes.append("colour to grey")
        weights = zip(("R", "G", "B"), (0.299, 0.587, 0.114), strict=True)
        pixels = np.rint(sum(pixels[band] * share for band, share in weights)).astype(
            pixels.dtype[0]
        )
    return pixels, _facts(signal, axes, path.suffix[1:].upper(), notes)


def _signals(reader: Any, path: Path, name: str, max_pixels: int) -> list[dict[str, Any]]:
    """Lazily, so that sizes are known before pixels are decoded; colour cannot be read so."""
    try:
        return list(reader.file_reader(str(path), lazy=True))
    except ValueError as error:
        if "RGB" not in str(error):
            raise
    # Nothing is compressed in these files: four bytes a pixel are the most that one can hold.
    check_size(name, path.stat().st_size // 4, 1, max_pixels)
    return list(reader.file_reader(str(path), lazy=False))


def _axes(signal: dict[str, Any]) -> list[dict[str, Any]]:
    return [axis for axis in signal["axes"] if not axis.get("navigate", False)]


def _title(signal: dict[str, Any]) -> str:
    return str(signal.get("metadata", {}).get("General", {}).get("title") or "")


def _kind(signal: dict[str, Any]) -> str:
    """In one or two words what a signal is: only a "picture" is one."""
    units = [str(axis.get("units")).strip().lower() for axis in signal["axes"]]
    names = [str(axis.get("name")).lower() for axis in signal["axes"]]
    spectral = any(unit in _ENERGIES for unit in units)
    spectral = spectral or any(name.startswith(("energy", "wavelength")) for name in names)
    # A spectrum image of DigitalMicrograph is stored as one picture for each energy.
    turned = len(signal.get("post_process") or ()) > 1
    if spectral or turned or len(_axes(signal)) < 2:
        return "spectrum image" if len(signal["axes"]) > 2 else "spectrum"
    if signal["data"].dtype.kind == "c":
        return "transform"
    return "picture" if len(_axes(signal)) == 2 else "volume"


def _is_survey(signal: dict[str, Any]) -> tuple[bool, bool]:
    """Rank pictures of another kind first, and grey ones before colour, which a thumbnail has."""
    title = _title(signal).lower()
    return any(word in title for word in _SURVEYS), bool(signal["data"].dtype.names)


def _facts(
    signal: dict[str, Any], axes: list[dict[str, Any]], kind: str, notes: list[str]
) -> Facts:
    found: dict[str, Any] = signal.get("metadata", {}).get("Acquisition_instrument", {})
    microscope = next((key for key in ("TEM", "SEM") if key in found), None)
    known = found.get(microscope, {}) if microscope else {}
    scanned = "STEM" in str(known.get("acquisition_mode", "")).upper()
    energy = known.get("beam_energy")
    size = _size(axes, f"{_SOURCES[kind]} axes", notes)
    return Facts(
        sizes=() if size is None else (size,),
        format=kind,
        microscopy="STEM" if scanned and microscope == "TEM" else microscope,
        instrument=str(known["microscope"]) if known.get("microscope") else None,
        voltage_kV=float(energy) if isinstance(energy, int | float) and energy > 0 else None,
    )


def _size(axes: list[dict[str, Any]], source: str, notes: list[str]) -> Witness | None:
    units = [unit_nm(axis.get("units")) for axis in axes]
    if None in units:
        told = next((text for axis in axes if (text := str(axis.get("units") or ""))), "")
        if "1/" in told.replace(" ", "") or "rad" in told or "-1" in told:
            notes.append(f"pixel size unknown: the axes are in {told}")
        return None
    steps = [float(axis.get("scale") or 0) for axis in axes]
    down, across = (step * (unit or 0) for step, unit in zip(steps, units, strict=True))
    if min(across, down) < 0 < max(across, down):  # one axis runs the other way
        across, down = abs(across), abs(down)
    return Witness(source, across, down)
