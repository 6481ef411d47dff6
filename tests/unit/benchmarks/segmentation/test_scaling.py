"""The learning curve: sizes, gains on the same pictures, its picture, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from micrographia.benchmarks.published import published_rows
from micrographia.benchmarks.segmentation.scaling_figure import draw_scaling
from micrographia.benchmarks.segmentation.scores import write_scores
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.io.schemas import SCALING, SEGMENTATION_SCORES, TRAINING_PICTURES
from micrographia.io.tables import read_rows, write_table

SETTINGS = Benchmarks(bootstrap=200)


def pictures(real, procedural=0):
    """A subset: articles of two pictures with three instances each; four are held out."""
    made = [("real", n, "train") for n in range(real)]
    made += [("procedural", n, "train") for n in range(procedural)]
    made += [("real", n, "validation") for n in range(100, 104)]
    return [
        {
            "path": f"{source}{n}.png", "mask_path": f"{source}{n}-mask.png", "source": source,
            "licence": "MIT", "group": f"{source}{n // 2}", "split": split, "n_instances": 3,
            "diameter_px": 9.0,
        }
        for source, n, split in made
    ]  # fmt: skip


def score(value, number):
    """A row of four pictures; the third is hard, the last one failed."""
    values = dict.fromkeys(SEGMENTATION_SCORES.names)
    mine = value - 0.3 * (number == 2)
    values |= dict.fromkeys(("ap50", "ap50_95", "pq50", "boundary_f"), mine)
    values |= {"image_id": str(number), "path": f"real{100 + number}.png", "method": "unet-small"}
    values |= {"n_true": 5, "n_predicted": 5, "density": "sparse", "curve": [mine] * 10}
    return values | ({"failure": "it broke"} if number == 3 else {})


def run(folder, name, value, real, procedural=0, digest="one"):
    """Files of a training: its scores and what it learned from."""
    (folder / name).mkdir()
    result, table = folder / name / "scores.json", folder / name / "pictures.parquet"
    rows = [score(value, number) for number in range(4)]
    write_scores(rows, result, "unet-small", SETTINGS, 3, pictures_digest=digest)
    write_table(pictures(real, procedural), table, TRAINING_PICTURES, {})
    return result, table


def draw(out, *runs):
    words = ["--scores", *(str(one[0]) for one in runs), "--pictures", *(str(r[1]) for r in runs)]
    words += ["--out", str(out), "--settings", '{"bootstrap": 200}']
    return main(["benchmarks", "segmentation-scaling", *words])


def test_scores_over_sizes_with_gains(tmp_path):
    runs = [
        run(tmp_path, "all", 0.9, 40), run(tmp_path, "few", 0.5, 10),
        run(tmp_path, "mixed", 0.7, 10, 16), run(tmp_path, "made", 0.4, 0, 16),
    ]  # fmt: skip
    out = tmp_path / "scaling.json"
    assert draw(out, *runs) == 0
    rows = read_rows(out.with_suffix(".parquet"), SCALING)
    mine = {
        (row["n_real"], row["n_procedural"], row["metric"]): row
        for row in rows
        if row["group"] == "all"
    }
    assert list(dict.fromkeys(key[:2] for key in mine)) == [(10, 0), (40, 0), (0, 16), (10, 16)]
    ap = mine[40, 0, "AP@0.5"]
    assert ap["value"] == pytest.approx((0.9 + 0.9 + 0.6 + 0) / 4) and ap["n_failed"] == 1
    assert ap["n_articles"] == 20 and ap["n_instances"] == 3 * 40
    assert mine[10, 16, "AP@0.5"]["n_instances"] == 3 * 26
    # Three of four score 0.4 higher: the hard one makes the score uncertain, not the gain.
    gain = mine[40, 0, "PQ@0.5 gain"]
    assert gain["value"] == pytest.approx(0.3)
    assert gain["high"] - gain["low"] < ap["high"] - ap["low"]
    assert mine[10, 16, "AP@0.5 gain"]["value"] == pytest.approx(0.3 * 3 / 4)
    assert (10, 0, "AP@0.5 gain") not in mine and (0, 16, "AP@0.5 gain") not in mine
    result = json.loads(out.read_text())
    methods = list(dict.fromkeys(row["method"] for row in result["metrics"]))
    assert methods == [one["method"] for one in result["runs"]]
    assert methods[0] == "unet-small, 10 real"
    assert methods[3] == "unet-small, 10 real and 16 procedural"
    assert result["n"] == 4 and result["n_failed"] == 4
    assert "not measured again" in result["published"]["note"]
    first = [out.with_suffix(end).read_bytes() for end in (".json", ".parquet", ".png")]
    assert draw(out, *runs[::-1]) == 0  # whatever order they are named in
    assert [out.with_suffix(end).read_bytes() for end in (".json", ".parquet", ".png")] == first


def test_the_picture_of_one_training_and_of_many(tmp_path):
    row = {"method": "unet-small", "metric": "AP@0.5", "group": "all", "n": 9, "n_procedural": 0}
    rows = [
        row | {"n_real": n, "value": 0.1 * np.log2(n), "low": 0.0, "high": 0.9}
        for n in (30, 60, 120)
    ]
    sizes = []
    for number, shown in enumerate(([rows[0]], rows, [rows[0] | {"n_real": 0}])):
        draw_scaling(shown, published_rows("segmentation_scaling"), tmp_path / f"{number}.png")
        sizes.append(Image.open(tmp_path / f"{number}.png").size)
    assert len(set(sizes)) == 1
    pixels = [np.asarray(Image.open(tmp_path / f"{n}.png").convert("L")) for n in range(3)]
    assert (pixels[0] != pixels[1]).any() and (pixels[0] != pixels[2]).any()


def test_what_cannot_be_compared_is_refused(tmp_path, capsys):
    first = run(tmp_path, "first", 0.5, 10)
    other = run(tmp_path, "other", 0.5, 20, digest="two")
    out = tmp_path / "scaling.json"
    assert draw(out, first, other) != 0 and "different pictures" in capsys.readouterr().err
    assert draw(out, first, (first[0], tmp_path / "absent.parquet")) != 0
    leaking = run(tmp_path, "leaking", 0.5, 102)
    assert draw(out, first, leaking) != 0
    said = capsys.readouterr().err
    assert "lists as training pictures" in said and "real100.png" in said
    words = ["--scores", str(first[0]), "--pictures", str(first[1]), str(first[1])]
    assert main(["benchmarks", "segmentation-scaling", *words, "--out", str(out)]) != 0
    assert "1 results, 2 tables" in capsys.readouterr().err
    assert not out.exists()


def test_published_figures_of_the_paper():
    """UniEM-3M, table 3."""
    rows = published_rows("segmentation_scaling")
    figures = {(row["n_real"], row["n_generated"], row["metric"]): row["value"] for row in rows}
    assert len(rows) == len(figures) == 18
    assert figures[1000, 0, "AP@0.5"] == 0.767 and figures[4000, 0, "PQ@0.5"] == 0.704
    assert figures[0, 30000, "AP@0.5"] == 0.773
    assert figures[4000, 30000, "AP@0.5"] == 0.807 and figures[4000, 30000, "PQ@0.5"] == 0.705
