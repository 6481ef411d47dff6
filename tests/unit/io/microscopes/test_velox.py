"""Velox EMD: the picture of a detector, among spectra, maps of elements and transforms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph

h5py = pytest.importorskip("h5py")
TRUTH = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)
HALF = np.dtype([("realFloatHalfEven", "<f4"), ("imagFloatHalfEven", "<f4")])


def write(path: Path, *images: tuple[np.ndarray, str | None], **told: Any) -> Path:
    """Pictures with the name of their detector (None: computed); more groups of spectra."""
    spectra, unit, width = told.get("spectra", 0), told.get("unit", "m"), told.get("width", 2.5e-9)
    with h5py.File(path, "w") as file:
        file["Version"] = np.array([b'{"format": "Velox", "version": "11"}'])
        for number, (pixels, detector) in enumerate(images):
            size = {"width": str(width), "height": str(told.get("height", width))}
            result: dict[str, Any] = {"PixelSize": size, "PixelUnitX": unit, "PixelUnitY": unit}
            known: dict[str, Any] = {
                "BinaryResult": result,
                "Optics": {"AccelerationVoltage": "200000", "OperatingMode": "2"},
                "Instrument": {"InstrumentClass": "Titan", "InstrumentModel": "Themis"},
            }
            if detector is not None:
                known["Detectors"] = {"Detector-3": {"DetectorName": detector}}
                result["DetectorIndex"] = "3"
            text = np.frombuffer(json.dumps(known).encode().ljust(4000, b"\0"), np.uint8)
            group = file.create_group(f"Data/Image/{number:032x}")
            stored = pixels if pixels.ndim == 3 else pixels[..., None]
            group["Data"] = stored
            group["Metadata"] = np.repeat(text[:, None], stored.shape[2], axis=1)
        for number in range(spectra):
            file[f"Data/Spectrum/{number:032x}/Data"] = np.zeros((4096, 1), np.uint32)
    return path


def test_a_picture_with_its_size_and_instrument(tmp_path: Path) -> None:
    found = read_micrograph(write(tmp_path / "a.emd", (TRUTH, "HAADF")))
    assert (found.pixels == TRUTH).all() and found.note is None
    assert found.pixel_size_nm == pytest.approx(2.5)
    assert found.pixel_size_source == "Velox metadata"
    assert (found.microscopy, found.instrument, found.voltage_kV) == (
        "STEM",
        "FEI Titan Themis",
        200.0,
    )


@pytest.mark.parametrize(
    "others",
    [
        [(np.zeros((40, 60), np.float32), None)],  # a map of an element comes first
        [(np.zeros((40, 60), HALF), "HAADF")],  # its transform comes first
        [(TRUTH[::-1], "BF-S"), (TRUTH[:, ::-1], "DF4")],
        [(TRUTH[::-1], "SomethingElse"), (np.zeros((40, 60), np.float32), None)],
    ],
)
def test_haadf_among_others(tmp_path: Path, others: list[Any]) -> None:
    found = read_micrograph(write(tmp_path / "a.emd", *others, (TRUTH, "HAADF"), spectra=2))
    assert (found.pixels == TRUTH).all()
    assert found.note == f"picture 'HAADF' of {len(others) + 3} signals"


def test_first_frame(tmp_path: Path) -> None:
    stack = np.stack([TRUTH, TRUTH[::-1], TRUTH], axis=2)
    found = read_micrograph(write(tmp_path / "a.emd", (stack, "BM-Ceta")))
    assert (found.pixels == TRUTH).all() and found.note == "first of 3 frames"


def test_a_map_alone_says_so(tmp_path: Path) -> None:
    found = read_micrograph(write(tmp_path / "a.emd", (TRUTH, None)))
    assert (found.pixels == TRUTH).all() and "map of an element" in str(found.note)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"unit": "1/m", "width": 9.8e7}, "the axes are in 1/m"),
        ({"width": 2.5e-9, "height": 3.5e-9}, "not square"),
        ({"width": 1.0}, "not within 1 pm to 1 cm"),
    ],
)
def test_what_is_no_pixel_size(tmp_path: Path, told: dict[str, Any], word: str) -> None:
    found = read_micrograph(write(tmp_path / "a.emd", (TRUTH, "BM-Ceta"), **told))
    assert found.pixel_size_nm is None and word in str(found.note)


def test_without_a_picture_it_says_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.emd", (np.zeros((40, 60), HALF), "HAADF"), spectra=3)
    with pytest.raises(ImageError, match="holds no picture; saw '3 Spectrum, 1 transform'"):
        read_micrograph(path)
