"""MRC as the standard has it, written here byte by byte: no reader or writer is trusted."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from micrographia.io.images import read_micrograph
from micrographia.io.microscopes.lengths import settle
from micrographia.io.microscopes.signals import _size

pytest.importorskip("rsciio")


def write_mrc(path: Path, pixels: np.ndarray, mode: int, cell: tuple[float, float, float]) -> Path:
    """One section of MRC2014; cell lengths in Å."""
    height, width = pixels.shape
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, width, height, 1, mode, 0, 0, 0, width, height, 1)
    struct.pack_into("<6f", header, 40, *cell, 90.0, 90.0, 90.0)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<3f", header, 76, float(pixels.min()), float(pixels.max()), 0.0)
    header[208:212] = b"MAP "
    header[212:216] = b"\x44\x44\x00\x00"
    path.write_bytes(bytes(header) + pixels.tobytes())
    return path


def test_bytes_of_mrc_are_signed(tmp_path: Path) -> None:
    truth = np.random.default_rng(1).integers(-100, 100, (24, 40)).astype(np.int8)
    found = read_micrograph(write_mrc(tmp_path / "a.mrc", truth, 0, (1000.0, 600.0, 25.0)))
    assert (found.pixels.astype(int) == truth).all()
    assert found.pixel_size_nm == pytest.approx(2.5)


def test_other_modes_of_mrc_stay_as_they_are(tmp_path: Path) -> None:
    truth = np.random.default_rng(2).normal(size=(24, 40)).astype(np.float32)
    found = read_micrograph(write_mrc(tmp_path / "a.mrc", truth, 2, (1000.0, 600.0, 25.0)))
    assert (found.pixels == truth).all()


def test_a_negative_cell_is_no_pixel_size(tmp_path: Path) -> None:
    truth = np.zeros((24, 40), np.float32)
    truth[3, 4] = 1
    cell = (-1000.0, -600.0, -25.0)
    assert read_micrograph(write_mrc(tmp_path / "a.mrc", truth, 2, cell)).pixel_size_nm is None


@pytest.mark.parametrize(
    ("steps", "unit", "nm"),
    [
        ((2.5, 2.5), "nm", 2.5),
        ((-2.5, 2.5), "nm", 2.5),  # one axis runs the other way
        ((-2.5, -2.5), "nm", None),
        ((2.5, 3.5), "nm", None),
        ((2.5e-9, 2.5e-9), "m", 2.5),
        ((1e8, 1e8), "m", None),  # a pattern of diffraction, in metres
        ((1e-9, 1e-9), "pm", None),
        ((2.5, 2.5), "1/nm", None),
    ],
)
def test_steps_that_are_no_length_of_a_picture(
    steps: tuple[float, float], unit: str, nm: float | None
) -> None:
    notes: list[str] = []
    found = _size([{"scale": step, "units": unit} for step in steps], "axes", notes)
    size, source = settle([] if found is None else [found], notes)
    assert size == (None if nm is None else pytest.approx(nm))
    assert (source is None) == (size is None) == bool(notes)


def test_a_transform_is_no_picture(tmp_path: Path) -> None:
    """Of a Berkeley EMD that holds a transform first, the picture is read."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "two.emd"
    truth = np.arange(72, dtype=np.uint16).reshape(8, 9)
    with h5py.File(path, "w") as file:
        file.attrs.update(version_major=0, version_minor=2)
        for name, data in (("a_fft", np.fft.fft2(truth)), ("b_picture", truth.T)):
            group = file.create_group(f"data/{name}")
            group.attrs["emd_group_type"] = 1
            group["data"] = data.astype(np.complex64) if name == "a_fft" else data
            for number, size in enumerate(data.shape, 1):
                group[f"dim{number}"] = 2.5 * np.arange(size)
                group[f"dim{number}"].attrs.update(name="xy"[number - 1], units="[n_m]")
    found = read_micrograph(path)
    assert sorted(found.pixels.shape) == [8, 9] and found.pixels.dtype == np.uint16
    assert found.pixel_size_nm == pytest.approx(2.5)
    assert "2 signals" in (found.note or "")
