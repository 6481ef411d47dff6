"""TIA's SER, written byte by byte, and HSPY: lengths, patterns of diffraction, spectra."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph

pytest.importorskip("rsciio")
TRUTH = np.random.default_rng(8).integers(-900, 900, (24, 40)).astype(np.int16)


def write_ser(path: Path, *frames: np.ndarray, step: float) -> Path:
    """A series of pictures, or of spectra; the step of an axis is in metres (eV for spectra)."""
    flat = frames[0].ndim == 1
    head = struct.pack("<3h3iiqi", 0x4949, 0x0197, 0x0220, 0x4120 if flat else 0x4122, 0x4152,
                       len(frames), len(frames), 0, 1)  # fmt: skip
    words = b"Number"
    axis = struct.pack("<iddii", len(frames), 0.0, 1.0, 0, len(words)) + words
    axis += struct.pack("<i", 0)
    start = len(head) + len(axis)
    place, elements, tags, starts, ends = start + 16 * len(frames), b"", b"", [], []
    for frame in frames:
        starts.append(place + len(elements))
        for _ in range(frame.ndim):
            elements += struct.pack("<ddi", 0.0, step, 0)
        elements += struct.pack(f"<h{frame.ndim}i", 5, *reversed(frame.shape))
        elements += frame[..., :].astype("<i2").tobytes()
    for _ in frames:
        ends.append(place + len(elements) + len(tags))
        tags += struct.pack("<hhi", 0x4152, 0, 0)
    offsets = struct.pack(f"<{2 * len(frames)}q", *starts, *ends)
    head = head[:22] + struct.pack("<qi", start, 1)
    path.write_bytes(head + axis + offsets + elements + tags)
    return path


@pytest.mark.parametrize(
    ("step", "size"),
    [(2.5e-9, 2.5), (1.7e-11, 0.017), (3e-6, 3000.0), (1e8, None), (0.0, None), (1.0, None)],
)
def test_pictures_of_tia(tmp_path: Path, step: float, size: float | None) -> None:
    found = read_micrograph(write_ser(tmp_path / "a_1.ser", TRUTH, step=step))
    assert (found.pixels == TRUTH[::-1]).all()  # TIA stores the lowest row first
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert ("not within 1 pm to 1 cm" in str(found.note)) == (size is None)


def test_a_series_and_spectra_of_tia(tmp_path: Path) -> None:
    series = write_ser(tmp_path / "a_1.ser", TRUTH, TRUTH[:, ::-1], TRUTH, step=2.5e-9)
    found = read_micrograph(series)
    assert (found.pixels == TRUTH[::-1]).all() and "first of 3 frames" in str(found.note)
    spectra = write_ser(tmp_path / "b_1.ser", TRUTH[0], TRUTH[1], step=0.2)
    with pytest.raises(ImageError, match="holds no picture; saw 'spectrum'"):
        read_micrograph(spectra)


def write_hspy(path: Path, data: np.ndarray, *units: str, navigate: int = 0) -> Path:
    pytest.importorskip("h5py")
    hspy = pytest.importorskip("rsciio.hspy")
    axes = [
        {
            "name": f"axis{number}", "size": size, "units": unit, "scale": 2.5, "offset": 0.0,
            "navigate": number < navigate, "index_in_array": number,
            "_type": "UniformDataAxis", "is_binned": False,
        }
        for number, (size, unit) in enumerate(zip(data.shape, units, strict=True))
    ]  # fmt: skip
    told: dict[str, Any] = {"General": {"title": "a"}, "Signal": {"signal_type": ""}}
    more: dict[str, Any] = {"package": "hyperspy", "package_version": "2.0", "package_info": ""}
    more |= {"original_metadata": {}, "learning_results": {}, "tmp_parameters": {}, "models": {}}
    signal = {"data": data, "axes": axes, "metadata": told, "attributes": {"_lazy": False}, **more}
    hspy.file_writer(str(path), signal)
    return path


@pytest.mark.parametrize(
    ("data", "units", "navigate", "seen"),
    [
        (np.zeros((4, 5, 6)), ("nm", "nm", "eV"), 2, "spectrum image"),
        (np.zeros((6, 4, 5)), ("eV", "nm", "nm"), 1, "spectrum image"),
        (np.zeros((4, 6)), ("nm", "keV"), 1, "spectrum"),
        (np.zeros((4, 5), np.complex64), ("nm", "nm"), 0, "transform"),
        (np.zeros((4, 5, 6)), ("nm", "nm", "nm"), 0, "volume"),
    ],
)
def test_no_picture_in_hspy(
    tmp_path: Path, data: np.ndarray, units: tuple[str, ...], navigate: int, seen: str
) -> None:
    path = write_hspy(tmp_path / "a.hspy", data, *units, navigate=navigate)
    with pytest.raises(ImageError, match=f"holds no picture; saw '{seen}'"):
        read_micrograph(path)


@pytest.mark.parametrize("unit", ["nm", "1/nm", "mrad"])
def test_pictures_of_hspy(tmp_path: Path, unit: str) -> None:
    found = read_micrograph(write_hspy(tmp_path / "a.hspy", TRUTH, unit, unit))
    assert (found.pixels == TRUTH).all()
    assert found.pixel_size_nm == (pytest.approx(2.5) if unit == "nm" else None)
    assert found.pixel_size_source == ("HSPY axes" if unit == "nm" else None)
