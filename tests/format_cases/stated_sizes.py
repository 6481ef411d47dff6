"""Pixel sizes that TIFFs and the texts beside them state, and those that are not believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from format_cases import GREY, Case, Writer

_PARTS = "tifffile"
_NM = {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}


def _tiff(*tags: Any, beside: tuple[str, str] | None = None, **more: Any) -> Writer:
    def write(path: Path) -> None:
        tifffile.imwrite(path, GREY, extratags=list(tags), **more)
        if beside is not None:
            path.with_suffix(beside[0]).write_text(beside[1], encoding="utf-8")

    return write


def _text(code: int, words: str) -> tuple[int, str, int, bytes, bool]:
    content = words.encode("cp1252") + b"\0"
    return code, "s", len(content), content, True


def _fei(across: float, down: float) -> tuple[int, str, int, bytes, bool]:
    scan = f"[Scan]\r\nPixelWidth={across}\r\nPixelHeight={down}\r\n"
    return _text(34682, f"[System]\r\nSystemType=Helios\r\n{scan}")


def _zeiss(key: str, words: str) -> tuple[int, str, int, bytes, bool]:
    return _text(34118, "\r\n".join(["", "0", key, words]))


def _imagej(unit: str, size: float, *tags: Any, **more: Any) -> Writer:
    told = {"imagej": True, "resolution": (1 / size, 1 / size), "metadata": {"unit": unit}}
    return _tiff(*tags, **told, **more)


def _ome(size: float, **more: Any) -> Writer:
    return _tiff(metadata={"PhysicalSizeX": size, "PhysicalSizeY": size, **_NM}, ome=True, **more)


def _dm(unit: str, step: float) -> list[Any]:
    letters = unit.encode("latin-1") + b"\0"
    units = [(code, "s", len(letters), letters, True) for code in (65003, 65004)]
    return [*units, (65009, "d", 1, step, True), (65010, "d", 1, step, True)]


def _tvips(step: float) -> tuple[int, str, int, bytes, bool]:
    parts = [("one", tifffile.TIFF.TVIPS_HEADER_V1), ("two", tifffile.TIFF.TVIPS_HEADER_V2)]
    record = np.zeros(1, np.dtype(parts).newbyteorder("<"))
    record["one"]["Version"], record["two"]["Magic"] = 2, 0xAAAAAAAA
    record["two"]["PixelSizeX"] = record["two"]["PixelSizeY"] = step
    return 37706, "B", record.nbytes, record.tobytes(), True


def _jeol(mode: str, magnification: int) -> Writer:
    words = (
        "<TemReporter><EosMode>eosTEM</EosMode><ImageFormingSystem><ModeString>"
        f"{mode}</ModeString><SelectorValue>{magnification}</SelectorValue>"
        "</ImageFormingSystem></TemReporter>"
    )
    made_by = (271, "s", 10, b"JEOL Ltd.\0", True)
    more = {"resolution": (100, 100), "resolutionunit": 2, "metadata": None}
    return _tiff(made_by, description=words, **more)


_TESCAN = "[MAIN]\nDevice=TESCAN\nPixelSizeX=2.5e-9\nPixelSizeY=2.5e-9\n"
_HITACHI = "[SemImageFile]\nDataSize=56x40\nPixelSize=2.5\n"
_BESIDE = "$CM_FORMAT JEOL\n$CM_FULL_SIZE 56 40\n$$SM_MICRON_BAR 40\n$$SM_MICRON_MARKER 100nm\n"


def _sized(holds: str, right: str, files: dict[str, Writer]) -> Case:
    return Case("TIFF, its size", holds, right, _PARTS, files, ".tif", pixels=GREY, size_nm=2.5)


def _refused(holds: str, right: str, files: dict[str, Writer], *notes: str) -> Case:
    return Case("TIFF, its size", holds, right, _PARTS, files, ".tif", pixels=GREY, notes=notes)


CASES = [
    _sized("FEI tag", "[Scan] in metres", {"34682": _tiff(_fei(2.5e-9, 2.5e-9))}),
    _sized("Zeiss tag", "of the picture, its width, or the display's x 1024 / width",
           {"image pixel size": _tiff(_zeiss("AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 2.5 nm")),
            "width": _tiff(_zeiss("AP_WIDTH", "Width = 140 nm")),
            "display": _tiff(_zeiss("AP_PIXEL_SIZE", "Pixel Size = 136.71875 pm"))}),
    _sized("TESCAN tag or text", "PixelSizeX in metres",
           {"50431": _tiff(_text(50431, _TESCAN)), "text": _tiff(beside=(".hdr", _TESCAN))}),
    _sized("DigitalMicrograph tags", "the step in its unit",
           {"nm": _tiff(*_dm("nm", 2.5)), "µm": _tiff(*_dm("µm", 0.0025))}),
    _sized("TVIPS tag", "PixelSizeX in nm", {"37706": _tiff(_tvips(2.5))}),
    _sized("JEOL SightX", "of the print, over the magnification", {"MAG": _jeol("MAG", 101600)}),
    _sized("text of JEOL or Hitachi beside", "PixelSize, or marker over its pixels",
           {"Hitachi": _tiff(beside=(".txt", _HITACHI)), "JEOL": _tiff(beside=(".txt", _BESIDE))}),
    _sized("ImageJ", "in its unit",
           {unit: _imagej(unit, size) for unit, size in
            {"nm": 2.5, "nanometers": 2.5, "micron": 2.5e-3, "um": 2.5e-3, "mm": 2.5e-6,
             "cm": 2.5e-7, "angstrom": 25.0, "pm": 2500.0}.items()}),
    _sized("OME-XML", "PhysicalSize, before tags of print",
           {"alone": _ome(2.5), "72 dpi": _ome(2.5, resolution=(72, 72), resolutionunit=2)}),
    _sized("resolution tags", "where a pixel is below 5 µm",
           {"per cm": _tiff(resolution=(4e6, 4e6), resolutionunit=3)}),
    _sized("two parts that agree", "that of the maker",
           {"FEI, ImageJ": _imagej("nm", 2.51, _fei(2.5e-9, 2.5e-9))}),
    _refused("two parts that disagree", "none, and a note names both",
             {"FEI, ImageJ": _imagej("nm", 5.0, _fei(2.5e-9, 2.5e-9)),
              "OME, resolution": _ome(2.5, resolution=(2e6, 2e6), resolutionunit=3)},
             "pixel size ignored", "2.5 nm", " 5 nm"),
    _refused("pixels that are not square", "none, and a note",
             {"FEI": _tiff(_fei(2.5e-9, 3.5e-9))}, "not square"),
    _refused("a length that no pixel has", "none, and a note",
             {"ImageJ": _imagej("m", 1.0), "FEI": _tiff(_fei(1e5, 1e5))},
             "not within 1 pm to 1 cm"),
    _refused("a camera length (JEOL)", "none, and a note", {"DIFF": _jeol("DIFF", 400)},
             "states no magnification"),
    _refused("the size of the printed page", "none",
             {"72 dpi": _tiff(resolution=(72, 72), resolutionunit=2),
              "ImageJ, inch": _imagej("inch", 1 / 72)}),
]  # fmt: skip
