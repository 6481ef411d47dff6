"""Data sets by other engines: what is drawn, what it is called, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import graphene, mx2

from micrographia.cli import main
from micrographia.config import PictureDials
from micrographia.io.datasets.ranked import read_dataset
from micrographia.io.schemas import CRYSTAL_TEXTS
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import from_cif, to_cif
from micrographia.io.tables import write_table
from micrographia.language.structure.samples import show
from micrographia.language.structure.variants import Crystal
from micrographia.language.structure.views.dataset import counted, dials_given, draw_dataset


def rows() -> list[dict[str, object]]:
    found = []
    for name, atoms in (("C2", graphene(vacuum=8)), ("MoS2", mx2("MoS2", vacuum=8))):
        atoms.pbc = True
        row = blank(CRYSTAL_TEXTS) | {"structure_id": name, "formula": name, "split": "test"}
        found.append(row | {"cif": to_cif(atoms)})
    return found


def test_a_drawn_data_set_is_one_that_benchmarks_read(tmp_path: Path) -> None:
    assert draw_dataset(rows(), tmp_path, dials_given(PictureDials()), 2000.0, seed=3) == 2
    items = {item.crystal: item for item in read_dataset(tmp_path)}
    assert items["MoS2"].composition == {"Mo": 1, "S": 2}
    pixels = items["MoS2"].read().pixels
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
        assert (
            draw_dataset(
                rows(), tmp_path / name, dials_given(PictureDials()), None, seed=9, limit=1
            )
            == 1
        )
    files = [sorted((tmp_path / name).glob("*.npy")) for name in ("first", "second")]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]
    assert files[0][0].read_bytes() == files[1][0].read_bytes()


def test_electrons_are_counted_as_poisson_says() -> None:
    flat = np.full((256, 256), 7.0, dtype=np.float32)
    counts = counted(flat, 1000.0, np.random.default_rng(0))
    assert float(counts.mean()) == pytest.approx(10, rel=0.01)
    assert float(counts.var()) == pytest.approx(10, rel=0.03)


def test_the_command_draws_dark_field_pictures_that_can_be_answered(tmp_path: Path) -> None:
    table, out = tmp_path / "texts.parquet", tmp_path / "out"
    write_table(rows(), table, CRYSTAL_TEXTS)
    settings = {"noise": 0.2, "conditions": {"energy_keV": 100, "semiangle_mrad": 30}}
    command = ["language", "pictures", str(table), "--out", str(out), "--seed", "7"]
    assert main([*command, "--engine", "incoherent", "--settings", json.dumps(settings)]) == 0
    items = read_dataset(out)
    assert {item.crystal for item in items} == {"C2", "MoS2"}
    assert {item.group for item in items} == {"incoherent, noise up to 0.2"}
    dials = PictureDials(blur=0, drift=0, engine="incoherent", **settings)  # type: ignore[arg-type]
    for number, row in enumerate(rows()):
        crystal = Crystal.of(from_cif(str(row["cif"])))
        wanted = show(crystal, dials, np.random.default_rng([7, number])).picture
        np.testing.assert_array_equal(np.load(out / f"{row['structure_id']}.npy"), wanted)
    # Shares of the beam: of two light atoms less than of one heavy and two.
    assert 0 < np.load(out / "C2.npy").mean() < np.load(out / "MoS2.npy").mean() < 0.1


def test_counted_electrons_follow_the_dark_field(tmp_path: Path) -> None:
    dials = dials_given(PictureDials(), "incoherent")
    draw_dataset(rows(), tmp_path, dials, 3000.0, 1)
    pixels = np.load(tmp_path / "MoS2.npy")
    assert pixels.mean() == pytest.approx(30, rel=0.01) and np.array_equal(pixels, np.rint(pixels))


def test_electrons_are_not_counted_in_a_phase(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "texts.parquet", tmp_path / "out"
    write_table(rows(), table, CRYSTAL_TEXTS)
    command = ["language", "pictures", str(table), "--engine", "phase-object", "--out", str(out)]
    assert main([*command, "--dose", "1000"]) == 2
    assert "no electrons to count" in capsys.readouterr().err and not out.exists()
    assert main(command) == 0
    pixels = np.load(out / "C2.npy")
    assert abs(float(pixels.mean())) < 1e-2 * float(pixels.std())
