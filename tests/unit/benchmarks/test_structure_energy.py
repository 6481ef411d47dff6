"""Energy scores: known errors, failures counted, upper bound apart."""

from __future__ import annotations

import pandas as pd
import pytest

from micrographia.benchmarks.structure_energy import (
    UPPER_BOUND,
    Energies,
    score_energies,
    summarise_energies,
)
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.schemas import ENERGY_SCORES, STRUCTURE_SCORES

FOUND = Energies({"i1": -3.0, "i2": -3.05, "i3": -1.0}, {"i4": "it exploded"}, "chgnet")
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
    assert [row["image_id"] for row in rows] == ["i1", "i2", "i3", "i4", "i5", "i6"]
    assert set(rows[0]) == set(ENERGY_SCORES.names)
    assert rows[0]["error"] == pytest.approx(10) and rows[1]["error"] == pytest.approx(40)
    assert rows[0]["error_dft"] == pytest.approx(90)
    assert rows[0]["error_dft_true"] == pytest.approx(100)
    assert rows[2]["error_dft"] is None and rows[2]["error"] == pytest.approx(3000)


def test_each_failure_says_whose_it_is() -> None:
    failures = [row["failure"] for row in score_energies(_scores(), FOUND, TRUE, {})]
    assert failures[:3] == [None] * 3
    assert failures[3] == "it exploded" and failures[4] == "no lattice"
    assert "not computed" in failures[5]
    found = Energies(dict(FOUND.values, i6=-1.0), {}, "chgnet")
    assert score_energies(_scores(), found, TRUE, {})[5]["failure"] == (
        "the true crystal: no convergence"
    )


def test_solved_cases_are_counted_apart_and_failures_with_them() -> None:
    figures = _figures(score_energies(_scores(), FOUND, TRUE, {}))
    whole = figures["error of reconstruction median [meV/atom]", "m, given"]
    assert whole["value"] == pytest.approx(40) and (whole["n"], whole["n_failed"]) == (6, 3)
    solved = figures["of solved: error of reconstruction mean [meV/atom]", "m, given"]
    # Of the four solved pictures one exploded and one has no true energy.
    assert solved["value"] == pytest.approx(25) and (solved["n"], solved["n_failed"]) == (4, 2)
    assert not any("DFT" in metric for metric, _ in figures)


def test_the_upper_bound_counts_each_crystal_once() -> None:
    rows = score_energies(_scores(), FOUND, TRUE, {"a": -2.91, "b": -4.3})
    figures = _figures(rows)
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


def test_energies_of_two_calculators_are_not_compared() -> None:
    other = Energies(TRUE.values, {}, "mattersim")
    with pytest.raises(TableError, match="one calculator"):
        score_energies(_scores(), FOUND, other, {})
