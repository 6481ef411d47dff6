"""Tables and files in, tables and files out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc100
from numpy.typing import NDArray

from micrographia import cli
from micrographia.config import Energy
from micrographia.energy.batch import FORGOTTEN, READ, TRUE, relax_rows, template_heights
from micrographia.energy.calculators import Potential, load_potential
from micrographia.io.schemas import ENERGIES, HEIGHTS, RECONSTRUCTIONS
from micrographia.io.structures import orient_layer, read_structure, to_cif
from micrographia.io.tables import read_provenance, read_rows, write_table

EMT = Energy(calculator="emt", candidates=20)
SETTINGS = EMT.model_dump_json()


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential(EMT)


def _slab() -> Atoms:
    slab = fcc100("Cu", (1, 1, 2), a=3.6, vacuum=9)
    slab.pbc = True
    return slab


def _case(name: str, atoms: Atoms | None, failure: str | None = None) -> dict[str, str | None]:
    return {"case_id": name, "cif": to_cif(atoms) if atoms else None, "failure": failure}


def test_failures_are_rows(emt: Potential) -> None:
    molybdenum = _slab()
    molybdenum.symbols[:] = "Mo"
    cases = [_case("good", _slab()), _case("none", None, "no lattice"), _case("Mo", molybdenum)]
    cases.append(_case("bulk", Atoms("Cu", cell=[2.5, 2.5, 2.5], pbc=True)))
    rows = list(relax_rows(cases, emt, EMT, {"Cu": 0.0}, origin=FORGOTTEN, seed=0))
    assert [row["case_id"] for row in rows] == ["good", "none", "Mo", "bulk"]
    assert all(set(row) == set(ENERGIES.names) for row in rows)
    good, *bad = rows
    assert good["failure"] is None and good["n_starts"] >= 4
    assert good["formation_energy_per_atom"] == pytest.approx(good["energy_per_atom"])
    for row, reason in zip(bad, ("no lattice", "does not know Mo", "bulk crystal"), strict=True):
        assert reason in row["failure"] and row["energy_per_atom"] is None


def test_a_potential_that_fails_on_the_proposals_is_a_row(emt: Potential) -> None:
    def refuse(crystals: Sequence[Atoms]) -> NDArray[np.float64]:
        raise ValueError("isolated atoms")

    failing = replace(emt, energies=refuse)
    (row,) = relax_rows([_case("a", _slab())], failing, EMT, {}, origin=READ, seed=0)
    assert "ValueError: isolated atoms" in row["failure"] and row["cif"] is None


def test_true_heights_are_the_only_start(emt: Potential) -> None:
    (row,) = relax_rows([_case("a", _slab())], emt, EMT, {}, origin=TRUE, seed=0)
    assert row["n_starts"] == 1 and row["start"] == "given"
    assert row["formation_energy_per_atom"] is None
    assert row["alternatives"] == []


def test_heights_of_a_template_come_in_the_order_of_the_layer() -> None:
    layer = orient_layer(_slab())
    layer.symbols[0] = "Au"
    template = layer[::-1]
    template.positions[:, :2] += layer.cell[0, :2]
    heights = template_heights(layer, template)
    assert heights is not None
    np.testing.assert_allclose(heights, layer.positions[:, 2])
    template.symbols[0] = "Pt"
    assert template_heights(layer, template) is None


def test_relax_writes_a_crystal_and_prints_its_energy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.cif", tmp_path / "out.cif"
    source.write_text(to_cif(_slab()))
    words = ["energy", "relax", str(source), "--out", str(out), "--settings", SETTINGS]
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["converged"] and answer["calculator"].startswith("emt")
    assert len(read_structure(out)) == 2
    assert "Relaxed by Micrographia" in out.read_text()
    # An input is never overwritten, and only CIF is written.
    assert cli.main([*words[:4], str(source), *words[5:]]) == 2
    assert cli.main([*words[:4], str(tmp_path / "out.vasp"), *words[5:]]) == 2


def test_batch_reads_reconstructions_with_references(tmp_path: Path) -> None:
    rows = [
        {**dict.fromkeys(RECONSTRUCTIONS.names), "image_id": name, "cif": cif, "alternatives": []}
        for name, cif in (("one", to_cif(_slab())), ("two", None))
    ]
    rows[1]["failure"] = "too noisy"
    write_table(rows, tmp_path / "answers" / "reconstructions.parquet", RECONSTRUCTIONS)
    references = tmp_path / "references.json"
    words = ["energy", "references", "--elements", "Cu", "--out", str(references)]
    assert cli.main([*words, "--settings", SETTINGS]) == 0
    out = tmp_path / "energies.parquet"
    words = ["energy", "batch", str(tmp_path / "answers"), "--out", str(out)]
    words += ["--references", str(references), "--settings", SETTINGS]
    assert cli.main(words) == 0
    one, two = read_rows(out, ENERGIES)
    assert one["origin"] == "read from a picture"
    assert one["formation_energy_per_atom"] is not None
    assert "too noisy" in two["failure"]
    assert not any("template" in text for text in [one["start"], *one["alternatives"]])
    assert read_provenance(out)["settings"]["calculator"] == "emt"
    assert cli.main([*words, "--shard", "1", "--shards", "2"]) == 0
    assert [row["case_id"] for row in read_rows(out)] == ["two"]


def test_heights_beside_the_answers_are_starts(tmp_path: Path, emt: Potential) -> None:
    row: dict[str, object] = dict.fromkeys(RECONSTRUCTIONS.names) | {
        "image_id": "one",
        "cif": to_cif(_slab()),
    }
    write_table(
        [row | {"alternatives": []}], tmp_path / "reconstructions.parquet", RECONSTRUCTIONS
    )
    lent = dict.fromkeys(HEIGHTS.names) | {"image_id": "one", "rank": 1, "cif": to_cif(_slab())}
    write_table([lent], tmp_path / "heights.parquet", HEIGHTS)
    out = tmp_path / "out" / "energies.parquet"
    words = ["energy", "batch", str(tmp_path), "--out", str(out), "--settings", SETTINGS]
    assert cli.main(words) == 0
    (without,) = relax_rows([_case("one", _slab())], emt, EMT, {}, origin=READ, seed=0)
    (given,) = read_rows(out)
    assert given["n_starts"] == without["n_starts"] + 1
    # The table itself may be named instead of its folder.
    words[2] = str(tmp_path / "reconstructions.parquet")
    assert cli.main(words) == 0
    assert read_rows(out)[0]["n_starts"] == given["n_starts"]


def test_a_folder_without_tables_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["energy", "batch", str(tmp_path), "--out", str(tmp_path / "out.parquet")]
    assert cli.main([*words, "--settings", SETTINGS]) == 2
    assert "holds no crystals" in capsys.readouterr().err
