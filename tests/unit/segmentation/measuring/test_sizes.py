"""Size distributions: fits that are known, p-values that keep their promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from micrographia.io.schemas import SIZES
from micrographia.io.tables import read_rows, write_table
from micrographia.segmentation.measuring.shapes import measure
from micrographia.segmentation.measuring.sizes import distribution, summarise
from micrographia.segmentation.measuring.sizes_figure import draw_sizes


def test_a_log_normal_sample_gives_its_parameters_back():
    sizes = np.random.default_rng(0).lognormal(np.log(25), np.log(1.4), 4000)
    found = distribution(sizes)
    assert found["geometric_mean"] == pytest.approx(25, rel=0.02)
    assert found["geometric_sd"] == pytest.approx(1.4, rel=0.02)
    assert found["geometric_mean_low"] < 25 < found["geometric_mean_high"]
    assert found["ks"] < 0.02 and found["p_value"] > 0.05
    assert found["ks"] == pytest.approx(
        stats.kstest(
            sizes, stats.lognorm(np.log(found["geometric_sd"]), 0, found["geometric_mean"]).cdf
        ).statistic
    )
    scaled = distribution(7 * sizes)
    assert scaled["geometric_mean"] == pytest.approx(7 * found["geometric_mean"])
    for name in ("geometric_sd", "ks", "p_value"):
        assert scaled[name] == pytest.approx(found[name])


@pytest.mark.parametrize("n", [10, 40, 200])
def test_p_values_of_log_normal_samples_are_uniform(n):
    rng = np.random.default_rng(n)
    values = [distribution(rng.lognormal(1, 0.5, n))["p_value"] for _ in range(600)]
    for level in (0.05, 0.2, 0.5, 0.8):
        assert np.mean(np.array(values) < level) == pytest.approx(level, abs=0.06)


def test_other_distributions_are_told_apart():
    rng = np.random.default_rng(1)
    two = np.concatenate([rng.normal(10, 1, 100), rng.normal(40, 2, 100)])
    assert distribution(two)["p_value"] < 1e-6
    assert distribution(rng.exponential(1, 300))["p_value"] < 0.001
    extreme = distribution(np.concatenate([np.full(5000, 1.0), [1e9]]))
    assert 0 <= extreme["p_value"] < 1e-6  # far outside of the formula's range


def test_few_and_equal_sizes():
    assert np.isnan(list(distribution([]).values())).all()
    one = distribution([4.0])
    assert (one["mean"], one["geometric_mean"]) == pytest.approx((4, 4)) and np.isnan(one["sd"])
    assert np.isnan(distribution([1, 2, 3])["p_value"])
    equal = distribution([3.0] * 20)
    assert equal["geometric_sd"] == pytest.approx(1) and np.isnan(equal["p_value"])
    assert np.isnan(equal["ks"])


def squares(sides, edge=False):
    labels = np.zeros((40, 30 * len(sides)), np.int32)
    for number, side in enumerate(sides):
        top = 0 if edge and number == 0 else 3
        left = 3 + 30 * number
        labels[top : top + side, left : left + side] = number + 1
    return labels


def test_rows_of_pictures_and_of_all(tmp_path):
    import pandas as pd

    instances = pd.concat(
        [measure(squares([4, 8, 16], edge=True), "a", 0.5), measure(squares([8, 8]), "b", None)]
    )
    write_table(summarise(instances), tmp_path / "s.parquet", SIZES)
    rows = {(row["image_id"], row["unit"]): row for row in read_rows(tmp_path / "s.parquet")}
    assert set(rows) == {(None, "px"), (None, "nm"), ("a", "px"), ("a", "nm"), ("b", "px")}
    scale = 2 / np.sqrt(np.pi)
    assert (rows["a", "px"]["n"], rows["a", "px"]["n_cut"]) == (2, 1)
    assert rows["a", "px"]["geometric_mean"] == pytest.approx(scale * np.sqrt(8 * 16))
    assert rows["a", "nm"]["geometric_mean"] == pytest.approx(0.5 * scale * np.sqrt(8 * 16))
    assert rows[None, "px"]["n"] == 4 and rows[None, "nm"]["n"] == 2
    assert rows["b", "px"]["p_value"] is None


@pytest.mark.parametrize("sides", [[], [5], [6, 6, 6], [4, 6, 9, 12, 5, 7, 8, 10, 6]])
def test_the_picture_is_drawn_whatever_there_is(sides, tmp_path):
    labels = squares(sides) if sides else np.zeros((9, 9), np.int32)
    for number in range(2):
        draw_sizes(measure(labels, "a", None), tmp_path / f"{number}")
    for suffix, magic in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        first = (tmp_path / f"0{suffix}").read_bytes()
        assert first.startswith(magic)
        assert first == (tmp_path / f"1{suffix}").read_bytes(), suffix


def test_a_normal_sample_is_told_from_a_log_normal_one():
    rng = np.random.default_rng(3)
    normal = distribution(rng.normal(50, 12, 600))
    assert normal["normal_p_value"] > 0.05 > 1e-4 > normal["p_value"]
    assert normal["normal_ks"] == pytest.approx(
        stats.kstest(
            np.random.default_rng(3).normal(50, 12, 600),
            stats.norm(normal["mean"], normal["sd"]).cdf,
        ).statistic
    )
    skewed = distribution(rng.lognormal(3, 0.6, 600))
    assert skewed["p_value"] > 0.05 > 1e-4 > skewed["normal_p_value"]


def test_the_same_picture_under_two_names_is_two_rows():
    """Of one folder: sizes.csv had one row with the instances of both."""
    labels = squares([10, 20])
    tables = [measure(labels, "same", 0.5, path=path) for path in ("a.png", "a - Copy.png")]
    rows = [row for row in summarise(pd.concat(tables)) if row["unit"] == "nm"]
    assert [row["path"] for row in rows] == [None, "a.png", "a - Copy.png"]
    assert [row["n"] for row in rows] == [2 * rows[1]["n"], rows[1]["n"], rows[1]["n"]]
