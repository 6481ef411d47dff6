"""The command line as its users call it: whole chains on files, and faults as one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from ase.build import mx2
from ase.io import write

from micrographia.cli import main


@pytest.fixture
def cif(tmp_path: Path) -> Path:
    path = tmp_path / "MoS2.cif"
    write(path, mx2("MoS2", vacuum=8))
    return path


def _json(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_crystal_to_picture_to_crystal_to_score(
    tmp_path: Path, cif: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, answer = tmp_path / "image.tif", tmp_path / "answer.cif"
    options = ["--dose", "30000", "--rotation", "17", "--field", "42.7", "--seed", "3"]
    assert main(["stem", "simulate", str(cif), "--out", str(image), *options]) == 0
    capsys.readouterr()
    call = ["reconstruction", "solve", str(image), "--out", str(answer), "--elements", "Mo,S"]
    assert main(call) == 0
    said = _json(capsys)
    assert said["formula"] == "MoS2" and said["a"] == pytest.approx(3.18, abs=0.01)
    assert main(["benchmarks", "structure", str(answer), str(cif)]) == 0
    score = _json(capsys)
    assert score["ss_010"] and score["composition_correct"] and score["rmsd_xy"] < 0.01


def test_same_seed_same_file(tmp_path: Path, cif: Path) -> None:
    for name in ("a", "b"):
        call = ["stem", "simulate", str(cif), "--out", str(tmp_path / f"{name}.tif")]
        assert main([*call, "--dose", "1e4", "--field", "20"]) == 0
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def _fault(capsys: pytest.CaptureFixture[str], call: list[str]) -> str:
    assert main(call) == 2
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text


def _cif(path: Path, body: str) -> Path:
    cell = "".join(f"_cell_length_{axis} 4.0\n" for axis in "abc")
    cell += "".join(f"_cell_angle_{angle} 90\n" for angle in ("alpha", "beta", "gamma"))
    path.write_text(f"data_x\n{cell}{body}")
    return path


SITES = (
    "loop_\n_atom_site_label\n_atom_site_type_symbol\n"
    "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
)


def test_structures_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "x.tif")]
    empty = _cif(tmp_path / "empty.cif", "")
    assert "holds no atoms" in _fault(capsys, ["stem", "simulate", str(empty), *out])
    unknown = _cif(tmp_path / "unknown.cif", SITES + "Qq1 Qq 0 0 0\n")
    text = _fault(capsys, ["stem", "simulate", str(unknown), *out])
    assert "unknown.cif" in text and "Qq" in text
    absent = tmp_path / "absent.cif"
    assert "does not exist" in _fault(capsys, ["stem", "simulate", str(absent), *out])
    bulk = _cif(tmp_path / "bulk.cif", SITES + "C1 C 0 0 0\nC2 C 0.5 0.5 0.5\n")
    assert "bulk" in _fault(capsys, ["stem", "simulate", str(bulk), *out])
    assert not (tmp_path / "x.tif").exists()


def test_bounds_of_the_options_are_said(
    tmp_path: Path, cif: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["stem", "simulate", str(cif), "--out", str(tmp_path / "x.tif")]
    assert "pixel_size: saw 30" in _fault(capsys, [*call, "--pixel-size", "30"])
    assert "doses.0: saw -5" in _fault(capsys, [*call, "--dose", "-5"])


def test_pictures_that_cannot_be_solved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def solve(path: Path, *more: str) -> str:
        call = ["reconstruction", "solve", str(path), "--out", str(tmp_path / "x.cif"), *more]
        return _fault(capsys, call)

    bare = tmp_path / "bare.tif"
    tifffile.imwrite(bare, np.random.default_rng(0).normal(size=(256, 256)).astype("f4"))
    given = ("--pixel-size", "0.1")
    assert "does not state its pixel size" in solve(bare, "--elements", "C")
    assert "No lattice stands out" in solve(bare, *given, "--elements", "C")
    assert "Unknown element" in solve(bare, *given, "--elements", "Xx")
    assert "--elements" in solve(bare, *given)
    point = tmp_path / "point.tif"
    tifffile.imwrite(point, np.zeros((1, 1), "f4"))
    assert "too small" in solve(point, *given, "--elements", "C")
    (tmp_path / "empty.tif").touch()
    assert "empty" in solve(tmp_path / "empty.tif", *given, "--elements", "C")
    assert not (tmp_path / "x.cif").exists()


def test_a_crystal_is_written_as_cif_and_never_over_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.tif"
    tifffile.imwrite(picture, np.random.default_rng(0).normal(size=(256, 256)).astype("f4"))
    before = picture.read_bytes()
    call = ["reconstruction", "solve", str(picture), "--elements", "C", "--pixel-size", "0.1"]
    text = _fault(capsys, [*call, "--out", str(picture)])
    assert "a.tif" in text and "end in .cif" in text
    assert "end in .cif" in _fault(capsys, [*call, "--out", str(tmp_path / "b.txt")])
    assert picture.read_bytes() == before
    named = picture.rename(tmp_path / "a.cif")
    call[2] = str(named)
    text = _fault(capsys, [*call, "--out", str(tmp_path / "." / "a.cif")])
    assert "would overwrite the input" in text
    assert named.read_bytes() == before


def test_what_the_system_refuses_is_one_sentence(
    tmp_path: Path, cif: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["stem", "simulate", str(cif), "--field", "20", "--out"]
    folder = tmp_path / "folder.tif"
    folder.mkdir()
    assert f"{folder}: Is a directory" in _fault(capsys, [*call, str(folder)])
    below = cif / "x.tif"
    assert str(cif) in _fault(capsys, [*call, str(below)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["MoS2.cif", "folder.tif"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--log-level", "loud", "curation", "run", "x", "--out", "y"], "'DEBUG', 'INFO'"),
        (["curation", "ingest", "--manifest", "x", "--shard", "-1", "--out", "y"], "--shard"),
        (["segmentation", "predict", "x", "--shard", "-1", "--out", "y"], "--shard"),
        (["synthesis", "micrographs", "--out", "y", "--seed", "-1"], "--seed"),
        (["synthesis", "micrographs", "--out", "y", "--seed", "1.5"], "--seed"),
        (["benchmarks", "segmentation", "x", "y", "--seed", "-1"], "--seed"),
    ],
)
def test_options_out_of_range(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    text = capsys.readouterr().err
    assert end.value.code == 2 and said in text
    assert "--log-level" in words or "allowed: whole numbers from 0" in text


def test_settings_that_are_wrong_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["curation", "run", str(tmp_path), "--out", str(tmp_path / "out")]
    text = _fault(capsys, [*call, "--settings", '{"min_side": -1, "sharp": 2}'])
    assert "2 faults" in text and "min_side: saw -1" in text and "sharp: unknown" in text


def test_a_process_ends_with_its_status_and_nothing_is_lost(tmp_path):
    """The interpreter's tidying is left out: what is registered for the end runs all the same."""
    program = (
        "import atexit, sys, micrographia.cli as cli;"
        "atexit.register(lambda: print('at the end'));"
        "cli.main = lambda: print('done', end='') or 3;"
        "cli.program()"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (3, "doneat the end\n")


def test_an_interrupted_command_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("micrographia.io.datasets.labelled.read_labelled", interrupt)
    assert main(["classification", "embed", "pictures", "--out", "never.parquet"]) == 130
    said = capsys.readouterr().err
    assert "Interrupted" in said and "Traceback" not in said
