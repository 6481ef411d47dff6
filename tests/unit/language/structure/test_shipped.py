"""The shipped network: what it writes of crystals that ASE builds, also of turned pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.cli import main
from micrographia.config import StructureText
from micrographia.io.datasets.answers import read_answers
from micrographia.io.resources import find_resource
from micrographia.io.structures import to_cif
from micrographia.language.structure.model import load_writer
from micrographia.language.structure.pictures import Plane, View, draw_picture
from micrographia.language.structure.predict import (
    SHIPPED,
    open_writer,
    parse_formula,
    write_structures,
)
from micrographia.language.structure.tokens import prompt

MOS2 = mx2("MoS2", "2H", a=3.18, thickness=3.16, vacuum=8)


def taken(layer: Atoms, **view: object) -> np.ndarray:
    cell = np.array(layer.cell[:2, :2])
    places = layer.positions[:, :2] @ np.linalg.inv(cell)
    plane = Plane(cell, places, np.asarray(layer.numbers, dtype=np.int64))
    return draw_picture(plane, View(**view), np.random.default_rng(1))  # type: ignore[arg-type]


def test_the_weights_are_small_and_say_what_they_learned() -> None:
    path = find_resource(SHIPPED)
    assert path.stat().st_size < 20e6
    card = load_writer(path)[1].card
    assert card["data"]["crystals"]["test"] > 400 and card["data"]["crystals"]["train"] < 135


@pytest.mark.parametrize("degrees", [0, 17, 41])
@pytest.mark.parametrize(("layer", "formula"), [(MOS2, "MoS2"), (graphene(vacuum=8), "C")])
def test_a_picture_is_read_however_it_is_turned(layer: Atoms, formula: str, degrees: int) -> None:
    writer = open_writer(None, StructureText(device="cpu"))
    picture = taken(layer, rotation=np.radians(degrees), noise=0.2, origin=(0.3, 0.1))
    start = prompt(parse_formula(formula), None)
    best = write_structures(writer, [picture], [start], 2, 0.7, seed=1)[0][0].crystal
    length = float(np.linalg.norm(layer.cell[0]))
    assert best.a / 100 == pytest.approx(length, abs=0.03) == best.b / 100
    assert best.gamma == pytest.approx(1200, abs=5)
    assert sum(count for _, count in best.contents) == len(layer)


def test_a_small_field_is_read() -> None:
    """Fourteen ångström of MoS2, less than the network ever saw."""
    settings = StructureText(device="cpu")
    picture = taken(MOS2, rotation=0.3, noise=0.2)[:140, :140]
    start = prompt(parse_formula("MoS2"), None)
    best = write_structures(
        open_writer(None, settings), [picture], [start], 2, 0.7, 1, settings.again
    )[0][0]
    assert best.crystal.a / 100 == pytest.approx(3.18, abs=0.04)
    assert best.explained is not None and best.explained > 0.95
    assert sum(count for _, count in best.crystal.contents) == 3


def test_a_data_set_is_answered_with_ranked_crystals(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", taken(MOS2))
    rows = [
        {"picture": "one.npy", "pixel_size": 0.1, "composition": {"Mo": 1, "S": 2}},
        {"picture": "none.npy", "pixel_size": 0.1, "composition": {"Mo": 1, "S": 2}},
    ]
    np.save(tmp_path / "none.npy", np.zeros((256, 256), dtype=np.float32))
    lines = [json.dumps(row | {"cif": to_cif(MOS2), "structure_id": "m"}) for row in rows]
    (tmp_path / "truth.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "answers.jsonl"
    assert main(["language", "ranked", str(tmp_path), "--samples", "3", "--out", str(out)]) == 0
    answers = read_answers(out)
    first = answers["one.npy"].crystals[0]
    assert first is not None and first.get_chemical_formula() == "MoS2"
    assert 0 < (answers["one.npy"].confidence or 0) <= 1
    assert "one grey level" in answers["none.npy"].failure
