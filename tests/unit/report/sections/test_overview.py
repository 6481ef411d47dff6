"""The numbers that open the page are those of the tables, and only those that exist."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from unit.report.conftest import blank

from micrographia.io import schemas
from micrographia.report.collect import Results, collect
from micrographia.report.sections.overview import headlines


def told(results: Results) -> list[tuple[str, str, str]]:
    return [(one.value, one.label, one.note) for one in headlines(results)]


def test_all_six_in_the_order_of_the_work(finished_run: Path) -> None:
    results = collect(finished_run)
    score = {"metric": "S.S.@0.1", "group": "all", "method": "a", "value": 0.5, "n": 3}
    results.benchmarks["structure"] = {"metrics": [score]}
    whole = results.instances["equivalent_diameter_nm"]
    assert told(results) == [
        ("4 of 5", "pictures kept", "1 left out, with a reason"),
        ("40", "instances found", "in 4 pictures"),
        (f"{whole.median():.1f} nm", "median equivalent diameter", "n = 40, in 4 pictures"),
        ("2 of 3", "STEM pictures solved", "a crystal was found"),
        ("0.79", "AP50 of the outlines", "n = 5 pictures"),
        ("50 %", "crystals right within 0.1 Å", "n = 3 STEM pictures"),
    ]


def test_without_results_there_are_none(tmp_path: Path) -> None:
    assert headlines(Results(root=tmp_path)) == ()
    nothing = pd.DataFrame(columns=schemas.MICROGRAPHS.names)
    assert headlines(Results(root=tmp_path, micrographs=nothing)) == ()


def test_what_the_border_cuts_is_no_size_and_px_stand_in_for_nm(tmp_path: Path) -> None:
    rows = [
        blank(schemas.INSTANCES, image_id="a", equivalent_diameter_px=10.0 * n, cut=n == 3)
        for n in (1, 2, 3)
    ]
    table = pd.DataFrame(rows)
    assert told(Results(tmp_path, instances=table)) == [
        ("15.0 px", "median equivalent diameter", "n = 2, in 1 picture")
    ]
    table["equivalent_diameter_nm"] = [None, 1500.0, 9.0]
    assert told(Results(tmp_path, instances=table))[0][0] == "1.50 µm"


def test_a_score_without_truth_is_no_number_and_of_several_the_best_is_named(
    tmp_path: Path,
) -> None:
    def row(value: float | None, method: str) -> dict[str, object]:
        base = {"metric": "AP@0.5", "group": "all", "n": 9}
        return base | {"value": value, "method": method}

    results = Results(tmp_path, benchmarks={"segmentation": {"metrics": [row(None, "w")]}})
    assert headlines(results) == ()
    rows = [row(0.4, "watershed"), row(0.71, "unet-small")]
    results = Results(tmp_path, benchmarks={"segmentation": {"metrics": rows}})
    assert told(results) == [("0.71", "AP50 of the outlines", "n = 9 pictures, unet-small")]
