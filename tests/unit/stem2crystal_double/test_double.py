"""The double is what its table says it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.stem2crystal_double.crystals import is_apart
from tests.stem2crystal_double.picture import LEVELS, SIDE, draw_hidden, draw_picture
from tests.stem2crystal_double.writer import write_double

from micrographia.io.datasets.ranked import read_dataset


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Forty square crystals of one atom or two, each of another formula."""
    rows = []
    for number in range(3, 43):
        numbers = [number] if number % 2 else [number, 8]
        positions = np.zeros((len(numbers), 3))
        positions[1:, :2] = 1.6
        cell = np.diag([3.2, 3.2, 20.0])
        rows.append(
            {"structure_id": f"2dm-{number:08x}", "natoms": len(numbers), "numbers": numbers,
             "cell": cell.ravel(), "positions": positions.ravel()}
        )  # fmt: skip
    path = tmp_path / "structures.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


def test_pictures_and_table(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "double"
    assert write_double(source, out, count=6, levels=[1, 3], split="dev", seed=3) == 6
    items = read_dataset(out)
    assert [item.group for item in items] == ["1", "3"] * 3
    for item in items:
        image = item.read()
        assert image.pixels.shape == (SIDE, SIDE)
        assert (image.pixels.min(), image.pixels.max()) == (0, 65535)
        assert sum(item.composition.values()) == len(item.truth)
    shown = json.loads((out / "truth.jsonl").read_text().splitlines()[0])
    assert shown["pixel_size"] * SIDE == pytest.approx(shown["field_of_view"])
    assert not set(shown) & {"exponent", "blur", "rotation", "counts"}
    again = tmp_path / "again"
    write_double(source, again, count=6, levels=[1, 3], split="dev", seed=3)
    for path in sorted((out / "pictures").iterdir()):
        assert path.read_bytes() == (again / "pictures" / path.name).read_bytes()


def test_no_formula_is_in_both_splits(source: Path, tmp_path: Path) -> None:
    formulas = []
    for split in ("dev", "apart"):
        folder = tmp_path / split
        write_double(source, folder, count=5, levels=[2], split=split, seed=1)
        lines = (folder / "truth.jsonl").read_text().splitlines()
        formulas.append({json.loads(line)["formula"] for line in lines})
    assert not formulas[0] & formulas[1]
    assert all(is_apart(formula) for formula in formulas[1])


def test_a_picture_repeats_with_the_cell_and_noise_grows_with_the_level() -> None:
    cell, places = np.diag([4.0, 5.0]), np.array([[0.0, 0.0]])
    numbers = np.array([42])
    noise = []
    for level in sorted(LEVELS):
        hidden = draw_hidden(level, np.random.default_rng(0))
        hidden = type(hidden)(**{**hidden.as_row(), "rotation": 0.0, "background": 0.0})
        picture = draw_picture(cell, places, numbers, 25.6, hidden, np.random.default_rng(1))
        moved = picture[:, 40:]  # 4 Å of 0.1 Å
        noise.append(float(np.std(picture[:, :-40] - moved) / np.std(picture)))
        assert np.corrcoef(picture[:, :-40].ravel(), moved.ravel())[0, 1] > 0.2
    assert noise == sorted(noise)


def test_pictures_are_whole(source: Path, tmp_path: Path) -> None:
    write_double(source, tmp_path / "a", count=1, levels=[2], split="dev", seed=0, suffix="npy")
    (path,) = (tmp_path / "a" / "pictures").iterdir()
    assert np.load(path).dtype == np.float32
    write_double(source, tmp_path / "b", count=1, levels=[2], split="dev", seed=0)
    (path,) = (tmp_path / "b" / "pictures").iterdir()
    assert Image.open(path).mode in {"I;16", "I"}
