"""Pairs of pictures by both engines: the difference, crystal by crystal."""

from __future__ import annotations

import pandas as pd
import pytest

from micrographia.benchmarks.structure.summary import summarise
from micrographia.config import Benchmarks
from micrographia.io.schemas import STRUCTURE_SCORES

METRIC = "S.S.@0.47, multislice less phase object"


def _rows(engine: str, right: dict[str, bool], doses=(1e4, 3e4)):
    common = {"method": "m", "track": "given", "tier": 3, "engine": engine, "rmsd_xy": 1e-3}
    return [
        dict.fromkeys(STRUCTURE_SCORES.names)
        | common
        | {"structure_id": name, "dose": dose, "ss_047": ok, "composition_correct": ok}
        for name, ok in right.items()
        for dose in doses
    ]


def _figure(rows, metric=METRIC):
    table = summarise(pd.DataFrame(rows), Benchmarks(bootstrap=200), 0)
    return [entry for entry in table if entry["metric"] == metric]


def test_engines_are_compared_on_the_same_crystals_and_doses() -> None:
    own = _rows("phase-object", {"a": True, "b": True, "c": True, "d": False})
    foreign = _rows("multislice", {"a": True, "b": False}, doses=(1e4,))
    (entry,) = _figure([*own, *foreign])
    assert entry["value"] == pytest.approx(-0.5) and entry["n"] == 2
    assert (entry["low"], entry["high"]) == (-1, 0)


def test_like_scores_have_no_difference_whatever_the_other_crystals_do() -> None:
    right = {"a": True, "b": False, "c": True}
    others = {"d": False, "e": False}
    rows = [*_rows("phase-object", right | others), *_rows("multislice", right)]
    (entry,) = _figure(rows)
    assert (entry["value"], entry["low"], entry["high"]) == (0, 0, 0)


def test_without_multislice_there_is_nothing_to_compare() -> None:
    assert not _figure(_rows("phase-object", {"a": True}))
