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
from micrographia.language.structure import ranked
from micrographia.language.structure.samples import show
from micrographia.language.structure.variants import Crystal
from micrographia.language.structure.views.dataset import dials_given, draw_dataset


def rows() -> list[dict[str, object]]:
    found = []
    for name, atoms in (("C2", graphene(vacuum=8)), ("MoS2", mx2("MoS2", vacuum=8))):
        atoms.pbc = True
        row = blank(CRYSTAL_TEXTS) | {"structure_id": name, "formula": name, "split": "test"}
        found.append(row | {"cif": to_cif(atoms)})
    return found


@pytest.mark.parametrize("dose", [None, 2000.0])
def test_the_default_is_what_it_was(dose: float | None, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    ranked.draw_dataset(rows(), before, dose, 3)
    draw_dataset(rows(), after, dials_given(PictureDials()), dose, 3)
    for file in before.iterdir():
        assert file.read_bytes() == (after / file.name).read_bytes(), file.name


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
