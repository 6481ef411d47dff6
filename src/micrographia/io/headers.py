"""Metadata that microscopes write: manufacturer, voltage, pixel size.

FEI/Thermo Fisher and Zeiss write private TIFF tags, JEOL and Hitachi a text file of the same stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import tifffile

from micrographia.io.tiff.sizes import UNITS


@dataclass(frozen=True)
class Facts:
    """Metadata of a file; None for what it does not state. See `images.Micrograph`."""

    pixel_size_nm: float | None = None
    format: str | None = None
    microscopy: str | None = None
    instrument: str | None = None
    voltage_kV: float | None = None


def facts_of_tiff(tiff: tifffile.TiffFile) -> Facts:
    """Return instrument and voltage from the tags of FEI/Thermo Fisher or Zeiss."""
    fei: Any = tiff.fei_metadata
    if isinstance(fei, dict) and fei:
        system, beam = fei.get("System", {}), fei.get("Beam", {})
        model = system.get("SystemType") or system.get("Type") or ""
        volts = beam.get("HV")
        return Facts(
            microscopy="SEM" if "Type" in system or "SystemType" in system else None,
            instrument=f"FEI {model}".strip(),
            voltage_kV=_positive(volts, 1e-3),
        )
    zeiss: Any = tiff.sem_metadata
    if isinstance(zeiss, dict) and zeiss:
        model = _second(zeiss.get("dp_sem")) or _second(zeiss.get("sv_instrument_id")) or ""
        volts = _second(zeiss.get("ap_actualkv")) or _second(zeiss.get("ap_manualkv"))
        return Facts(
            microscopy="SEM",
            instrument=f"Zeiss {model}".strip(),
            voltage_kV=_positive(volts),
        )
    return Facts()


def _second(entry: Any) -> Any:
    """Value of a Zeiss record, which is (name, value, unit)."""
    return entry[1] if isinstance(entry, tuple) and len(entry) > 1 else None


def _positive(value: Any, scale: float = 1.0) -> float | None:
    try:
        number = float(value) * scale
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None


def facts_of_text(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    """Return what a JEOL or a Hitachi text file says of the picture beside it.

    Parameters
    ----------
    text
        Its content; one of another kind says nothing.
    shape
        Height and width of the picture [px]; a pixel size for another size is not taken.
    notes
        A pixel size that is not taken is noted here.
    """
    if "[SemImageFile]" in text[:200]:
        return _of_hitachi(text, shape, notes)
    if re.search(r"^\$CM_", text, re.MULTILINE):
        return _of_jeol(text, shape, notes)
    return Facts()


def _of_hitachi(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    known = dict(re.findall(r"^(\w+)=(.*?)\s*$", text, re.MULTILINE))
    size = _positive(known.get("PixelSize"))
    if not _fits(known.get("DataSize", ""), shape, notes):
        size = None
    volts = re.match(r"\s*([\d.]+)", known.get("AcceleratingVoltage", ""))
    return Facts(
        pixel_size_nm=size,
        microscopy="SEM",
        instrument=f"Hitachi {known.get('InstructName', '')}".strip(),
        voltage_kV=_positive(volts[1], 1e-3) if volts else None,
    )


def _of_jeol(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    known = dict(re.findall(r"^\$+((?:CM|SM)_\w+) +(.*?)\s*$", text, re.MULTILINE))
    bar = _positive(known.get("SM_MICRON_BAR"))  # length of the marker [px]
    marker = re.match(r"([\d.]+)\s*(\S+)", known.get("SM_MICRON_MARKER", ""))
    size = None
    if bar and marker and _fits(known.get("CM_FULL_SIZE", ""), shape, notes):
        unit = UNITS.get(marker[2].lower())
        length = _positive(marker[1])
        size = length * unit / bar if unit and length else None
    return Facts(
        pixel_size_nm=size,
        microscopy="SEM",
        instrument=f"JEOL {known.get('CM_INSTRUMENT', '')}".strip(),
        voltage_kV=_positive(known.get("CM_ACCEL_VOLT")),
    )


def _fits(size: str, shape: tuple[int, ...], notes: list[str]) -> bool:
    """Whether the size that a text states is the picture's, banner aside; no size is no fault."""
    found = re.match(r"\s*(\d+)\D+(\d+)", size)
    if found is None or int(found[1]) == shape[1]:
        return True
    notes.append(f"pixel size of the text file ignored: it is for {found[1]} x {found[2]} px")
    return False
