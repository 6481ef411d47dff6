"""What is altered: regions in which letters or digits are read, and no part of the sample."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from needed import SHARED, needs
from PIL import Image, ImageDraw, ImageFont

from micrographia.config import Synthesis, Text
from micrographia.curation import rapidocr
from micrographia.curation.text import network
from micrographia.curation.text.network import Detector, load_detector
from micrographia.curation.text.recogniser import Reading, confirm, load_reader, read_region
from micrographia.curation.text.regions import Region
from micrographia.io.images import read_micrograph, to_unit
from micrographia.synthesis.procedural.micrograph import make_micrograph

pytestmark = [needs("ultralytics"), needs("rapidocr")]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(Text().weights, Text())


def labelled(ground: np.ndarray, text: str, corner: tuple[int, int], ink: int = 255) -> np.ndarray:
    image = Image.fromarray(ground)
    ImageDraw.Draw(image).text(corner, text, ink, font=ImageFont.load_default(size=30))
    return np.array(image)


def ground(index: int, size: int) -> np.ndarray:
    settings = Synthesis(count=48, size=size, annotated_share=0.0)
    return make_micrograph(index, 1665, settings)[0]


# Edges of discs and rods, and crossing fibres, of which the detector alone made regions.
@pytest.mark.parametrize(
    ("index", "size"), [(0, 512), (2, 512), (32, 512), (44, 512), (2, 384), (44, 384)]
)
def test_nothing_is_altered_where_there_is_no_text(
    detector: Detector, index: int, size: int
) -> None:
    found = detector(ground(index, size))
    assert found and not [region for region in found if region.sure]


@pytest.mark.parametrize(
    ("text", "corner"), [("200 nm", (370, 450)), ("(b)", (12, 8)), ("SE 5.0kV", (180, 460))]
)
def test_what_is_written_is_sure(detector: Detector, text: str, corner: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    grey = rng.normal(90, 6, (512, 512)).clip(0, 255).astype(np.uint8)
    sure = [region for region in detector(labelled(grey, text, corner)) if region.sure]
    assert [(region.reading or "").replace(" ", "") for region in sure] == [text.replace(" ", "")]
    x0, y0, x1, y1 = sure[0].box
    assert corner[0] - 5 <= x0 <= corner[0] + 10 and corner[1] - 5 <= y0 <= corner[1] + 20
    assert 10 < y1 - y0 < 50 and x1 > x0


def test_strokes_and_rings_are_no_text() -> None:
    """A reader is sure of its answer there: a scratch is a 1, a chain of particles 8888."""
    answers = [("8888", 0.99), ("1", 0.98), ("O", 0.97), ("人", 0.96), ("", 0.0)]
    unit = np.zeros((40, 60), np.float32)
    for answer in answers:
        seen = read_region(unit, (5, 5, 55, 35), lambda crops, a=answer: [a] * len(crops))
        assert seen == Reading("", 0.0)
    assert read_region(unit, (5, 5, 55, 35), lambda crops: [("10 nm", 0.8)]).text == "10 nm"


def test_a_label_is_read_beside_its_bar() -> None:
    grey = labelled(np.full((120, 200), 60, np.uint8), "50 nm", (40, 20))
    grey[70:82, 30:160] = 255
    text, confidence = read_region(to_unit(grey), (28, 22, 162, 84), load_reader())
    assert text.replace(" ", "") == "50nm" and confidence > 0.9


def test_of_crossing_fibres_no_letter_is_made() -> None:
    """A region of probability 0.48 was read as X with a confidence of 0.75."""
    unit = np.zeros((100, 100), np.float32)

    def sure(score: float, text: str, confidence: float) -> bool:
        region = Region((0, 0, 20, 20), "text", score)
        return confirm([region], unit, Text(), lambda crops: [(text, confidence)] * len(crops))[
            0
        ].sure

    assert not sure(0.48, "X", 0.75) and sure(0.48, "X", 0.95) and sure(0.95, "C", 0.75)
    assert sure(0.48, "2 nm", 0.75)


def test_faint_regions_need_a_clearer_reading() -> None:
    unit = np.zeros((100, 100), np.float32)
    regions = [Region((0, 0, 20, 20), "text", 0.5), Region((40, 40, 60, 60), "text", 0.1)]

    def found(confidence: float) -> list[tuple[float, bool]]:
        told = confirm(regions, unit, Text(), lambda crops: [("a5", confidence)] * len(crops))
        return [(region.score, region.sure) for region in told]

    assert found(0.95) == [(0.5, True), (0.1, True)]
    assert found(0.8) == [(0.5, True)]
    assert found(0.6) == [(0.5, False)]


def test_without_a_reader_only_what_is_nearly_certain_is_altered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    regions = [Region((0, 0, 9, 9), "text", 0.998), Region((20, 0, 29, 9), "text", 0.99)]
    unit = np.zeros((40, 40), np.float32)
    assert [region.sure for region in confirm(regions, unit, Text(), None)] == [True, False]
    monkeypatch.setattr(network, "installed", lambda: False)
    with caplog.at_level(logging.WARNING):
        reader = load_detector(Text().weights, Text()).read
    assert reader is None and "rapidocr-onnxruntime is not installed" in caplog.text
    assert rapidocr.installed()


@needs("shared data")
@pytest.mark.parametrize(
    "name",
    [
        # Scratches, pits and weave; of each the detector alone altered something.
        "neu_surface/pitted_surface/pitted_surface_134.jpg",
        "neu_surface/scratches/scratches_96.jpg",
        "neu_surface/rolled-in_scale/rolled-in_scale_251.jpg",
        "kth_tips/sponge/21-scale_1_im_9_grey.png",
    ],
)
def test_real_surfaces_are_left_whole(detector: Detector, name: str) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip("shared data is absent")
    found = detector(read_micrograph(path).pixels)
    assert [region for region in found if region.sure] == []


@needs("shared data")
def test_of_real_particles_only_the_label_is_altered(detector: Detector) -> None:
    path = SHARED / "gold_tem" / "AuNP20nm_002.jpg"
    if not path.is_file():
        pytest.skip("shared data is absent")
    sure = [region for region in detector(read_micrograph(path).pixels) if region.sure]
    assert len(sure) == 1 and "200.0" in (sure[0].reading or "")
    x0, y0, x1, y1 = sure[0].box
    assert 1500 < x0 < x1 <= 2048 and 1940 < y0 < y1 <= 2048
