"""Formats and headers of microscopes, written by the libraries that write them."""

from __future__ import annotations

import importlib
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from micrographia.errors import ImageError, install_hint
from micrographia.io import microscope_files
from micrographia.io.images import read_micrograph

PIXELS = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)


def _signal(data: np.ndarray, unit: str = "µm", **metadata: Any) -> dict[str, Any]:
    names = ["time", "y", "x"][-data.ndim :]
    axes = [
        {
            "name": name,
            "size": size,
            "units": "s" if name == "time" else unit,
            "scale": 0.0025,
            "offset": 0.0,
            "navigate": name == "time",
            "index_in_array": number,
            "_type": "UniformDataAxis",
            "is_binned": False,
        }
        for number, (name, size) in enumerate(zip(names, data.shape, strict=True))
    ]
    return {
        "data": data,
        "axes": axes,
        "metadata": {"General": {"title": "x"}, "Signal": {"signal_type": ""}, **metadata},
        "original_metadata": {},
        "learning_results": {},
        "package": "hyperspy",
        "package_version": "2.0",
        "package_info": "",
        "tmp_parameters": {},
        "attributes": {"_lazy": False},
        "models": {},
    }


def _write(path: Path, signal: dict[str, Any]) -> Path:
    name = {".hspy": "hspy", ".emd": "emd"}[path.suffix]
    pytest.importorskip("h5py")
    pytest.importorskip("rsciio")
    importlib.import_module(f"rsciio.{name}").file_writer(str(path), signal)
    return path


def _write_mrc(path: Path, data: np.ndarray) -> Path:
    """The header of MRC2014: sizes, mode 6 (uint16), cell in angstrom."""
    frames, height, width = data.shape
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, width, height, frames, 6, 0, 0, 0, width, height, frames)
    struct.pack_into("<3f", header, 40, width * 25.0, height * 25.0, frames * 25.0)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    header[208:212] = b"MAP "
    header[212:216] = b"\x44\x44\0\0"
    path.write_bytes(bytes(header) + data.astype("<u2").tobytes())
    return path


@pytest.mark.parametrize("suffix", [".hspy", ".emd"])
def test_hdf5_formats_keep_pixels_and_their_size(tmp_path: Path, suffix: str) -> None:
    read = read_micrograph(_write(tmp_path / f"a{suffix}", _signal(PIXELS)))
    assert np.array_equal(read.pixels, PIXELS)
    assert read.pixel_size_nm == pytest.approx(2.5)
    assert read.format == suffix[1:].upper()


def test_instrument_of_hspy(tmp_path: Path) -> None:
    known = {"beam_energy": 200.0, "microscope": "Titan", "acquisition_mode": "STEM"}
    signal = _signal(PIXELS, Acquisition_instrument={"TEM": known})
    read = read_micrograph(_write(tmp_path / "a.hspy", signal))
    assert (read.microscopy, read.instrument, read.voltage_kV) == ("STEM", "Titan", 200.0)


def test_first_frame_of_a_stack(tmp_path: Path) -> None:
    stack = np.stack([PIXELS, PIXELS[::-1], PIXELS])
    read = read_micrograph(_write(tmp_path / "a.hspy", _signal(stack)))
    assert np.array_equal(read.pixels, PIXELS)
    assert read.note is not None and "first of 3 frames" in read.note


def test_mrc(tmp_path: Path) -> None:
    pytest.importorskip("rsciio")
    read = read_micrograph(_write_mrc(tmp_path / "a.mrc", PIXELS[None]))
    assert np.array_equal(np.sort(read.pixels.ravel()), PIXELS.ravel())
    assert read.pixels.shape == PIXELS.shape
    assert read.pixel_size_nm == pytest.approx(2.5)


def test_reciprocal_axes_give_no_size(tmp_path: Path) -> None:
    read = read_micrograph(_write(tmp_path / "a.hspy", _signal(PIXELS, unit="1/nm")))
    assert read.pixel_size_nm is None


def test_spectra_are_no_picture(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.hspy", _signal(PIXELS[0], unit="eV"))
    with pytest.raises(ImageError, match="holds no picture"):
        read_micrograph(path)


def test_too_large_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.hspy", _signal(PIXELS))
    with pytest.raises(ImageError, match="too large to decode; saw '32 x 24 px'"):
        read_micrograph(path, max_pixels=700)


@pytest.mark.parametrize("suffix", [".dm3", ".dm4", ".emd", ".mrc", ".ser", ".hspy"])
def test_damaged_files_are_one_sentence(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("rsciio")
    pytest.importorskip("h5py")
    path = tmp_path / f"a{suffix}"
    whole = _write(tmp_path / "w.hspy", _signal(PIXELS)).read_bytes()
    for content in (
        b"\0\0\0\4" + bytes(40),
        b"no microscope writes this",
        whole[: len(whole) // 2],
    ):
        path.write_bytes(content)
        with pytest.raises(ImageError, match=f"a{suffix}"):
            read_micrograph(path)


def test_without_rosettasciio_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(microscope_files.importlib, "import_module", missing)
    (tmp_path / "a.dm3").write_bytes(b"\0\0\0\3")
    with pytest.raises(ImageError, match=re.escape(install_hint("formats"))):
        read_micrograph(tmp_path / "a.dm3")


def test_zeiss_and_fei_tags(tmp_path: Path) -> None:
    zeiss = "\r\n".join(
        ["", "0", "AP_IMAGE_PIXEL_SIZE", "Image Pixel Size = 1.25 nm", "AP_ACTUALKV", "EHT = 5 kV"]
    )
    fei = "[System]\r\nSystemType=Helios NanoLab\r\n[Beam]\r\nHV=15000\r\n"
    fei += "[Scan]\r\nPixelWidth=3e-9\r\n"
    for name, tag, text in (("zeiss", 34118, zeiss), ("fei", 34682, fei)):
        content = text.encode("cp1252") + b"\0"
        tifffile.imwrite(
            tmp_path / f"{name}.tif", PIXELS, extratags=[(tag, 2, len(content), content, True)]
        )
    read = read_micrograph(tmp_path / "zeiss.tif")
    assert read.pixel_size_nm == pytest.approx(1.25)
    assert (read.microscopy, read.instrument, read.voltage_kV) == ("SEM", "Zeiss", 5.0)
    read = read_micrograph(tmp_path / "fei.tif")
    assert read.pixel_size_nm == pytest.approx(3.0)
    assert (read.instrument, read.voltage_kV) == ("FEI Helios NanoLab", 15.0)


HITACHI = (
    "[SemImageFile]\r\nInstructName=SU8010\r\nDataSize={}x24\r\nPixelSize=9.92\r\n"
    "AcceleratingVoltage=5000 Volt\r\n"
)
JEOL = (
    "$CM_FORMAT JEOL\r\n$CM_INSTRUMENT JSM-7001F\r\n$CM_ACCEL_VOLT 15.00\r\n"
    "$CM_FULL_SIZE {} 24\r\n$$SM_MICRON_BAR 20\r\n$$SM_MICRON_MARKER 1um\r\n"
)


@pytest.mark.parametrize(
    ("text", "size", "instrument", "volts"),
    [(HITACHI, 9.92, "Hitachi SU8010", 5.0), (JEOL, 50.0, "JEOL JSM-7001F", 15.0)],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_files_beside_pictures(
    tmp_path: Path, text: str, size: float, instrument: str, volts: float, encoding: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    (tmp_path / "a.txt").write_text(text.format(32), encoding=encoding)
    read = read_micrograph(tmp_path / "a.tif")
    assert read.pixel_size_nm == pytest.approx(size)
    assert (read.instrument, read.voltage_kV) == (instrument, volts)
    (tmp_path / "a.txt").write_text(text.format(64), encoding=encoding)
    read = read_micrograph(tmp_path / "a.tif")
    assert read.pixel_size_nm is None
    assert "text file ignored: it is for 64 x 24 px" in str(read.note)


def test_a_text_file_of_another_kind_says_nothing(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    (tmp_path / "a.txt").write_text("Dear diary, PixelSize=3")
    read = read_micrograph(tmp_path / "a.tif")
    assert read.pixel_size_nm is None and read.instrument is None and read.note is None
