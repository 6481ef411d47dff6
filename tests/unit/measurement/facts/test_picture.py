"""Facts of one picture by the real tools: a picture that was drawn, so that the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.config import WorkflowConfig
from micrographia.errors import ImageError
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.schemas import FACTS
from micrographia.measurement.facts.models import Models
from micrographia.measurement.facts.picture import PictureFacts, picture_tools

#: Spheres on a jittered lattice: radii of 17 px and their number.
RADIUS, COUNT = 17.0, 25


@pytest.fixture(scope="module")
def models() -> Models:
    """All models, loaded once."""
    return Models(WorkflowConfig())


@pytest.fixture(scope="module")
def spheres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shaded spheres of one size, apart from one another, none at the border."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:384, :384].astype(float)
    grey = np.full(y.shape, 55.0)
    for place in range(COUNT):
        row, column = divmod(place, 5)
        cy, cx = 45 + 73 * row + rng.uniform(-14, 14), 45 + 73 * column + rng.uniform(-14, 14)
        far = np.hypot(x - cx, y - cy) / RADIUS
        grey = np.where(far < 1, 120 + 80 * np.sqrt(np.clip(1 - far**2, 0, 1)), grey)
    noisy = grey + rng.normal(0, 5, grey.shape)
    path = tmp_path_factory.mktemp("drawn") / "spheres.png"
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)
    return path


def numbers(picture: PictureFacts, *names: str) -> list[float]:
    """Numbers of facts."""
    return [row["number"] for row in picture.facts(names)]


def test_sizes_and_counts_are_those_that_were_drawn(spheres: Path, models: Models) -> None:
    picture = PictureFacts(spheres, models, 0.5)
    count, whole = numbers(picture, "particle_count", "whole_count")
    assert count == pytest.approx(COUNT, abs=2) and whole <= count
    median, low, high = numbers(
        picture, "median_diameter", "median_diameter_low", "median_diameter_high"
    )
    assert median == pytest.approx(2 * RADIUS * 0.5, rel=0.1)
    assert low <= median <= high
    fraction, wide = numbers(picture, "area_fraction", "field_width")
    assert fraction == pytest.approx(COUNT * np.pi * RADIUS**2 / 384**2, rel=0.15)
    assert wide == pytest.approx(192.0)
    (row,) = picture.facts(["median_diameter"])
    assert row["unit"] == "nm" and "pixel size: given" in row["evidence"]
    (tone,) = picture.facts(["colour_profile"])
    assert tone["words"] == "bright_on_dark"
    (spread,) = picture.facts(["pixel_size_profile"])
    assert spread["words"] == "uniform" and "CV" in spread["evidence"]


def test_without_a_pixel_size_lengths_are_in_pixels(spheres: Path, models: Models) -> None:
    picture = PictureFacts(spheres, models)
    size, density, pixel = picture.facts(["median_diameter", "number_density", "pixel_size"])
    assert size["unit"] == "px" and size["number"] == pytest.approx(2 * RADIUS, rel=0.1)
    assert density["number"] is None and "pixel size is not known" in density["failure"]
    assert pixel["failure"] == "neither the file nor a scale bar that can be read tells it"


def test_only_what_is_asked_for_is_done(spheres: Path, models: Models) -> None:
    picture = PictureFacts(spheres, models, 1.0)
    picture.facts(["pixel_size", "field_width"])
    assert not {"labels", "kind", "readings"} & vars(picture._steps).keys()
    picture.facts(["particle_count"])
    assert "labels" in vars(picture._steps) and "readings" not in vars(picture._steps)
    assert "scale" not in vars(picture._steps)  # a count has no unit
    labels = picture._steps.labels
    picture.facts(["median_diameter"])
    assert picture._steps.labels is labels


def test_all_facts_are_rows_with_a_value_or_a_reason(spheres: Path, models: Models) -> None:
    rows = PictureFacts(spheres, models, 0.5).facts(FACT_KINDS)
    assert [row["name"] for row in rows] == list(FACT_KINDS)
    for row in rows:
        assert list(row) == FACTS.names
        known = row["number"] is not None or row["words"] is not None
        assert known != (row["failure"] is not None), row
        assert row["source"] and (row["evidence"] or row["failure"])
    (material,) = (row for row in rows if row["name"] == "material")
    assert material["failure"] == "no tool can tell it from the picture"


def test_a_film_has_no_particles_to_count(tmp_path: Path, models: Models) -> None:
    """Stripes of a lithographic pattern are segmented, too; they are no particles."""
    x = np.mgrid[:384, :384][1]
    grey = np.where((x // 12) % 2 == 0, 70, 180) + np.random.default_rng(1).normal(0, 4, x.shape)
    path = tmp_path / "stripes.png"
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(path)
    count, shape = PictureFacts(path, models).facts(["particle_count", "morphology"])
    assert count["number"] is None and shape["words"] is None
    assert "particles" in count["failure"] or "kinds of pictures" in count["failure"]
    assert "CLASSIFIED" in count["evidence"]


def test_what_is_no_picture_is_an_error(tmp_path: Path, models: Models) -> None:
    (tmp_path / "words.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"words\.png"):
        PictureFacts(tmp_path / "words.png", models)
    good = tmp_path / "good.png"
    Image.new("L", (64, 64), 9).save(good)
    with pytest.raises(ImageError, match="not within 1 pm to 1 cm"):
        picture_tools(WorkflowConfig())(good, 1e30)
