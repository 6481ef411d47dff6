"""The contract of `results/benchmarks/<name>.json`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from micrographia.errors import TableError
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.provenance import stamp


def entry(**changes):
    values = {"group": "all", "method": "m", "value": 0.5, "n": 2, "n_failed": 0}
    return metric_row("AP@0.5", **{**values, **changes})


def test_layout_and_extra_entries(tmp_path):
    path = tmp_path / "new" / "toy.json"
    rows = [entry(value=np.float64(0.25), low=0.1, high=float("nan"), n=np.int64(3))]
    write_result(path, "toy", rows, stamp({"a": 1}, 7), n=3, n_failed=1, n_without_truth=4)
    result = json.loads(path.read_text())
    assert {"name": "toy", "seed": 7, "n": 3, "n_failed": 1, "n_without_truth": 4}.items() <= (
        result.items()
    )
    assert result["config_digest"] == stamp({"a": 1})["settings_digest"]
    assert "micrographia" in result["versions"]
    assert result["metrics"] == [
        {
            "metric": "AP@0.5",
            "group": "all",
            "method": "m",
            "value": 0.25,
            "low": 0.1,
            "high": None,
            "n": 3,
            "n_failed": 0,
        }
    ]


def test_same_figures_same_bytes(tmp_path):
    for name in ("a.json", "b.json"):
        write_result(tmp_path / name, "toy", [entry()], stamp({}, 1), n=1, n_failed=0)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_broken_contract_writes_nothing(tmp_path):
    path = tmp_path / "toy.json"
    with pytest.raises(TableError, match="wrong fields"):
        write_result(path, "toy", [{"metric": "AP"}], stamp({}, 1), n=1, n_failed=0)
    with pytest.raises(TableError, match="reserved"):
        write_result(path, "toy", [], stamp({}, 1), n=1, n_failed=0, versions={})
    assert not path.exists()
