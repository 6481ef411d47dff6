"""Pixel sizes in makers' TIFF tags, written here as the makers do, and what becomes of others."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from micrographia.io.images import read_micrograph

GREY = np.random.default_rng(0).integers(0, 255, (40, 64)).astype(np.uint8)
FEI, FEI_XML, ZEISS, TESCAN, SIS, TVIPS = 34682, 34683, 34118, 50431, 33560, 37706


def text(code: int, words: str) -> tuple[int, str, int, bytes, bool]:
    """A private tag that holds text."""
    content = words.encode("cp1252") + b"\0"
    return code, "s", len(content), content, True


def write(path: Path, *tags: Any, **more: Any) -> Path:
    tifffile.imwrite(path, more.pop("pixels", GREY), extratags=list(tags), **more)
    return path


def fei(across: float, down: float | None = None, width: int = 64, part: str = "Scan") -> str:
    names = {"Scan": ("PixelWidth", "PixelHeight"), "IRBeam": ("HFW", "VFW")}[part]
    second = across if down is None else down
    return (
        f"[System]\r\nSystemType=Helios\r\n[{part}]\r\n{names[0]}={across}\r\n{names[1]}={second}"
        f"\r\n[Image]\r\nResolutionX={width}\r\nResolutionY=36\r\n"
    )


def xml(unit: str, size: float) -> str:
    return (
        f'<Metadata><BinaryResult><PixelSize><X unit="{unit}" unitPrefixPower="1">{size}</X>'
        f'<Y unit="{unit}" unitPrefixPower="1">{size}</Y></PixelSize></BinaryResult></Metadata>'
    )


def phenom(unit: str, size: float) -> str:
    sides = "".join(
        f'<{name} unit="{unit}">{size}</{name}>' for name in ("pixelWidth", "pixelHeight")
    )
    return f"<?xml version='1.0'?><FeiImage>{sides}</FeiImage>"


def zeiss(**entries: str) -> str:
    lines = ["", "0"]
    for key, words in entries.items():
        lines += [key.upper(), words]
    return "\r\n".join(lines)


@pytest.mark.parametrize(
    ("tag", "size"),
    [
        ((FEI, fei(2.5e-9)), 2.5),
        ((FEI, fei(3.3724e-6)), 3372.4),
        ((FEI, fei(64e-6, 36e-6, part="IRBeam")), 1000.0),  # field of view of the camera
        ((FEI, fei(2.5e-9, 3.5e-9)), None),
        ((FEI, fei(2.5e-9, width=1024)), None),  # of a picture of another width
        ((FEI, fei(2.5)), None),
        ((FEI_XML, xml("m", 2.5e-9)), 2.5),
        ((FEI_XML, xml("1/m", 2.5e8)), None),
        ((FEI_XML, phenom("nm", 2.5)), 2.5),
        ((FEI_XML, phenom("um", 0.0025)), 2.5),
        ((ZEISS, zeiss(ap_image_pixel_size="Image Pixel Size = 2.500 nm")), 2.5),
        ((ZEISS, zeiss(ap_width="Width = 160.0 nm")), 2.5),
        ((ZEISS, zeiss(ap_pixel_size="Pixel Size = 156.3 pm")), 2.5008),  # x 1024 / 64
        ((ZEISS, "7\r\n0\r\n0\r\n1.5625e-10\r\n0\r\nDP_SEM\r\nSEM = LEO\r\n"), 2.5),
        (
            (
                ZEISS,
                zeiss(
                    ap_image_pixel_size="Image Pixel Size = 2.500 nm",
                    ap_width="Width = 320.0 nm",  # the picture was made half as wide
                ),
            ),
            None,
        ),
        ((TESCAN, "\x01\x02[MAIN]\r\nPixelSizeX=2.5e-9\r\nPixelSizeY=2.5e-9\r\nHV=20000.0"), 2.5),
        ((TESCAN, "[MAIN]\nPixelSizeX=0.0000000025\nPixelSizeY=0.0000000025\n"), 2.5),
        ((TESCAN, "[MAIN]\nPixelSizeX=2.5e-9\nPixelSizeY=5e-9\n"), None),
        ((TESCAN, "[MAIN]\nPixelSizeX=2.5\nPixelSizeY=2.5\n"), None),
    ],
)
def test_text_tags(tmp_path: Path, tag: tuple[int, str], size: float | None) -> None:
    found = read_micrograph(write(tmp_path / "a.tif", text(*tag)))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    if size is None:
        assert "1/m" in tag[1] or "pixel size" in str(found.note)
    else:
        makers = {FEI: "FEI", FEI_XML: "FEI", ZEISS: "Zeiss", TESCAN: "TESCAN"}
        assert str(found.pixel_size_source).startswith(makers[tag[0]]) and found.note is None


def test_instrument_of_tescan(tmp_path: Path) -> None:
    words = "[MAIN]\r\nDevice=TESCAN VEGA3\r\nPixelSizeX=1e-8\r\n[SEM]\r\nHV=20000.0\r\n"
    found = read_micrograph(write(tmp_path / "a.tif", text(TESCAN, words)))
    assert (found.instrument, found.voltage_kV, found.microscopy) == ("TESCAN VEGA3", 20.0, "SEM")
    assert found.pixel_size_nm == pytest.approx(10)


@pytest.mark.parametrize("ending", ["a.hdr", "a-tif.hdr"])
@pytest.mark.parametrize(
    ("metres", "size"), [("2.5e-9", 2.5), ("0.00000001", 10.0), ("2.5", None)]
)
def test_text_of_tescan_beside(
    tmp_path: Path, ending: str, metres: str, size: float | None
) -> None:
    path = write(tmp_path / "a.tif")
    words = f"[MAIN]\nDevice=TESCAN\nPixelSizeX={metres}\nPixelSizeY={metres}\n"
    (tmp_path / ending).write_text(words)
    found = read_micrograph(path)
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert (found.pixel_size_source == "TESCAN's text file") == (size is not None)


def sis(path: Path, exponent: int, across: float, down: float, *, preview: bool) -> Path:
    """Olympus: a structure whose offset the tag holds, on the page after a coloured preview."""
    tag = bytearray(60 + 8 + 112)
    struct.pack_into("<4s6xhhhhh6x32sH", tag, 0, b"SIS0", 1, 2, 3, 4, 118, b"x", 1)
    code = (SIS, "B", len(tag), bytes(tag), True)
    with tifffile.TiffWriter(path) as file:
        made_by = (271, "s", 31, b"Olympus Soft Imaging Solutions\0", True)
        if preview:
            file.write(np.stack([GREY] * 3, axis=2), photometric="rgb", extratags=[made_by])
        file.write(GREY.astype(np.uint16), photometric="minisblack", extratags=[made_by, code])
    content = bytearray(path.read_bytes())
    start = content.index(b"SIS0")
    struct.pack_into("<hhI", content, start + 60, 1, 1, start + 68)
    struct.pack_into(
        "<10xhdd8xd2x34s32s", content, start + 68, exponent, across, down, 6e5, b"", b""
    )
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("exponent", "across", "down", "size"),
    [(-9, 2.5, 2.5, 2.5), (-6, 0.0025, 0.0025, 2.5), (-9, 2.5, 3.5, None), (0, 2.5, 2.5, None)],
)
def test_olympus_sis(
    tmp_path: Path, exponent: int, across: float, down: float, size: float | None, preview: bool
) -> None:
    found = read_micrograph(sis(tmp_path / "a.tif", exponent, across, down, preview=preview))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert (found.pixel_size_source == "Olympus SIS tag") == (size is not None)
    assert ("pixel size" in str(found.note)) == (size is None)


@pytest.mark.parametrize(
    ("across", "down", "size"), [(2.5, 2.5, 2.5), (2.5, 3.5, None), (0.0, 0.0, None)]
)
def test_tvips(tmp_path: Path, across: float, down: float, size: float | None) -> None:
    parts = [("one", tifffile.TIFF.TVIPS_HEADER_V1), ("two", tifffile.TIFF.TVIPS_HEADER_V2)]
    record = np.zeros(1, np.dtype(parts).newbyteorder("<"))
    record["one"]["Version"], record["two"]["Magic"] = 2, 0xAAAAAAAA
    record["two"]["PixelSizeX"], record["two"]["PixelSizeY"] = across, down
    raw = record.tobytes()
    found = read_micrograph(write(tmp_path / "a.tif", (TVIPS, "B", len(raw), raw, True)))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(
    ("unit", "across", "down", "size"),
    [
        ("nm", 2.5, 2.5, 2.5),
        ("µm", 0.0025, 0.0025, 2.5),
        ("nm", 2.5, 25.0, None),
        ("1/nm", 0.1, 0.1, None),
    ],
)
def test_digitalmicrograph(
    tmp_path: Path, unit: str, across: float, down: float, size: float | None
) -> None:
    letters = unit.encode("latin-1") + b"\0"
    units = [(code, "s", len(letters), letters, True) for code in (65003, 65004)]
    steps = [(65009, "d", 1, across, True), (65010, "d", 1, down, True)]
    found = read_micrograph(write(tmp_path / "a.tif", *units, *steps, resolution=(72, 72)))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(
    ("column", "mode", "magnification", "size"),
    [
        ("eosTEM", "MAG", "150000", 25.4e6 / 93 / 150000),
        ("eosTEM", "MAG", "2000", 25.4e6 / 93 / 2000),
        ("eosTEM", "MAG", "1000000", 25.4e6 / 93 / 1e6),
        ("eosTEM", "DIFF", "400", None),  # a camera length
        ("modeASID", "MAG", "150000", None),
    ],
)
def test_jeol_sightx(
    tmp_path: Path, column: str, mode: str, magnification: str, size: float | None
) -> None:
    words = (
        f'<?xml version="1.0"?><TemReporter><Eos><EosMode>{column}</EosMode></Eos><SelectorValue>7'
        f"</SelectorValue><ImageFormingSystem><ModeString>{mode}</ModeString><SelectorValue>"
        f"{magnification}</SelectorValue></ImageFormingSystem></TemReporter>"
    )
    made_by = (271, "s", 10, b"JEOL Ltd.\0", True)
    more = {"resolution": (93, 93), "resolutionunit": 2, "metadata": None}
    found = read_micrograph(write(tmp_path / "a.tif", made_by, description=words, **more))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert (found.pixel_size_source == "JEOL tag") == (size is not None)
    assert ("states no magnification" in str(found.note)) == (size is None)


@pytest.mark.parametrize(
    ("unit", "size"), [("um", 2.5e-3), ("nm", 2.5), ("pixel", None), ("um", 2.5e9)]
)
def test_metaseries(tmp_path: Path, unit: str, size: float | None) -> None:
    keys = [("state", "On", "bool"), ("units", unit, "string")]
    keys += [("x", str(size or 1), "float"), ("y", str(size or 1), "float")]
    props = "".join(
        f'<prop id="spatial-calibration-{key}" type="{kind}" value="{value}"/>'
        for key, value, kind in keys
    )
    words = f"<MetaData><PlaneInfo>{props}</PlaneInfo></MetaData>"
    more: dict[str, Any] = {"metadata": None, "software": "MetaSeries"}
    found = read_micrograph(write(tmp_path / "a.tif", description=words, **more))
    believed = size is not None and size < 1e9
    assert found.pixel_size_nm == (pytest.approx(2.5) if believed else None)


@pytest.mark.parametrize("pixel", [1.0, 0.017, 250.0])
def test_a_streak_camera_has_no_length(tmp_path: Path, pixel: float) -> None:
    words = '[Application],Date="10/02/2022",Software="HPD-TA",Application=2\r\n[Camera],X=1'
    path = write(
        tmp_path / "a.tif", description=words, metadata=None, resolution=(1 / pixel, 1 / pixel)
    )
    with tifffile.TiffFile(path) as file:
        streak = file.is_streak
    found = read_micrograph(path)
    assert streak and found.pixel_size_nm is None and "streak" in str(found.note)
