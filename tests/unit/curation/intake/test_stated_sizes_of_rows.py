"""What the table of micrographs says of a pixel size: value and source, or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from micrographia.config import Curation
from micrographia.curation.intake.ingest import ingest_file
from micrographia.curation.intake.tabulated import tabulated

PIXELS = np.random.default_rng(3).integers(0, 255, (300, 400)).astype(np.uint8)


def row(path: Path, **told: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("mask_path", "microscopy", "metadata", "fault", "pixel_size_nm"))
    entry = {**blank, "path": str(path), "source": "s", "licence": "CC0", **told}
    return ingest_file(entry, Curation())


def written(path: Path, imagej_nm: float | None, text_nm: float | None) -> Path:
    more: dict[str, Any] = {}
    if imagej_nm is not None:
        per_nm = 1 / imagej_nm
        more = {"imagej": True, "resolution": (per_nm, per_nm), "metadata": {"unit": "nm"}}
    tifffile.imwrite(path, PIXELS, **more)
    if text_nm is not None:
        words = f"[SemImageFile]\nDataSize=400x300\nPixelSize={text_nm}\n"
        path.with_suffix(".txt").write_text(words)
    return path


@pytest.mark.parametrize(
    ("imagej_nm", "text_nm", "expected"),
    [
        (2.5, None, (2.5, "header", "ImageJ")),
        (None, 2.5, (2.5, "header", "Hitachi's text file")),
        (2.5, 2.5, (2.5, "header", "ImageJ")),
        (2.5, 5.0, (None, None, None)),
        (None, 1e8, (None, None, None)),
        (None, None, (None, None, None)),
    ],
)
def test_source_of_the_size(
    tmp_path: Path,
    imagej_nm: float | None,
    text_nm: float | None,
    expected: tuple[float | None, str | None, str | None],
) -> None:
    found = row(written(tmp_path / "a.tif", imagej_nm, text_nm))
    keys = ("pixel_size_nm", "pixel_size_source", "pixel_size_stated_by")
    assert tuple(found[key] for key in keys) == (pytest.approx(expected[0]), *expected[1:])
    refused = expected[0] is None and text_nm is not None
    assert ("pixel size" in str(found["note"])) == refused


def test_a_csv_wins_and_hides_what_the_file_states(tmp_path: Path) -> None:
    found = row(written(tmp_path / "a.tif", 2.5, None), pixel_size_nm=4.0)
    assert (found["pixel_size_nm"], found["pixel_size_source"]) == (4.0, "csv")
    assert found["pixel_size_stated_by"] is None
    assert "2.5 nm, overruled by the CSV" in found["note"]


@pytest.mark.parametrize(
    ("words", "size"),
    [
        *[("2.5", 2.5), ("0.001", 0.001), ("1e7", 1e7), ("1e8", None), ("0.0009", None)],
        *[("0", None), ("-1", None), ("nan", None), ("inf", None), ("2.5 nm", None)],
    ],
)
def test_lengths_in_a_csv(tmp_path: Path, words: str, size: float | None) -> None:
    (tmp_path / "a.csv").write_text(f"path,pixel_size_nm\na.png,{words}\n")
    [found] = tabulated(str(tmp_path / "a.csv"))
    assert found["pixel_size_nm"] == size
    assert ("is no length in nm from 0.001 to 1e+07" in str(found.get("fault"))) == (size is None)
