"""Tables in, answers out: real pictures with overlays, and ranked crystals as JSON lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk as bulk_of
from ase.build import mx2

from micrographia.cli import main
from micrographia.io.datasets.answers import read_answers, read_lines
from micrographia.io.schemas import REAL_PICTURES, RECONSTRUCTIONS
from micrographia.io.stem_images import write_stem_image
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.simulate import draw_view, simulate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of MoS2, one that is no picture, and both tables."""
    place = tmp_path_factory.mktemp("pictures")
    layer = mx2("MoS2", vacuum=8)
    image = simulate(
        layer, ImagingConditions(), draw_view(0.1, 41.3, None, [0, 11]), dose=3e4, seed=0
    )
    write_stem_image(place / "good.tif", image)
    (place / "bad.tif").write_bytes(b"none")
    (place / "true.cif").write_text(to_cif(layer), encoding="utf-8")
    lines = ["name,picture,elements,pixel_size,truth", "good,good.tif,Mo S,0.1,true.cif"]
    lines += ["scaled,good.tif,Mo S,truth,true.cif", "bad,bad.tif,Mo S,0.1,"]
    (place / "real.csv").write_text("\n".join(lines), encoding="utf-8")
    rows = [
        {"picture": f"{name}.tif", "structure": "true.cif", "pixel_size": 0.1}
        for name in ("good", "bad")
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (place / "truth.jsonl").write_text(text, encoding="utf-8")
    return place


def test_real_pictures_are_solved_and_drawn(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "real"
    assert main(["reconstruction", "real", str(folder / "real.csv"), "--out", str(out)]) == 0
    good, scaled, bad = read_rows(out / "reconstructions.parquet", RECONSTRUCTIONS)
    assert good["failure"] is None and good["a"] == pytest.approx(3.18, abs=0.01)
    assert scaled["a"] == pytest.approx(3.18, rel=0.02)
    assert bad["failure"] and bad["cif"] is None
    used = read_rows(out / "pictures.parquet", REAL_PICTURES)
    assert [row["scale"] for row in used] == ["stated", "area of the truth", "stated"]
    assert used[1]["pixel_size"] == pytest.approx(0.1, rel=0.02)
    assert (out / used[0]["overlay"]).read_bytes().startswith(b"\x89PNG")
    assert used[2]["overlay"] is None


def test_ranked_answers_are_what_the_benchmark_reads(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    assert main(["reconstruction", "ranked", str(folder), "--out", str(out)]) == 0
    answers = read_answers(out)
    first = answers["good.tif"].crystals[0]
    assert isinstance(first, Atoms) and first.get_chemical_formula() == "MoS2"
    assert 1 <= len(answers["good.tif"].crystals) <= 5
    assert answers["bad.tif"].failure and not answers["bad.tif"].crystals
    assert [row["picture"] for row in read_lines(out)] == ["good.tif", "bad.tif"]


def test_the_oracle_knows_the_plane_but_not_the_heights(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    command = ["reconstruction", "ranked", str(folder), "--oracle", "--count", "3"]
    assert main([*command, "--out", str(out)]) == 0
    scores = tmp_path / "scores.json"
    command = ["benchmarks", "score-stem2crystal", str(folder), "--answers", str(out)]
    assert main([*command, "--out", str(scores)]) == 0
    figures = {row["metric"]: row["value"] for row in json.loads(scores.read_text())["metrics"]}
    assert figures["space group"] == 1.0 and figures["Hit@1"] == 1.0


def test_proposals_lend_heights_and_stand_in_where_the_search_finds_nothing(
    folder: Path, tmp_path: Path
) -> None:
    """A proposal whose lattice is 2 % too long: the plane is measured, the heights are its own."""
    for name in ("good.tif", "true.cif"):
        shutil.copy(folder / name, tmp_path / name)
    noise = np.random.default_rng(0).normal(0, 1, (64, 64)).astype(np.float32)
    np.save(tmp_path / "noise.npy", noise)
    pictures = ("good.tif", "noise.npy")
    rows = [{"picture": name, "structure": "true.cif", "pixel_size": 0.1} for name in pictures]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "truth.jsonl").write_text(text, encoding="utf-8")
    thick = mx2("MoS2", a=3.25, thickness=3.62, vacuum=8)
    # A bulk crystal is no proposal, and no end of the run.
    bulk = to_cif(bulk_of("NaCl", "rocksalt", a=5.64))
    said = [{"picture": name, "answers": [bulk, to_cif(thick)]} for name in pictures]
    proposals = tmp_path / "proposals.jsonl"
    proposals.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    out = tmp_path / "answers.jsonl"
    command = ["reconstruction", "ranked", str(tmp_path), "--proposals", str(proposals)]
    assert main([*command, "--out", str(proposals)]) == 2  # it would be written over
    assert main([*command, "--out", str(out)]) == 0
    answers = read_answers(out)
    first = answers["good.tif"].crystals[0]
    assert isinstance(first, Atoms)
    assert first.cell.cellpar()[0] == pytest.approx(3.18, abs=0.01)
    assert float(np.ptp(first.positions[:, 2])) == pytest.approx(3.62, abs=0.02)
    stood_in = answers["noise.npy"].crystals
    assert len(stood_in) == 1 and isinstance(stood_in[0], Atoms)
    assert stood_in[0].cell.cellpar()[0] == pytest.approx(3.25, abs=1e-3)
    assert answers["noise.npy"].confidence == 0.0
