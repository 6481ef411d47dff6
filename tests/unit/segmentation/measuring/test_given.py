"""Masks that are there already: measured by the names of their pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.io.images import image_id, read_micrograph, write_labels
from micrographia.io.schemas import INSTANCES
from micrographia.io.tables import read_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    labels = np.zeros((60, 60), np.int32)
    labels[10:20, 10:30], labels[40:50, 40:50] = 1, 2
    for name, grey in (("a", 10), ("b", 20)):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.new("L", (60, 60), grey).save(tmp_path / "images" / f"{name}.jpg")
        write_labels(tmp_path / "masks" / f"{name}.png", labels)
    return tmp_path


def measure(folder: Path, *more: str) -> int:
    return main(["segmentation", "measure-masks", str(folder / "images"), "--masks",
                 str(folder / "masks"), "--out", str(folder / "out.parquet"), *more])  # fmt: skip


def test_instances_name_their_picture(folder: Path) -> None:
    assert measure(folder, "--pixel-size", "2") == 0
    rows = read_rows(folder / "out.parquet", INSTANCES)
    assert [row["area_px"] for row in rows] == [200, 100, 200, 100]
    assert [row["area_nm2"] for row in rows] == [800, 400, 800, 400]
    first = folder / "images" / "a.jpg"
    assert rows[0]["image_id"] == image_id(read_micrograph(first).pixels)
    assert rows[0]["path"] == str(first) and rows[2]["path"].endswith("b.jpg")


def test_a_missing_or_wrong_mask_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_labels(folder / "masks" / "b.png", np.zeros((10, 10), np.int32))
    assert measure(folder) == 2 and "another size than its picture" in capsys.readouterr().err
    (folder / "masks" / "b.png").unlink()
    assert measure(folder) == 2 and "b.jpg has no mask" in capsys.readouterr().err
    assert not (folder / "out.parquet").exists()
