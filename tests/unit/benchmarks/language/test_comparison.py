"""Differences of two runs: values by hand, intervals by another way to resample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from micrographia.benchmarks.language.comparison import compare_written
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS, WRITTEN_SCORES
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif
from micrographia.io.tables import write_table
from micrographia.language.structure.canonical import read

SETTINGS = Benchmarks(bootstrap=4000)
SHARES = [name for name in WRITTEN_SCORES.names if str(WRITTEN_SCORES.field(name).type) == "bool"]


def run(name: str, hits: list[bool], errors: list[float | None]) -> pd.DataFrame:
    rows = []
    for number, (hit, error) in enumerate(zip(hits, errors, strict=True)):
        row = blank(WRITTEN_SCORES)
        row |= dict.fromkeys(SHARES, False) | {"hit_1": hit, "rmsd_xy": error, "method": name}
        row |= {"image_id": f"p{number}", "structure_id": f"s{number}", "elements": 2}
        row |= {"formula": f"f{number}", "failure": None if error is not None else "none"}
        rows.append(row)
    return pd.DataFrame(rows, columns=WRITTEN_SCORES.names)


def figures(*runs: pd.DataFrame) -> dict[tuple[str, str], Any]:
    found = compare_written(*runs, SETTINGS, 1)
    return {(row["metric"], row["method"]): row for row in found if row["group"] == "all"}


def test_differences_by_hand() -> None:
    one = run("one", [True, True, False, True], [0.1, 0.2, 0.4, None])
    two = run("two", [True, False, True, False], [0.4, 0.3, None, 0.5])
    found = figures(one, two)
    hit = found["Hit@1", "one less two"]
    assert hit["value"] == pytest.approx(3 / 4 - 2 / 4) and (hit["n"], hit["n_failed"]) == (4, 2)
    assert found["only Hit@1", "one"]["value"] == 0.5
    assert found["only Hit@1", "two"]["value"] == 0.25
    # Both answered p0 and p1: 0.1 - 0.4 and 0.2 - 0.3.
    mean = found["RMSD of a, b, mean [Å]", "one less two"]
    assert mean["value"] == pytest.approx(-0.2) and mean["n"] == 2
    assert found["RMSD of a, b, median [Å]", "one less two"]["value"] == pytest.approx(-0.2)


def test_the_interval_is_that_of_the_paired_differences() -> None:
    """Against resamples drawn here: pictures are drawn once, for both runs."""
    generator = np.random.default_rng(5)
    second = generator.uniform(size=200) < 0.4
    first = second | (generator.uniform(size=200) < 0.2)
    none: list[float | None] = [0.1] * 200
    found = figures(run("a", first.tolist(), none), run("b", second.tolist(), none))
    row = found["Hit@1", "a less b"]
    drawn = np.random.default_rng(77).integers(0, 200, (20_000, 200))
    gains = first[drawn].mean(axis=1) - second[drawn].mean(axis=1)
    wanted = np.quantile(gains, [0.025, 0.975])
    assert (row["low"], row["high"]) == pytest.approx(wanted, abs=0.006)
    apart = first[drawn].mean(axis=1) - second[drawn[::-1]].mean(axis=1)
    assert row["high"] - row["low"] < 0.7 * np.ptp(np.quantile(apart, [0.025, 0.975]))


def test_crystals_of_one_formula_are_drawn_together() -> None:
    one = run("one", [True] * 10 + [False] * 10, [0.1] * 20)
    two = run("two", [False] * 20, [0.1] * 20)
    loose = figures(one, two)["Hit@1", "one less two"]
    one["formula"] = two["formula"] = ["x"] * 10 + ["y"] * 10
    tied = figures(one, two)["Hit@1", "one less two"]
    # Of two formulas a quarter of the resamples holds one twice.
    assert (tied["low"], tied["high"]) == (0.0, 1.0) and loose["low"] > 0.2


def test_runs_that_answer_other_pictures_are_refused() -> None:
    one = run("one", [True, False], [0.1, 0.1])
    with pytest.raises(TableError, match=r"2 and 1 pictures; in one table alone: p1"):
        compare_written(one, one.iloc[:1], SETTINGS, 1)
    other = one.assign(structure_id=["s0", "z"])
    with pytest.raises(TableError, match=r"another crystal.*saw 'p1'"):
        compare_written(one, other, SETTINGS, 1)


def test_the_command_compares_two_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    true = "3.18 3.18 120.0\nMo1 S2\nMo .00 .00 1.6\nS .33 .67 0.0\nS .33 .67 3.2\n"
    wrong = true.replace("Mo", "W")
    texts, first, second = (tmp_path / f"{name}.parquet" for name in ("texts", "first", "second"))
    truth = blank(CRYSTAL_TEXTS) | {"structure_id": "m", "formula": "MoS2"}
    write_table([truth | {"cif": to_cif(read(true).atoms())}], texts, CRYSTAL_TEXTS)
    for path, text in ((first, true), (second, wrong)):
        answer = blank(WRITTEN_CRYSTALS) | {"image_id": "p", "structure_id": "m", "rank": 1}
        answer |= {"told": "formula", "cif": to_cif(read(text).atoms())}
        write_table([answer], path, WRITTEN_CRYSTALS)
    out = tmp_path / "gain.json"
    command = ["benchmarks", "compare-written", str(texts), "--answers", str(first)]
    command += ["--against", str(second), "--against-method", "tungsten", "--out", str(out)]
    assert main(command) == 0
    assert "Hit@1, first less tungsten: +1.000 (+1.000 to +1.000" in capsys.readouterr().out
    result = json.loads(out.read_text())
    assert (result["name"], result["n"], result["n_failed"]) == ("gain", 1, 0)
