"""Real pictures: ratios are judged apart from lengths, and every failure counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import mx2

from micrographia.cli import main
from micrographia.io.schemas import REAL_PICTURES, REAL_SCORES, RECONSTRUCTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows, write_table


def _layer(a: float, stretch: float = 1.0) -> Atoms:
    layer = mx2("MoS2", a=a, vacuum=8)
    cell = layer.cell[:].copy()
    cell[:, 1] *= stretch
    layer.set_cell(cell, scale_atoms=True)
    return layer


def _answer(name: str, atoms: Atoms | None, failure: str | None = None) -> dict[str, object]:
    row: dict[str, object] = blank(RECONSTRUCTIONS)
    cif = None if atoms is None else to_cif(atoms)
    return {**row, "image_id": name, "method": "analysis", "cif": cif, "failure": failure}


def test_from_tables_to_scores(tmp_path: Path) -> None:
    names = ["same", "larger", "stretched", "refused", "missing"]
    (tmp_path / "true.cif").write_text(to_cif(_layer(3.18)), encoding="utf-8")
    (tmp_path / "p.png").write_bytes(b"a picture")
    lines = ["name,picture,elements,truth,pixel_size"]
    lines += [f"{name},p.png,Mo S,true.cif,0.1" for name in names]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    answers = [
        _answer("same", _layer(3.18)),
        _answer("larger", _layer(3.18 * 1.03)),
        _answer("stretched", _layer(3.18, 1.02)),
        _answer("refused", None, "No lattice"),
    ]
    used = [{"image_id": "same", "picture": "p.png", "pixel_size": 0.1, "scale": "stated",
             "overlay": None}]  # fmt: skip
    write_table(answers, tmp_path / "found" / "reconstructions.parquet", RECONSTRUCTIONS)
    write_table(used, tmp_path / "found" / "pictures.parquet", REAL_PICTURES)
    out = tmp_path / "scores.json"
    command = ["benchmarks", "score-real", str(table), "--reconstructions"]
    assert main([*command, str(tmp_path / "found"), "--out", str(out)]) == 0
    same, larger, stretched, refused, missing = read_rows(out.with_suffix(".parquet"), REAL_SCORES)
    assert same["outcome"] == "right" and same["ss_010"] and same["pixel_size"] == 0.1
    assert (same["a"], same["gamma"]) == pytest.approx((3.18, 120), abs=1e-3)
    assert larger["ratio_error"] == pytest.approx(0, abs=1e-6)
    assert larger["area_error"] == pytest.approx(1.03**2 - 1, abs=1e-4)
    assert stretched["ratio_error"] > 0.005 and stretched["composition_correct"]
    assert refused["outcome"] == "refused" and refused["failure"] == "No lattice"
    assert missing["failure"].startswith("missing") and missing["ss_047"] is False
    figures = {row["metric"]: row for row in json.loads(out.read_text())["metrics"]}
    assert figures["S.S.@0.47"]["value"] == pytest.approx(3 / 5)
    assert figures["C.C."]["n_failed"] == 2
    with out.with_suffix(".csv").open(encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == names
