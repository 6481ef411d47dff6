"""Pixel sizes that TIFFs state: units and makers' records, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from micrographia.io.images import read_micrograph
from micrographia.io.microscopes.lengths import UNITS, settle
from micrographia.io.tiff.makers import _of_zeiss

GREY = np.random.default_rng(0).integers(0, 255, (40, 60)).astype(np.uint8)


@pytest.mark.parametrize(
    ("unit", "per_pixel"),
    [
        ("nm", 2.5), ("nanometers", 2.5), ("nanometre", 2.5), ("micrometers", 2.5e-3),
        ("micron", 2.5e-3), ("um", 2.5e-3), ("mm", 2.5e-6), ("cm", 2.5e-7), ("inch", 2.5 / 2.54e7),
        ("angstroms", 25.0), ("pm", 2500.0), ("m", 2.5e-9),
    ],
)  # fmt: skip
def test_units_of_imagej(tmp_path: Path, unit: str, per_pixel: float) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, GREY, imagej=True, resolution=(1 / per_pixel,) * 2, metadata={"unit": unit}
    )
    found = read_micrograph(path)
    assert found.pixel_size_nm == pytest.approx(2.5, rel=1e-3)
    assert found.note is None


@pytest.mark.parametrize("unit", ["inch", "cm"])
def test_the_size_of_the_printed_page_is_no_pixel_size(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, imagej=True, resolution=(72, 72), metadata={"unit": unit})
    assert read_micrograph(path).pixel_size_nm is None


def sides(x: float, y: float, **units: str) -> dict[str, Any]:
    """Entries of OME-XML for the side of a pixel."""
    return {"PhysicalSizeX": x, "PhysicalSizeY": y, **units}


NM = {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}


@pytest.mark.parametrize(
    ("stated", "nm"),
    [
        (sides(2.5, 2.5, **NM), 2.5),
        (sides(0.0025, 0.0025), 2.5),  # micrometres, by the schema
        (sides(2.5, 3.5, **NM), None),
        ({}, None),
    ],
)
def test_the_physical_size_of_ome_wins_over_the_resolution(
    tmp_path: Path, stated: dict[str, Any], nm: float | None
) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, GREY, resolution=(72, 72), resolutionunit=2, metadata=stated)
    found = read_micrograph(path)
    assert found.pixel_size_nm == (None if nm is None else pytest.approx(nm))
    assert ("not square" in (found.note or "")) == (len(set(stated.values()) - {"nm"}) == 2)


class _Record:
    """What tifffile makes of a Zeiss record, and the page beside it."""

    def __init__(self, width: int, **entries: tuple[str, float, str]) -> None:
        self.sem_metadata = entries
        self.imagewidth = width


@pytest.mark.parametrize("width", [512, 1024, 2048, 3072])
def test_zeiss_states_the_pixel_of_its_display(width: int) -> None:
    """Its own record of the picture's pixel, the picture's width, or the display's pixel."""
    display = ("Pixel Size", 10.0, "nm")  # 10.24 µm across 1024 pixels
    right = 10 * 1024 / width
    for entries in (
        {"ap_pixel_size": display},
        {"ap_pixel_size": display, "ap_width": ("Width", 10.24, "µm")},
        {"ap_pixel_size": display, "ap_image_pixel_size": ("Image Pixel Size", right, "nm")},
    ):
        record: Any = _Record(width, **entries)
        size, source = settle(_of_zeiss(record, record), [])
        assert size == pytest.approx(right) and str(source).startswith("Zeiss tag")
    empty: Any = _Record(width)
    assert list(_of_zeiss(empty, empty)) == []


def test_units_run_from_picometres_to_metres() -> None:
    assert UNITS["pm"] == 1e-3 and UNITS["n_m"] == 1.0 and UNITS["m"] == 1e9
    assert all(name == name.lower() for name in UNITS)
