"""Reading a split: what is where, what fails, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.classification.baselines.parts import read_parts
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.labelled import read_labelled


def split_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pictures 00 to 03 are trained on, 04 and 05 validate, 06 tests, 07 is not used."""
    parts = ["train"] * 4 + ["validation"] * 2 + ["test", None]
    return [{"path": row["path"], "part": parts[int(Path(row["path"]).stem)]} for row in rows]


def test_pictures_go_to_their_parts(make_set: Callable[..., Path]) -> None:
    rows = read_labelled(make_set()).rows
    parts = read_parts(rows, split_of(rows), 64)
    assert parts.classes == ("cloud", "dots", "stripes") and parts.outputs == 3
    for part, count in ((parts.train, 12), (parts.validation, 6), (parts.test, 3)):
        assert part.values.shape == (count, 64, 64) and part.values.dtype == np.float32
        assert [parts.classes[label] for label in part.labels] == [
            row["label"] for row in part.rows
        ]
        assert np.allclose(part.values.mean(axis=(1, 2)), 0, atol=1e-5)
        assert np.allclose(part.values.std(axis=(1, 2)), 1, atol=1e-4)
    assert {Path(row["path"]).stem for row in parts.test.rows} == {"06"}


def test_a_class_that_is_none_gets_an_output_of_its_own(make_set: Callable[..., Path]) -> None:
    rows = read_labelled(make_set()).rows
    parts = read_parts(rows, split_of(rows), 64, none_of_these="cloud")
    assert parts.classes == ("dots", "stripes") and parts.outputs == 3
    assert {int(label) for label in parts.train.labels} == {0, 1, 2}


def test_a_test_picture_that_cannot_be_read_is_a_failure(make_set: Callable[..., Path]) -> None:
    folder = make_set()
    (folder / "dots" / "06.png").write_bytes(b"no picture")
    (folder / "dots" / "00.png").write_bytes(b"no picture")
    rows = read_labelled(folder).rows
    parts = read_parts(rows, split_of(rows), 64)
    (failed,) = parts.failures
    assert failed["path"].endswith("dots/06.png") and "06.png" in failed["failure"]
    assert len(parts.test.rows) == 2 and len(parts.train.rows) == 11


def test_a_split_of_other_pictures_is_refused(make_set: Callable[..., Path]) -> None:
    rows = read_labelled(make_set()).rows
    foreign = [{"path": f"elsewhere/{row['path']}", "part": "train"} for row in rows]
    with pytest.raises(MicrographiaError, match=r"no train pictures.*classification split"):
        read_parts(rows, foreign, 64)
    one = [row for row in rows if row["label"] == "dots"]
    with pytest.raises(MicrographiaError, match="at least two classes to train on; saw 'dots'"):
        read_parts(one, split_of(one), 64)
