"""Energy scores: known errors, failures counted, upper bound apart."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from micrographia.benchmarks.energy.scores import (
    READ,
    UPPER_BOUND,
    Energies,
    score_energies,
    sort_energies,
    summarise_energies,
)
from micrographia.benchmarks.energy.scores import TRUE as TRUE_HEIGHTS
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.schemas import ENERGIES, ENERGY_SCORES, STRUCTURE_SCORES
from micrographia.io.tables import read_rows, write_table

FOUND = Energies(
    {"i1": -3.0, "i2": -3.05, "i3": -1.0},
    {"i4": "it exploded", "i5": "There is no crystal: no lattice"},
    "chgnet",
)
TRUE = Energies({"a": -3.01, "b": -4.0}, {"c": "no convergence"}, "chgnet")


def _scores():
    """Two pictures of a, one of b read wrongly, one that exploded, one refused, one of c."""
    cases = (("i1", "a", True), ("i2", "a", True), ("i3", "b", False))
    cases += (("i4", "b", True), ("i5", "b", None), ("i6", "c", True))
    rows = []
    for image, structure, solved in cases:
        row = dict.fromkeys(STRUCTURE_SCORES.names)
        row |= {"image_id": image, "structure_id": structure, "formula": structure.upper()}
        row |= {"method": "m", "track": "given", "engine": "phase-object", "tier": 2, "dose": 1e4}
        row |= {"ss_047": solved, "failure": "no lattice" if image == "i5" else None}
        rows.append(row)
    return rows


def _figures(rows):
    table = summarise_energies(pd.DataFrame(rows), Benchmarks(bootstrap=200), 0)
    return {
        (entry["metric"], entry["method"]): entry for entry in table if entry["group"] == "all"
    }


def test_errors_are_per_atom_in_mev_and_each_case_is_a_row() -> None:
    rows = score_energies(_scores(), FOUND, TRUE, {"a": -2.91})
    assert [row["image_id"] for row in rows] == ["i1", "i2", "i3", "i4", "i5"]
    assert set(rows[0]) == set(ENERGY_SCORES.names)
    assert rows[0]["error"] == pytest.approx(10) and rows[1]["error"] == pytest.approx(40)
    assert rows[0]["error_dft"] == pytest.approx(90)
    assert rows[0]["error_dft_true"] == pytest.approx(100)
    assert rows[2]["error_dft"] is None and rows[2]["error"] == pytest.approx(3000)


def test_each_failure_says_whose_it_is() -> None:
    failures = [row["failure"] for row in score_energies(_scores(), FOUND, TRUE, {})]
    assert failures[:3] == [None] * 3
    assert failures[3] == "it exploded" and failures[4] == "no lattice"
    found = Energies({"i6": -1.0}, {}, "chgnet")
    assert score_energies(_scores(), found, TRUE, {})[0]["failure"] == (
        "the true crystal: no convergence"
    )


def test_solved_cases_are_counted_apart_and_failures_with_them() -> None:
    figures = _figures(score_energies(_scores(), FOUND, TRUE, {}))
    whole = figures["error of reconstruction median [meV/atom]", "m, given"]
    assert whole["value"] == pytest.approx(40) and (whole["n"], whole["n_failed"]) == (5, 2)
    solved = figures["of solved: error of reconstruction mean [meV/atom]", "m, given"]
    # Of the three solved pictures one exploded.
    assert solved["value"] == pytest.approx(25) and (solved["n"], solved["n_failed"]) == (3, 1)
    assert not any("DFT" in metric for metric, _ in figures)


def test_the_upper_bound_counts_each_crystal_once() -> None:
    found = Energies(dict(FOUND.values, i6=-2.0), FOUND.failures, "chgnet")
    figures = _figures(score_energies(_scores(), found, TRUE, {"a": -2.91, "b": -4.3}))
    bound = figures["error against DFT mean [meV/atom]", UPPER_BOUND]
    assert bound["value"] == pytest.approx((100 + 300) / 2)
    assert (bound["n"], bound["n_failed"]) == (2, 0)
    ours = figures["error against DFT mean [meV/atom]", "m, given"]
    # Crystal c is unknown to DFT: its picture is no case of this figure.
    assert (ours["n"], ours["n_failed"]) == (5, 2)
    assert ours["value"] == pytest.approx((90 + 140 + 3300) / 3)


def test_pictures_of_one_crystal_are_resampled_together() -> None:
    figures = _figures(score_energies(_scores()[:2], FOUND, TRUE, {}))
    entry = figures["error of reconstruction mean [meV/atom]", "m, given"]
    assert entry["value"] == pytest.approx(25) and entry["low"] is None


def _energies():
    rows = []
    for energies, origin in ((FOUND, READ), (TRUE, TRUE_HEIGHTS)):
        for name, value in energies.values.items():
            rows.append({"case_id": name, "origin": origin, "energy_per_atom": value})
        for name, reason in energies.failures.items():
            rows.append({"case_id": name, "origin": origin, "failure": reason})
    rows.append({"case_id": "a", "origin": "heights forgotten", "energy_per_atom": 7.0})
    return [dict.fromkeys(ENERGIES.names) | {"calculator": "chgnet"} | row for row in rows]


def test_energies_are_sorted_by_their_origin() -> None:
    assert sort_energies(_energies()) == (FOUND, TRUE)
    assert sort_energies([]) == (Energies({}, {}), Energies({}, {}))


def test_energies_of_two_calculators_are_not_compared() -> None:
    rows = _energies()
    rows[0]["calculator"] = "mattersim"
    with pytest.raises(TableError, match="one calculator"):
        sort_energies(rows)


def test_pictures_beyond_the_limit_of_the_energies_are_no_cases() -> None:
    few = Energies({"i1": -3.0}, {}, "chgnet")
    assert [row["image_id"] for row in score_energies(_scores(), few, TRUE, {})] == ["i1"]


def _write(folder):
    write_table(_scores(), folder / "structure.parquet", STRUCTURE_SCORES, {})
    write_table(_energies(), folder / "energies" / "energies.parquet", ENERGIES, {})
    frame = pd.DataFrame({"material_id": ["a", "b"], "energy_per_atom_pbe": [-2.91, None]})
    frame.to_parquet(folder / "dft.parquet")


def _call(folder, *words):
    start = ["benchmarks", "score-energy", "--scores", folder / "structure.parquet"]
    start += ["--energies", folder / "energies", "--out", folder / "energy.json"]
    return main([str(word) for word in [*start, *words]])


def test_the_workflow_form_writes_json_table_and_picture(tmp_path) -> None:
    _write(tmp_path)
    assert _call(tmp_path, "--settings", f'{{"dft_energies": "{tmp_path / "dft.parquet"}"}}') == 0
    result = json.loads((tmp_path / "energy.json").read_text())
    assert result["name"] == "energy" and result["calculator"] == "chgnet"
    assert (result["n"], result["n_failed"]) == (5, 2)
    figures = {(r["metric"], r["group"], r["method"]): r["value"] for r in result["metrics"]}
    assert figures["error against DFT mean [meV/atom]", "all", UPPER_BOUND] == pytest.approx(100)
    rows = read_rows(tmp_path / "energy.parquet", ENERGY_SCORES)
    assert rows[2]["energy_dft"] is None
    assert (tmp_path / "energy.png").stat().st_size > 5000


def test_a_run_without_dft_energies_is_scored_and_a_wrong_table_is_an_error(
    tmp_path, capsys
) -> None:
    _write(tmp_path)
    assert _call(tmp_path) == 0
    result = json.loads((tmp_path / "energy.json").read_text())
    assert not any("DFT" in row["metric"] for row in result["metrics"])
    table = tmp_path / "energies" / "energies.parquet"
    assert _call(tmp_path, "--settings", f'{{"dft_energies": "{table}"}}') == 2
    assert "energy_per_atom_pbe" in capsys.readouterr().err
