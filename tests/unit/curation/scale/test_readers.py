"""Several readers: who is used, what happens when they differ, labels that only some can read."""

from __future__ import annotations

import numpy as np
import pytest
from needed import SHARED, needs
from PIL import Image, ImageDraw, ImageFont

from micrographia.config import Scale
from micrographia.curation.scale.bars import Bar
from micrographia.curation.scale.decide import Answer, Place, decide
from micrographia.curation.scale.lines import Line
from micrographia.curation.scale.measure import measure
from micrographia.curation.scale.parse import Label, label_spans, parse_label
from micrographia.curation.scale.readers import tesseract, tools
from micrographia.curation.scale.readers.lexicon import rapid_lexicon
from micrographia.curation.scale.readers.rapid import Rapid, load_rapid
from micrographia.curation.scale.readers.tools import Tools, load_tools
from micrographia.curation.scale.reading import label_votes
from micrographia.errors import ConfigError
from micrographia.io.images import read_micrograph

GOLD = SHARED / "gold_tem"
PAIR = Scale(readers=["network", "rapidocr"])


@pytest.fixture(scope="module")
def pair() -> Tools:
    """What there is without tesseract."""
    return load_tools(PAIR)


def drawn(
    text: str,
    *,
    style: str = "plain",
    height: int = 24,
    grey: int = 150,
    width: int = 900,
) -> np.ndarray:
    """Draw a black bar of 200 px with its label beside it on a noisy ground."""
    rng = np.random.default_rng(len(text) + height)
    ground = rng.normal(grey, 4, (500, width))
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    canvas, font = ImageDraw.Draw(picture), ImageFont.load_default(height)
    canvas.rectangle((400, 440, 599, 453), fill=0)
    x, y = 612, 446 - round(0.62 * height)
    if style == "embossed":
        canvas.text((x + 2, y + 2), text, fill=20, font=font)
    if style == "outlined":
        canvas.text((x, y), text, fill=0, font=font, stroke_width=2)
    canvas.text((x, y), text, fill=0 if style == "plain" else 235, font=font)
    return np.asarray(picture)


@needs("rapidocr")
@pytest.mark.parametrize(
    ("text", "style", "grey", "nm"),
    [
        ("100.0nm", "embossed", 150, 100.0),
        ("50.0 nm", "embossed", 190, 50.0),
        ("200 nm", "outlined", 120, 200.0),
        ("20 nm", "outlined", 170, 20.0),
    ],
)
def test_light_letters_with_a_dark_rim_beside_a_dark_bar(
    text: str, style: str, grey: int, nm: float, pair: Tools
) -> None:
    found = measure(drawn(text, style=style, grey=grey, height=30), None, pair, PAIR)
    assert found["pixel_size_nm"] == pytest.approx(nm / 200, rel=0.01)
    assert found["pixel_size_source"] == "bar"


@needs("shared data")
@needs("rapidocr")
@pytest.mark.parametrize(
    ("number", "nm"), [(1, 100 / 327), (2, 200 / 327), (3, 200 / 327), (4, 100 / 491)]
)
def test_gold_colloids(number: int, nm: float, pair: Tools) -> None:
    """Embossed labels of a JEOL instrument; bars measured by eye."""
    picture = read_micrograph(GOLD / f"AuNP20nm_00{number}.jpg")
    found = measure(picture.pixels, None, pair, PAIR)
    assert found["pixel_size_nm"] == pytest.approx(nm, rel=0.01)


@needs("rapidocr")
@pytest.mark.parametrize("text", ["10um", "5 um", "2um", "20 um", "2 µm"])
def test_a_micrometre_is_no_nanometre(text: str, pair: Tools) -> None:
    """Right or nothing; mostly right for a u (Pillow's own µ hardly differs from an n)."""
    true = float(text.rstrip("uµm ")) * 1000 / 200
    found = [
        measure(drawn(text, height=height), None, pair, PAIR)["pixel_size_nm"]
        for height in (11, 14, 18, 21, 24, 30)
    ]
    used = [value for value in found if value is not None]
    assert used == pytest.approx([true] * len(used), rel=0.01)
    assert len(used) >= (0 if "µ" in text else 3)


def decided(**votes: dict[str, float]) -> Answer:
    """Decide over one line beside one bar, from what each reader reads."""
    bar = Bar(100, 200, 300, 305, True, "solid", 1.0, 0.8, 0.0, 1.0)
    line = Line((110, 270, 180, 290), np.zeros((20, 70), np.float32), 0.5, "above", 0.5, True)
    place = Place(bar, [line])
    for reader, known in votes.items():
        labels = {label: share for text, share in known.items() if (label := parse_label(text))}
        place.hear(reader, 0, labels, {label: str(label) for label in labels})
    answer = decide([place])
    assert answer is not None
    return answer


def test_two_readers_must_read_the_same_number_and_unit() -> None:
    assert decided(network={"10 µm": 0.9}, rapidocr={"10 µm": 0.8}).agreed
    for network, rapidocr in (("10 nm", "10 µm"), ("10 nm", "100 nm"), ("1 mm", "1 µm")):
        differing = decided(network={network: 0.9}, rapidocr={rapidocr: 0.9})
        assert not differing.agreed
        assert differing.said == {
            "network": Label(float(network.split()[0]), network.split()[1], 0),
            "rapidocr": Label(float(rapidocr.split()[0]), rapidocr.split()[1], 0),
        }
    assert not decided(network={"10 µm": 0.99}).agreed


def test_one_reader_alone_gives_no_pixel_size_and_says_why() -> None:
    alone = Scale(readers=["network"])
    found = measure(drawn("200 nm"), None, load_tools(alone), alone)
    assert found["bar_nm"] == pytest.approx(1.0, rel=0.01)
    assert found["pixel_size_nm"] is None
    assert found["reason"] == "bar read as '200 nm', but only network reads it"
    assert found["note"] == "only network read labels, as curation.scale.readers says"
    lenient = alone.model_copy(update={"min_confidence_alone": 0.3})
    used = measure(drawn("200 nm"), None, load_tools(alone), lenient)["pixel_size_nm"]
    assert used == pytest.approx(1.0, rel=0.01)


def test_a_header_that_says_the_same_is_a_second_witness() -> None:
    alone = Scale(readers=["network"])
    found = measure(drawn("200 nm"), 1.01, load_tools(alone), alone)
    assert (found["pixel_size_nm"], found["agreement"]) == (1.01, "agree")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("rapidocr", "pip install rapidocr-onnxruntime"), ("tesseract", "package tesseract-ocr")],
)
def test_a_reader_that_is_named_and_missing_is_an_error(
    name: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "installed", lambda: False)
    monkeypatch.setenv("PATH", "/nonexistent")
    tesseract.program.cache_clear()
    try:
        with pytest.raises(ConfigError, match=remedy):
            load_tools(Scale(readers=["network", name]))
        note = load_tools(Scale()).note
        assert note is not None and remedy in note and "built-in reader alone" in note
    finally:
        tesseract.program.cache_clear()


@needs("rapidocr")
def test_rapidocr_is_loaded_once_on_one_thread_and_repeats_itself() -> None:
    first = load_rapid()
    assert load_rapid() is first
    sessions = (first._engine.text_rec.session, first._engine.text_det.infer)
    for session in sessions:
        options = session.session.get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    pixels = drawn("500 nm", style="outlined")
    rows = [
        measure(pixels, None, load_tools(PAIR)._replace(rapid=one), PAIR)
        for one in (first, Rapid())
    ]
    assert rows[0] == rows[1]


@needs("rapidocr")
@pytest.mark.parametrize("text", ["500 nm", "10um", "2.00 um", "35 nm", "100.0nm"])
def test_rapidocr_reads_labels(text: str) -> None:
    votes = label_votes(load_rapid().read(np.asarray(line_of(text))), rapid_lexicon())
    label = parse_label(text)
    assert label is not None
    assert votes[label._replace(repairs=0)] > 0.5


@needs("rapidocr")
def test_what_is_read_of_a_line_is_where_it_stands() -> None:
    text = "SE 5.0kV 200nm"
    line = line_of(text)
    read = load_rapid().read(np.asarray(line))
    start, end = label_spans(read.text)[-1]
    begin = 8 + ImageFont.load_default(24).getlength("SE 5.0kV ")
    assert read.text[start:end] == "200nm"
    assert read.starts[start] * line.width == pytest.approx(begin, abs=14)


def line_of(text: str) -> Image.Image:
    """Draw a line, dark on light."""
    font = ImageFont.load_default(24)
    line = Image.new("L", (round(font.getlength(text)) + 16, 40), 255)
    ImageDraw.Draw(line).text((8, 5), text, fill=0, font=font)
    return line
