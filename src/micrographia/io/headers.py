"""Metadata that microscopes write: manufacturer, voltage, pixel size.

FEI/Thermo Fisher, Zeiss, TESCAN and JEOL write them into TIFF tags, JEOL, Hitachi and TESCAN also
into a text file of the same stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import tifffile

from micrographia.io.microscopes.lengths import Witness, number, unit_nm


@dataclass(frozen=True)
class Facts:
    """Metadata of a file; None for what it does not state. See `images.Micrograph`.

    Attributes
    ----------
    sizes
        What parts of the file say of the pixel size, the most exact first.
    """

    sizes: tuple[Witness, ...] = ()
    format: str | None = None
    microscopy: str | None = None
    instrument: str | None = None
    voltage_kV: float | None = None


def facts_of_tiff(tiff: tifffile.TiffFile) -> Facts:
    """Return instrument and voltage from the tags of FEI/Thermo Fisher, Zeiss or TESCAN."""
    fei: Any = tiff.fei_metadata
    if isinstance(fei, dict) and fei:
        system, beam = fei.get("System", {}), fei.get("Beam", {})
        model = system.get("SystemType") or system.get("Type") or ""
        return Facts(
            microscopy="SEM" if "Type" in system or "SystemType" in system else None,
            instrument=f"FEI {model}".strip(),
            voltage_kV=number(beam.get("HV"), 1e-3),
        )
    zeiss: Any = tiff.sem_metadata
    if isinstance(zeiss, dict) and zeiss:
        model = _second(zeiss.get("dp_sem")) or _second(zeiss.get("sv_instrument_id")) or ""
        volts = _second(zeiss.get("ap_actualkv")) or _second(zeiss.get("ap_manualkv"))
        return Facts(
            microscopy="SEM",
            instrument=f"Zeiss {model}".strip(),
            voltage_kV=number(volts),
        )
    tescan = tescan_text(tiff)
    return Facts() if tescan is None else _of_tescan(tescan)


def tescan_text(tiff: tifffile.TiffFile) -> str | None:
    """Return the text in TESCAN's tag, lines of KEY=VALUE after some bytes, or None."""
    content = tiff.pages.first.tags.valueof(50431)
    if isinstance(content, bytes):
        content = content.decode("latin-1")
    return content if isinstance(content, str) and "PixelSizeX=" in content else None


def _second(entry: Any) -> Any:
    """Value of a Zeiss record, which is (name, value, unit)."""
    return entry[1] if isinstance(entry, tuple) and len(entry) > 1 else None


def facts_of_text(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    """Return what a text file of JEOL, Hitachi or TESCAN says of the picture beside it.

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
    if "[MAIN]" in text[:200] and "PixelSizeX=" in text:
        return _of_tescan(text, "TESCAN's text file")
    return Facts()


def _of_hitachi(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    known = _entries(text)
    size = number(known.get("PixelSize"))
    fits = _fits(known.get("DataSize", ""), shape, notes)
    volts = re.match(r"\s*([\d.]+)", known.get("AcceleratingVoltage", ""))
    return Facts(
        sizes=(Witness("Hitachi's text file", size, size),) if size and fits else (),
        microscopy="SEM",
        instrument=f"Hitachi {known.get('InstructName', '')}".strip(),
        voltage_kV=number(volts[1], 1e-3) if volts else None,
    )


def _of_jeol(text: str, shape: tuple[int, ...], notes: list[str]) -> Facts:
    known = {key.lstrip("$"): value for key, value in _entries(text, " ").items()}
    bar = number(known.get("SM_MICRON_BAR"))  # length of the marker [px]
    marker = re.match(r"([\d.]+)\s*(\S+)", known.get("SM_MICRON_MARKER", ""))
    size = None
    if bar and marker and _fits(known.get("CM_FULL_SIZE", ""), shape, notes):
        length = number(marker[1], unit_nm(marker[2]) or 0)
        size = length / bar if length else None
    return Facts(
        sizes=(Witness("JEOL's text file", size, size),) if size else (),
        microscopy="SEM",
        instrument=f"JEOL {known.get('CM_INSTRUMENT', '')}".strip(),
        voltage_kV=number(known.get("CM_ACCEL_VOLT")),
    )


def _of_tescan(text: str, source: str | None = None) -> Facts:
    """Of a tag the size is read elsewhere (no `source`); of the text file beside it, here."""
    known = _entries(text)
    return Facts(
        sizes=tuple(tescan_size(text, source)) if source else (),
        microscopy="SEM",
        instrument=known.get("Device", "").strip() or "TESCAN",
        voltage_kV=number(known.get("HV"), 1e-3),
    )


def _entries(text: str, mark: str = "=") -> dict[str, str]:
    """Return the lines of a text that are KEY, the mark, VALUE; a key twice has its last value."""
    pairs = (line.strip().partition(mark) for line in re.split(r"[\r\n\0]", text))
    return {key.strip(): value.strip() for key, _, value in pairs if value}


def tescan_size(text: str, source: str) -> list[Witness]:
    """Return the sides of a pixel that TESCAN states in metres."""
    found = re.search(r"PixelSizeX=([-+.\deE]+)", text)
    across = number(found[1], 1e9) if found else None
    if across is None:
        return []
    second = re.search(r"PixelSizeY=([-+.\deE]+)", text)
    return [Witness(source, across, (number(second[1], 1e9) if second else None) or across)]


def _fits(size: str, shape: tuple[int, ...], notes: list[str]) -> bool:
    """Whether the size that a text states is the picture's, banner aside; no size is no fault."""
    found = re.match(r"\s*(\d+)\D+(\d+)", size)
    if found is None or int(found[1]) == shape[1]:
        return True
    notes.append(f"pixel size of the text file ignored: it is for {found[1]} x {found[2]} px")
    return False
