"""Pixel sizes that several parts of a file state: they agree, or none of them counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from micrographia.io.images import read_micrograph
from micrographia.io.microscopes.lengths import LARGEST_NM, LEAST_NM, Witness, fault_of, settle

GREY = np.random.default_rng(0).integers(0, 255, (40, 64)).astype(np.uint8)


def settled(*witnesses: tuple[str, float, float]) -> tuple[float | None, str | None, list[str]]:
    notes: list[str] = []
    size, source = settle([Witness(*witness) for witness in witnesses], notes)
    return size, source, notes


@pytest.mark.parametrize(
    ("witnesses", "size", "source"),
    [
        ([("FEI tag", 2.5, 2.5)], 2.5, "FEI tag"),
        ([("FEI tag", 2.5, 2.5), ("ImageJ", 2.52, 2.52)], 2.5, "FEI tag"),
        ([("a", 2.5, 2.5), ("b", 2.51, 2.51), ("c", 2.49, 2.49)], 2.5, "a"),
        ([("FEI tag", 0.0, 0.0), ("ImageJ", 2.5, 2.5)], 2.5, "ImageJ"),
        ([("TIA axes", 1e17, 1e17), ("ImageJ", 2.5, 2.5)], 2.5, "ImageJ"),
        ([], None, None),
    ],
)
def test_those_that_agree(
    witnesses: list[tuple[str, float, float]], size: float | None, source: str | None
) -> None:
    assert settled(*witnesses)[:2] == (size, source)


@pytest.mark.parametrize(
    ("witnesses", "words"),
    [
        ([("FEI tag", 2.5, 2.5), ("ImageJ", 5.0, 5.0)], "FEI tag says 2.5 nm, ImageJ 5 nm"),
        ([("a", 2.5, 2.5), ("b", 2.5, 2.5), ("c", 2.6, 2.6)], "a says 2.5 nm, c 2.6 nm"),
        ([("a", 2.5, 2.5), ("b", 2.5, 3.5)], "not square by b (2.5 x 3.5 nm)"),
        ([("a", -1.0, -1.0)], "pixel size of a ignored: -1 nm is not within 1 pm to 1 cm"),
        ([("a", float("nan"), 1.0)], "pixel size of a ignored: nan nm"),
        ([("a", 1.0, float("inf"))], "pixel size of a ignored: inf nm"),
    ],
)
def test_those_that_do_not(witnesses: list[tuple[str, float, float]], words: str) -> None:
    size, source, notes = settled(*witnesses)
    assert size is source is None and words in "; ".join(notes)


@pytest.mark.parametrize("nm", [LEAST_NM, 0.02, 2.5, 1e3, 1e6, LARGEST_NM])
def test_lengths_of_a_pixel(nm: float) -> None:
    assert fault_of(nm) is None


@pytest.mark.parametrize("nm", [0.0, -1.0, LEAST_NM / 2, LARGEST_NM * 2, 1e17, float("nan")])
def test_lengths_of_no_pixel(nm: float) -> None:
    assert "not within 1 pm to 1 cm" in str(fault_of(nm))


def per_cm(nm: float) -> dict[str, Any]:
    return {"resolution": (1e7 / nm, 1e7 / nm), "resolutionunit": 3}


def ome(nm: float) -> dict[str, Any]:
    sides = {"PhysicalSizeX": nm, "PhysicalSizeY": nm}
    return {"metadata": {**sides, "PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}}


@pytest.mark.parametrize(
    ("told", "size", "source"),
    [
        (per_cm(2.5), 2.5, "resolution tags"),
        (ome(0.5), 0.5, "OME-XML"),
        (ome(0.5) | {"resolution": (72, 72), "resolutionunit": 2}, 0.5, "OME-XML"),  # print
        (ome(0.5) | {"resolution": (300, 300), "resolutionunit": 2}, 0.5, "OME-XML"),
        (ome(2.5) | per_cm(2.5), 2.5, "OME-XML"),
        (ome(2.5) | per_cm(5.0), None, None),
        (ome(5e7), None, None),
    ],
)
def test_ome_and_resolution(
    tmp_path: Path, told: dict[str, Any], size: float | None, source: str | None
) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, GREY, **told)
    found = read_micrograph(path)
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert found.pixel_size_source == source
    assert ("pixel size" in str(found.note)) == (size is None)


def fei(metres: float) -> tuple[int, str, int, bytes, bool]:
    words = f"[System]\r\nSystemType=Helios\r\n[Scan]\r\nPixelWidth={metres}\r\n".encode()
    return 34682, "s", len(words) + 1, words + b"\0", True


@pytest.mark.parametrize(
    ("imagej_nm", "size", "source"),
    [(2.5, 2.5, "FEI tag"), (2.51, 2.5, "FEI tag"), (5.0, None, None), (1.25, None, None)],
)
def test_a_makers_tag_and_imagej(
    tmp_path: Path, imagej_nm: float, size: float | None, source: str | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        GREY,
        imagej=True,
        resolution=(1 / imagej_nm, 1 / imagej_nm),
        metadata={"unit": "nm"},
        extratags=[fei(2.5e-9)],
    )
    found = read_micrograph(path)
    assert (found.pixel_size_nm, found.pixel_size_source) == (pytest.approx(size), source)
    assert (f"FEI tag says 2.5 nm, ImageJ {imagej_nm:g} nm" in str(found.note)) == (size is None)


@pytest.mark.parametrize(
    ("text_nm", "size", "source"),
    [(9.92, 9.92, "ImageJ"), (10.0, 9.92, "ImageJ"), (19.84, None, None), (1e9, 9.92, "ImageJ")],
)
def test_imagej_and_a_text_beside(
    tmp_path: Path, text_nm: float, size: float | None, source: str | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, GREY, imagej=True, resolution=(1 / 9.92, 1 / 9.92), metadata={"unit": "nm"}
    )
    (tmp_path / "a.txt").write_text(f"[SemImageFile]\nDataSize=64x40\nPixelSize={text_nm}\n")
    found = read_micrograph(path)
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size, rel=1e-3))
    assert found.pixel_size_source == source
    assert ("Hitachi's text file" in str(found.note)) == (size is None or text_nm > 1e6)


@pytest.mark.parametrize(
    ("marker", "encoding", "size"),
    [
        ("1um", "utf-8", 50.0),
        ("1µm", "utf-8", 50.0),
        ("1µm", "latin-1", 50.0),
        ("1µm", "utf-16", 50.0),
        ("100nm", "utf-8", 5.0),
        ("1m", "utf-8", None),
        ("1%", "utf-8", None),
    ],
)
def test_a_text_of_jeol_beside(
    tmp_path: Path, marker: str, encoding: str, size: float | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    words = (
        f"$CM_FORMAT JEOL\n$CM_FULL_SIZE 64 40\n$$SM_MICRON_BAR 20\n$$SM_MICRON_MARKER {marker}\n"
    )
    (tmp_path / "a.txt").write_text(words, encoding=encoding)
    found = read_micrograph(tmp_path / "a.tif")
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert found.pixel_size_source == (None if size is None else "JEOL's text file")
