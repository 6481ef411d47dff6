"""Pictures of crystals as a data set: places, counts of electrons, truths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import graphene, mx2

from micrographia.io.datasets.ranked import read_dataset
from micrographia.io.structures import to_cif
from micrographia.language.structure.ranked import counted, draw_dataset


def _rows() -> list[dict[str, object]]:
    layers = {"graphene": graphene(vacuum=8), "mos2": mx2("MoS2", vacuum=8)}
    return [{"structure_id": name, "cif": to_cif(atoms)} for name, atoms in layers.items()]


def test_a_drawn_data_set_is_one_that_benchmarks_read(tmp_path: Path) -> None:
    assert draw_dataset(_rows(), tmp_path, 2000.0, seed=3) == 2
    items = {item.crystal: item for item in read_dataset(tmp_path)}
    assert items["mos2"].composition == {"Mo": 1, "S": 2}
    pixels = items["mos2"].read().pixels
    # 2000 electrons per Å² on pixels of 0.1 Å: twenty a pixel, whole numbers.
    assert pixels.shape == (256, 256) and float(np.mean(pixels)) == pytest.approx(20, rel=0.01)
    assert np.array_equal(pixels, np.rint(pixels)) and pixels.min() >= 0
    # Along a the picture repeats after 3.18 Å; not after half of it.
    tiled = pixels - pixels.mean()
    same = float((tiled[:, :-32] * tiled[:, 32:]).mean() / tiled.var())
    half = float((tiled[:, :-16] * tiled[:, 16:]).mean() / tiled.var())
    assert same > 0.8 and half < 0.3


def test_without_a_dose_there_is_no_noise_and_the_seed_decides_the_choice(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        assert draw_dataset(_rows(), tmp_path / name, None, seed=9, limit=1) == 1
    files = [sorted((tmp_path / name).glob("*.npy")) for name in ("first", "second")]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]
    assert files[0][0].read_bytes() == files[1][0].read_bytes()


def test_electrons_are_counted_as_poisson_says() -> None:
    flat = np.full((256, 256), 7.0, dtype=np.float32)
    counts = counted(flat, 1000.0, np.random.default_rng(0))
    assert float(counts.mean()) == pytest.approx(10, rel=0.01)
    assert float(counts.var()) == pytest.approx(10, rel=0.03)
