from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from needed import chromium, needs
from PIL import Image

from micrographia.cli import main
from micrographia.config import Report, WorkflowConfig
from micrographia.io import schemas
from micrographia.io.tables import read_table, write_table
from micrographia.report.build import build

CONFIG = WorkflowConfig().model_dump(mode="json")


class Page(HTMLParser):
    """Collect links, pictures, text and open elements of a page."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.alt: list[str] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        known = dict(attrs)
        self.links += [known[key] for key in ("src", "href") if known.get(key)]
        self.ids |= {known["id"]} if "id" in known else set()
        if tag == "img":
            self.alt.append(known["alt"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def page_text(finished_run):
    out = finished_run.parent / "page" / "index.html"
    build(finished_run, Report(examples=4), CONFIG, out)
    return out.read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(page_text):
    page = Page(page_text)
    assert page.open == []
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page_text)
    assert "<script" not in page_text
    assert "url(" not in page_text


def test_the_page_says_what_ran(page_text):
    text = Page(page_text).text
    assert "“demo”" in text
    assert "1665" in text
    assert "micrographia" in text
    assert "Of 5 images 4 were kept and 1 rejected" in text
    assert "A crystal was found in 2 of 3 images" in text
    assert f'"seed": {CONFIG["seed"]}' in text
    assert '"duplicate_radius"' in text


def test_the_page_shows_figures_with_interval_and_counts(page_text):
    text = Page(page_text).text
    assert "5 cases, 1 of them failed" in text
    assert re.search(r"AP@0\.5 all watershed 0\.794 0\.750 to 0\.857 5 1", text)
    assert re.search(r"graphene segments 0\.99\d\d\d 0\.0020 3\.10 1550 900", text)


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
    labels = [label.split(" of ")[0] for label in Page(page_text).alt]
    for kind in ("micrograph", "truth", "prediction", "phase object", "multislice"):
        assert kind in labels
    for kind in ("measured", "model", "residual", "crystal", "true crystal"):
        assert labels.count(kind) == 2
    assert {"best", "median", "worst"} <= set(re.findall(r'class="tag (\w+)"', page_text))


def test_every_failure_is_listed_with_its_reason(page_text):
    text = Page(page_text).text
    assert "torn.png torn.png is damaged" in text
    assert "4.png blurred: sharpness 0.004" in text
    assert "noise no lattice explains the picture" in text


def test_the_same_run_gives_the_same_page(finished_run, page_text, tmp_path):
    build(finished_run, Report(examples=4), CONFIG, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page_text


def test_parts_that_did_not_run_are_named(micrographs_only, tmp_path):
    out = tmp_path / "index.html"
    words = ["--results", str(micrographs_only), "--settings", '{"examples": 1}']
    assert main(["report", "build", *words, "--out", str(out)]) == 0
    text = Page(out.read_text(encoding="utf-8")).text
    assert "The steps for STEM images did not run." in text
    assert "The configuration was not given." in text
    assert "Instances found" in text


def test_an_empty_results_folder_makes_a_page(tmp_path):
    (tmp_path / "results").mkdir()
    build(tmp_path / "results", Report(), None, tmp_path / "index.html")
    text = Page((tmp_path / "index.html").read_text(encoding="utf-8")).text
    for sentence in (
        "No benchmark was run.",
        "The steps for micrographs did not run.",
        "The steps for STEM images did not run.",
        "No step wrote a table.",
    ):
        assert sentence in text


def test_lost_and_damaged_pictures_cost_only_their_panels(micrographs_only, tmp_path):
    pictures = sorted((micrographs_only / "synthesis").glob("?.png"))
    pictures[0].unlink()
    pictures[1].write_bytes(b"no picture")
    out = tmp_path / "index.html"
    build(micrographs_only, Report(examples=9), CONFIG, out)
    page = Page(out.read_text(encoding="utf-8"))
    assert "listed in the tables, does not exist any more" in page.text
    assert "1.png" in page.text
    assert len([alt for alt in page.alt if alt.startswith("prediction of")]) == 2


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
    assert kinds.count("picture") == kinds.count("crystal") == 1
    assert kinds.count("true crystal") == 0
    assert "graphene.npz cannot be drawn" in page.text


def test_names_from_tables_cannot_write_into_the_page(micrographs_only, tmp_path):
    result = micrographs_only / "benchmarks" / "segmentation.json"
    result.write_text(result.read_text().replace("watershed", "<script>alert(1)</script>"))
    out = tmp_path / "index.html"
    build(micrographs_only, Report(examples=1), CONFIG, out)
    text = out.read_text(encoding="utf-8")
    assert "<script" not in text
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
    command += [f"--screenshot={shot}", (tmp_path / "index.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shot.is_file(), done.stderr[-2000:]
    drawn = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    assert drawn.shape == (3000, width, 3)
    assert (drawn.sum(axis=2) < 3 * 250).mean() > 0.05
    # Both overlays' colours are there, so the pictures inside the page were drawn.
    for colour in ((0, 158, 115), (230, 84, 20)):
        assert (np.abs(drawn - colour).sum(axis=2) < 40).sum() > 50
    # Nothing runs out of the page to the right.
    assert (drawn[:, -8:].min(axis=(1, 2)) > 250).all()


def test_sizes_come_with_their_fit(page_text):
    text = Page(page_text).text
    assert "line: log-normal, geometric mean 31.4 nm [29.1, 33.9], geometric standard" in text
    assert "deviation 1.25, KS distance 0.09" in text
