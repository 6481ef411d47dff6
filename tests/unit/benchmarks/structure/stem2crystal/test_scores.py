"""From files to figures: every failure counts, and every mistake of a table is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.benchmarks.structure.stem2crystal.scores import score_pictures
from micrographia.benchmarks.structure.stem2crystal.summary import summarise
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.errors import ImageError, TableError
from micrographia.io.datasets.answers import read_answers
from micrographia.io.datasets.ranked import read_dataset
from micrographia.io.schemas import RANKED_SCORES
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows

SETTINGS = Benchmarks(bootstrap=100)


def _mos2(a: float = 3.18, kind: str = "2H") -> Atoms:
    return mx2("MoS2", kind=kind, a=a, thickness=3.19, vacuum=9.0)


def _row(name: str, atoms: Atoms, **changed: object) -> dict[str, object]:
    return {"picture": name, "cif": to_cif(atoms), "pixel_size": 0.1, **changed}


def _write(folder: Path, rows: list[dict[str, object]], name: str = "truth.jsonl") -> Path:
    for row in rows:
        if row.get("picture"):
            np.save(folder / str(row["picture"]), np.zeros((20, 40), dtype=np.float32))
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _answers(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_right_second_refused_and_missing(tmp_path: Path) -> None:
    wrong, right = to_cif(graphene(vacuum=9)), to_cif(_mos2())
    names = [f"{name}.npy" for name in ("right", "second", "refused", "missing")]
    _write(tmp_path, [_row(name, _mos2()) for name in names])
    told = [
        {"picture": names[0], "answers": [right], "seconds": 2.0},
        {"picture": names[1], "answers": [wrong, right]},
        {"picture": names[2], "failure": "No lattice"},
    ]
    rows = score_pictures(read_dataset(tmp_path), read_answers(_answers(tmp_path, told)))
    assert [row["hit_1"] for row in rows] == [True, False, False, False]
    assert [row["hit_5"] for row in rows] == [True, True, False, False]
    assert [row["space_group_right"] for row in rows] == [True, False, False, False]
    assert rows[1]["space_group"] == 191 and rows[1]["space_group_true"] == 187
    assert rows[2]["failure"] == "No lattice" and "missing" in rows[3]["failure"]
    table = pd.DataFrame(rows, columns=RANKED_SCORES.names)
    figures = {row["metric"]: row for row in summarise(table, SETTINGS, 0)}
    assert figures["Hit@1"]["value"] == 0.25 and figures["Hit@5"]["value"] == 0.5
    assert figures["Match_abs"]["value"] == 0.25 and figures["Match_abs@5"]["value"] == 0.5
    assert figures["space group"]["value"] == 0.25 and figures["Hit@1"]["n_failed"] == 2
    assert figures["MinRMS"]["value"] == pytest.approx(0, abs=1e-6)
    assert figures["MinRMS"]["n"] == 2
    assert figures["MinRMS, all"]["value"] == pytest.approx((0 + 0 + 0.5 + 0.5) / 4, abs=1e-6)
    # A failure's b is 0, graphene's 2.46: mean of |3.18 - b| of sorted values.
    w1 = (0 + (3.18 - 2.46) + 3.18 + 3.18) / 4
    assert figures["W1 of b [Å]"]["value"] == pytest.approx(w1, abs=1e-3)
    assert figures["W1 of b [Å], answered"]["value"] == pytest.approx(0.72 / 2, abs=1e-3)
    assert figures["W1 of γ [°]"]["value"] == pytest.approx(60, abs=1e-3)


def test_an_unreadable_first_answer_is_not_replaced_by_the_second(tmp_path: Path) -> None:
    _write(tmp_path, [_row("a.npy", _mos2())])
    told = [{"picture": "a.npy", "answers": ["no crystal", to_cif(_mos2())]}]
    (row,) = score_pictures(read_dataset(tmp_path), read_answers(_answers(tmp_path, told)))
    assert (row["hit_1"], row["hit_5"], row["space_group_right"]) == (False, True, False)


def test_only_five_answers_count(tmp_path: Path) -> None:
    _write(tmp_path, [_row("a.npy", _mos2())])
    wrong = to_cif(graphene(vacuum=9))
    told = [{"picture": "a.npy", "answers": [wrong] * 5 + [to_cif(_mos2())]}]
    (row,) = score_pictures(read_dataset(tmp_path), read_answers(_answers(tmp_path, told)))
    assert row["n_answers"] == 5 and not row["hit_5"]


def test_answers_to_other_pictures_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, [_row("a.npy", _mos2())])
    told = _answers(tmp_path, [{"picture": "b.npy", "failure": "none"}])
    with pytest.raises(TableError, match=r"not in the data set; saw 'b.npy'"):
        score_pictures(read_dataset(tmp_path), read_answers(told))


def test_every_form_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "one.cif").write_text(to_cif(_mos2()), encoding="utf-8")
    np.save(tmp_path / "a.npy", np.zeros((20, 40), dtype=np.float32))
    text = "picture,structure,field_of_view,composition,level\na.npy,one.cif,8,MoS2,2\n"
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    (item,) = read_dataset(tmp_path)
    assert item.composition == {"Mo": 1, "S": 2} and item.group == "2"
    assert item.read().pixel_size == pytest.approx(0.2)  # 8 Å over 40 pixels
    assert item.crystal == "a.npy" and len(item.truth) == 3
    table = pd.DataFrame([_row("a.npy", _mos2(), composition={"Mo": 1, "S": 2})])
    table.to_parquet(tmp_path / "own.parquet")
    (same,) = read_dataset(tmp_path / "own.parquet")
    assert same.composition == {"Mo": 1, "S": 2} and same.read().pixel_size == 0.1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pixel_size": None}, "row 1 states neither pixel_size nor field_of_view"),
        ({"pixel_size": -1}, "row 1: pixel_size is wrong; saw '-1'"),
        ({"cif": None}, "row 1 has no true crystal"),
        ({"cif": "data_x"}, "row 1: the true crystal cannot be read"),
        ({"composition": "water"}, "row 1: the composition is wrong; saw 'water'"),
        ({"picture": ""}, "row 1 has no picture"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    _write(tmp_path, [_row("a.npy", _mos2(), **changed)])
    with pytest.raises(TableError, match=message):
        read_dataset(tmp_path)


def test_absent_tables_and_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"holds no table.*truth\.jsonl"):
        read_dataset(tmp_path)
    with pytest.raises(TableError, match=r"is no table of pictures"):
        read_dataset(tmp_path / "absent.jsonl")
    _write(tmp_path, [_row("a.npy", _mos2())])
    (item,) = read_dataset(tmp_path)
    np.save(tmp_path / "a.npy", np.zeros((2, 2, 3)))
    with pytest.raises(ImageError, match="is no picture"):
        item.read()
    (tmp_path / "a.npy").unlink()
    with pytest.raises(TableError, match="row 1: the picture does not exist"):
        read_dataset(tmp_path)


def test_the_command_writes_figures_and_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = _write(tmp_path, [_row("a.npy", _mos2(), level=1), _row("b.npy", _mos2(), level=2)])
    told = _answers(tmp_path, [{"picture": "a.npy", "answers": [to_cif(_mos2(kind="1T"))]}])
    out = tmp_path / "scores.json"
    command = ["benchmarks", "score-stem2crystal", str(tmp_path), "--answers", str(told)]
    assert main([*command, "--out", str(out)]) == 0
    assert "space group: 0.000 (n = 2)" in capsys.readouterr().out
    result = json.loads(out.read_text())
    assert result["n"] == 2 and result["n_failed"] == 1
    assert {row["group"] for row in result["metrics"]} == {"all", "1", "2"}
    first, second = read_rows(out.with_suffix(".parquet"), RANKED_SCORES)
    assert first["space_group"] == 164 and second["failure"].startswith("missing")
    assert main([*command, "--out", str(table)]) == 2
