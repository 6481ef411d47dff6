"""studies/second_opinion.py: what the solver is told, and how its answers are judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import second_opinion
from ase import Atoms
from second_maker import pictures
from second_maker.crystals import Layer
from second_maker.detector import write_picture

import micrographia
from micrographia.benchmarks.structure.scores import compare
from micrographia.config import Reconstruction
from micrographia.physics.conditions import ImagingConditions


def layer() -> Layer:
    atoms = Atoms(
        "ScO", scaled_positions=[(0, 0, 0.5), (0.4, 0.55, 0.5)], cell=[3.4, 3.9, 20], pbc=True
    )
    return Layer("ScO", "ScO", "dev", atoms)


def made(folder: Path, mode: str, kind: str) -> dict[str, Any]:
    values, _, truth = pictures.make_picture(layer(), mode, kind, (0, 0), dose=1e5)
    write_picture(folder / "a.tif", values.astype(np.float32))
    return {"file": "a.tif", **json.loads(json.dumps(truth))}


@pytest.mark.parametrize("mode", ["idpc", "haadf"])
def test_conditions_are_told_in_the_package_s_words(mode: str, tmp_path: Path) -> None:
    truth = made(tmp_path, mode, "plain")
    assert second_opinion.metadata_of(truth, "nothing") == {}
    told = second_opinion.metadata_of(truth, "conditions")
    assert "unit" not in told
    conditions = ImagingConditions(**told["conditions"])
    assert conditions.is_annular is (mode == "haadf")
    assert conditions.energy_keV == truth["conditions"]["energy_keV"]
    if mode == "haadf":
        assert conditions.annulus == tuple(truth["conditions"]["ring_mrad"])
    only = second_opinion.metadata_of(truth, "detector")["conditions"]
    assert list(only) == ["detector"]


def test_an_answer_is_brought_to_the_truths_area() -> None:
    wanted = layer().atoms
    larger = wanted.copy()
    larger.set_cell(wanted.cell * [[1.06], [1.06], [1]], scale_atoms=True)
    assert not compare(larger, wanted)["lattice_match"]
    assert compare(second_opinion.up_to_scale(larger, wanted), wanted)["rms_sites"] < 1e-3
    other = wanted.copy()
    other.set_cell(wanted.cell * [[1.3], [1], [1]], scale_atoms=True)
    assert second_opinion.up_to_scale(other, wanted) is other


def test_an_answer_is_judged(tmp_path: Path) -> None:
    """On a picture of the package's own, which the solver reads; a wrong truth makes it wrong."""
    truth = made(tmp_path, "idpc", "plain")
    image = micrographia.simulate(layer().atoms, dose=1e5, rotation=20)
    write_picture(tmp_path / "a.tif", image.pixels)
    truth["pixel_size"] = image.pixel_size
    task = second_opinion.Task(tmp_path, truth, "nothing", False, Reconstruction())
    row = second_opinion.answer(task)
    assert row["answer"] == "right", row
    assert row["rms_sites"] < 0.05 and 0 < row["confidence"] <= 1
    truth["cif"] = truth["cif"].replace("3.9", "4.4")
    assert second_opinion.answer(task)["answer"] == "wrong"


def test_a_refusal_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = made(tmp_path, "idpc", "grains")
    write_picture(
        tmp_path / "a.tif", np.random.default_rng(0).normal(size=(200, 200)).astype("f4")
    )
    task = second_opinion.Task(tmp_path, truth, "nothing", False, Reconstruction())
    row = second_opinion.answer(task)
    assert row["answer"] == "refused" and row["confidence"] is None and row["seconds"] > 0
    second_opinion._print_table([row, {**row, "kind": "plain"}], "told: nothing")
    printed = capsys.readouterr().out
    assert "| idpc grains | 1 | 0 | 0 | 1 |" in printed and "noticed 0" in printed
