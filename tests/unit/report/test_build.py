from __future__ import annotations

import re
import shutil
import subprocess
from urllib.parse import unquote

import numpy as np
import pytest
from needed import chromium, needs
from PIL import Image
from unit.report.checking import Page, faults
from unit.report.conftest import SIDE

from micrographia.cli import main
from micrographia.config import Report, WorkflowConfig
from micrographia.io import schemas
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.images import write_labels
from micrographia.io.tables import read_table, write_table
from micrographia.provenance import stamp
from micrographia.report.build import build

CONFIG = WorkflowConfig().model_dump(mode="json")


@pytest.fixture(scope="module")
def page_text(finished_run):
    out = finished_run.parent / "page" / "index.html"
    build(finished_run, Report(examples=4), CONFIG, out)
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page_folder(finished_run, page_text):
    return finished_run.parent / "page"


def test_the_page_is_valid_and_its_files_are_there(page_text, page_folder):
    assert faults(page_text, page_folder) == []
    page = Page(page_text)
    assert len(page.figures) >= 8
    files = {unquote(link) for link in page.links if link.startswith("files/")}
    written = {
        path.relative_to(page_folder).as_posix()
        for path in (page_folder / "files").rglob("*")
        if path.is_file() and path.name != ".micrographia"
    }
    assert files == written
    endings = {path.rpartition(".")[2] for path in files}
    assert {"csv", "png", "svg", "zip", "json", "parquet"} <= endings


def test_the_page_is_small_and_follows_the_light(page_text):
    assert len(page_text.encode()) < 1_000_000  # of four and two pictures
    assert "prefers-color-scheme: dark" in page_text and "@media print" in page_text


def test_the_page_opens_with_numbers_and_pictures(page_text):
    page = Page(page_text)
    before = page.text[: page.text.index("Counts and sizes", page.text.index("Figure 1."))]
    for said in (
        "4 of 5",
        "pictures kept",
        "40 instances found",
        "50.9 nm",
        "2 of 3 STEM pictures solved",
        "0.79 AP50 of the outlines",
        *(f"{name}.png" for name in range(4)),
    ):
        assert said in re.sub(r"(40|2 of 3|0.79) ", r"\1 ", _turned(page_text) + before), said
    assert page.headings[0] == ("h1", "Micrographia: demo")


def _turned(text):
    """Value and label of each number, in the order in which they are read."""
    pairs = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", text)
    return " ".join(f"{value} {label}" for label, value in pairs)


def test_the_page_says_what_ran(page_text):
    text = Page(page_text).text
    assert "1665" in text
    assert "micrographia" in text
    assert "Of 5 pictures 4 were kept and 1 was left out." in text
    assert "A crystal was found in 2 of 3 pictures." in text
    assert f'"seed": {CONFIG["seed"]}' in text
    assert '"duplicate_radius"' in text


def test_the_page_shows_figures_with_interval_and_counts(page_text):
    text = Page(page_text).text
    assert "5 cases, 1 of them failed" in text
    assert re.search(r"AP@0\.5 all watershed 0\.794 0\.750 to 0\.857 +5 1", text)
    assert re.search(r"graphene segments 0\.99\d\d\d 0\.0020 3\.10 1550 900", text)


def test_sizes_come_with_their_fit_unit_and_number(page_text):
    text = Page(page_text).text
    assert "Equivalent diameter [nm]: found, n = 40 instances" in text
    assert "line: log-normal, geometric mean 31.4 nm (29.1 to 33.9), geometric standard" in text
    assert "deviation 1.25, KS distance 0.09" in text


def test_the_page_says_that_solver_and_pictures_share_a_model(page_text, finished_run, tmp_path):
    sentence = "the same image model that the solver fits"
    assert sentence in Page(page_text).text
    root = tmp_path / "results"
    shutil.copytree(finished_run, root)
    table = root / "stem" / "exposures" / "000" / "images.parquet"
    write_table(read_table(table).assign(engine="multislice"), table, schemas.STEM_IMAGES)
    build(root, Report(), CONFIG, tmp_path / "index.html")
    assert sentence not in Page((tmp_path / "index.html").read_text(encoding="utf-8")).text


def test_the_page_shows_every_kind_of_picture(page_text):
    alt = Page(page_text).alt
    labels = [label.split(" of ")[0] for label in alt]
    for kind in ("phase object", "multislice"):
        assert kind in labels
    for kind in ("measured", "model", "residual", "crystal", "true crystal"):
        assert labels.count(kind) == 2
    assert sum(": " in label and ".png" in label for label in alt) == 4
    assert {"best", "median", "worst"} <= set(re.findall(r'class="tag (\w+)"', page_text))
    for kind in ("matched", "unmatched", "missed"):
        assert f'<path class="{kind}"' in page_text


def test_every_failure_is_listed_with_its_reason(page_text):
    text = Page(page_text).text
    assert "torn.png torn.png is damaged" in text
    assert "4.png blurred: sharpness 0.004" in text
    assert "noise no lattice explains the picture" in text


def test_the_same_run_gives_the_same_page(finished_run, page_text, tmp_path):
    build(finished_run, Report(examples=4), CONFIG, tmp_path / "index.html")
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == page_text


def test_of_what_did_not_run_nothing_is_said(micrographs_only, tmp_path):
    out = tmp_path / "page.html"
    words = ["--results", str(micrographs_only), "--settings", '{"examples": 1}']
    assert main(["report", "build", *words, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert faults(text, tmp_path) == []
    words = Page(text).text
    for word in ("STEM", "crystal", "Crystals", "All settings", "annotators", "did not run"):
        assert word not in words
    assert "Figure 1." in words
    assert (tmp_path / "page-files" / "masks" / "masks.zip").is_file()


def test_without_a_truth_there_is_no_score_and_no_partner(micrographs_only, tmp_path):
    """What a user's own folder gives: the benchmark ran over nothing."""
    table = micrographs_only / "curation" / "micrographs.parquet"
    write_table(read_table(table).assign(mask_path=None), table, schemas.MICROGRAPHS)
    scores = micrographs_only / "benchmarks" / "segmentation.parquet"
    write_table([], scores, schemas.SEGMENTATION_SCORES)
    figures = [metric_row("AP@0.5", group="all", method="w", value=None, n=0, n_failed=0)]
    write_result(
        scores.with_suffix(".json"), "segmentation", figures, stamp({}, 1), n=0, n_failed=0
    )
    build(micrographs_only, Report(), CONFIG, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert faults(text, tmp_path) == []
    body = text[text.index("<main") : text.index("All settings of this run")]
    for word in ("AP50", "AP@", "matched", "truth", "Scores", 'class="tag', "worst"):
        assert word not in body
    assert body.count('<path class="found"') == 4
    assert "outline of an instance" in body


def test_one_of_everything_is_singular(micrographs_only, tmp_path):
    table = micrographs_only / "curation" / "micrographs.parquet"
    rows = read_table(table).iloc[:1].assign(mask_path=None)
    write_table(rows, table, schemas.MICROGRAPHS)
    shard = micrographs_only / "segmentation" / "predicted" / "000"
    made = read_table(shard / "predictions.parquet").iloc[:1].assign(n_instances=1)
    write_table(made, shard / "predictions.parquet", schemas.PREDICTIONS)
    labels = np.zeros((SIDE, SIDE), dtype=np.int32)
    labels[40:60, 40:60] = 1
    write_labels(shard / made["mask"].iloc[0], labels)
    only = read_table(shard / "instances.parquet").iloc[:1]
    write_table(only, shard / "instances.parquet", schemas.INSTANCES)
    for path in (micrographs_only / "benchmarks").iterdir():
        path.unlink()
    build(micrographs_only, Report(), None, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert faults(text, tmp_path) == []
    charts = r'<svg class="chart".*?</svg>'  # a tick and the axis' name are no sentence
    words = Page(re.sub(charts, "", text[text.index("<body") :], flags=re.DOTALL)).text
    assert "1 of 1 picture kept" in _turned(text)
    assert "1 instance found" in words and "in 1 picture" in words
    assert "The one picture was kept." in words
    assert not re.findall(r"\b1 (?:instances|pictures|files|groups|micrographs|values)\b", words)
    assert not re.findall(r"\(1 (?:\w+s)\)", words)


def test_an_empty_results_folder_makes_a_page(tmp_path):
    (tmp_path / "results").mkdir()
    build(tmp_path / "results", Report(), None, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert faults(text, tmp_path) == []
    page = Page(text)
    assert "This run has no results yet." in page.text
    assert [said for rank, said in page.headings if rank == "h2"] == ["About this run"]


def test_lost_and_damaged_pictures_cost_only_themselves(micrographs_only, tmp_path):
    pictures = sorted((micrographs_only / "synthesis").glob("?.png"))
    pictures[0].unlink()
    pictures[1].write_bytes(b"no picture")
    out = tmp_path / "index.html"
    build(micrographs_only, Report(examples=9), CONFIG, out)
    page = Page(out.read_text(encoding="utf-8"))
    assert "0.png, listed in the tables, no longer exists" in page.text
    assert "1.png" in page.text
    assert [alt.partition(":")[0] for alt in page.alt] == ["2.png", "3.png"]


def test_damaged_crystals_cost_only_their_panels(finished_run, tmp_path):
    root = tmp_path / "results"
    shutil.copytree(finished_run, root)
    (root / "reconstruction" / "000" / "cells" / "graphene.npz").write_bytes(b"no archive")
    table = root / "stem" / "structures.parquet"
    crystals = read_table(table)
    crystals.loc[crystals["structure_id"] == "MoS2-1H", "cif"] = "no CIF"
    write_table(crystals, table, schemas.STRUCTURES)
    build(root, Report(), CONFIG, tmp_path / "index.html")
    page = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    kinds = [label.split(" of ")[0] for label in page.alt]
    assert kinds.count("measured") == 2
    assert kinds.count("residual") == kinds.count("crystal") == 1
    assert kinds.count("true crystal") == 0
    assert "graphene.npz cannot be drawn" in page.text


def test_names_from_tables_cannot_write_into_the_page(micrographs_only, tmp_path):
    result = micrographs_only / "benchmarks" / "segmentation.json"
    result.write_text(result.read_text().replace("watershed", "<script>alert(1)</script>"))
    out = tmp_path / "index.html"
    build(micrographs_only, Report(examples=1), CONFIG, out)
    text = out.read_text(encoding="utf-8")
    assert text.count("<script") == 1 and "alert(1)" not in text[text.rindex("<script") :]
    assert "&lt;script&gt;" in text


def test_an_absent_results_folder_is_one_sentence(tmp_path, capsys):
    words = ["--results", str(tmp_path / "no"), "--out", str(tmp_path / "index.html")]
    assert main(["report", "build", *words]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not (tmp_path / "index.html").exists()


@pytest.mark.chromium
@needs("Chromium")
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_draws_the_page(page_text, tmp_path, width):
    (tmp_path / "index.html").write_text(page_text, encoding="utf-8")
    shot = tmp_path / "page.png"
    # Any request would fail loudly: the browser is sent to a proxy that does not exist.
    command = [str(chromium()), "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", "--hide-scrollbars", "--proxy-server=0.0.0.0:9"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},3000"]
    # Chromium lays out no window narrower than 500 px; a frame has the width that it is given.
    framed = f'<body style="margin:0"><iframe src="index.html" style="border:0;width:{width}px;'
    (tmp_path / "frame.html").write_text(f'{framed}height:3000px"></iframe>', encoding="utf-8")
    command += [f"--screenshot={shot}", (tmp_path / "frame.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shot.is_file(), done.stderr[-2000:]
    drawn = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    assert drawn.shape == (3000, width, 3)
    assert (drawn.sum(axis=2) < 3 * 250).mean() > 0.05
    # Outlines of both kinds are there, so the pictures and what lies on them were drawn.
    for colour in ((0, 180, 135), (240, 100, 30)):
        assert (np.abs(drawn - colour).sum(axis=2) < 60).sum() > 50
    # Nothing runs out of the page to the right.
    assert (drawn[:, -8:].min(axis=(1, 2)) > 250).all()
