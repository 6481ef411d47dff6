"""Every kind of file comes back as its format means it, and the page of formats says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from format_cases import Case, Writer, all_cases
from format_cases.__main__ import PAGE, renewed

from micrographia.errors import ImageError
from micrographia.io.images import read_labels, read_micrograph

CASES = all_cases()
FILES = [
    pytest.param(case, name, write, id=f"{case.name}, {name}")
    for case in CASES
    for name, write in case.files.items()
]


@pytest.mark.parametrize(("case", "name", "write"), FILES)
def test_file_is_read_right(case: Case, name: str, write: Writer, tmp_path: Path) -> None:
    for package in case.needs:
        pytest.importorskip(package)
    path = tmp_path / f"file{case.suffix}"
    write(path)
    if case.refused is not None:
        with pytest.raises(ImageError, match=case.refused):
            (read_labels if case.mask else read_micrograph)(path)
        return
    if case.labels is not None:
        labels = read_labels(path)
        assert labels.dtype == np.int32
        np.testing.assert_array_equal(labels, case.labels)
        return
    picture = read_micrograph(path)
    assert case.pixels is not None
    assert picture.pixels.dtype == case.pixels.dtype
    assert picture.pixels.shape == case.pixels.shape
    difference = np.abs(picture.pixels.astype(np.float64) - case.pixels.astype(np.float64))
    assert difference.max() <= case.tolerance
    assert picture.pixel_size_nm == pytest.approx(case.size_nm)
    if case.notes != ("*",):
        assert [note for note in case.notes if note not in (picture.note or "")] == []
        assert (picture.note is None) is (not case.notes)


def test_every_case_checks_something() -> None:
    for case in CASES:
        assert case.files, case.name
        stated = (case.pixels, case.labels, case.refused)
        assert sum(value is not None for value in stated) == 1, case.name
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


def test_page_of_formats_is_up_to_date() -> None:
    """Write it anew with `PYTHONPATH=src:tests python -m format_cases`."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page)
