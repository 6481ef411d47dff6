"""What a drawn picture is said to show is what a measurement of its pixels finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from micrographia.cli import main
from micrographia.io.schemas import KIND_PICTURES
from micrographia.io.tables import read_rows
from micrographia.synthesis.kinds.looks import looks_of
from micrographia.synthesis.kinds.picture import CLASSES, KindSettings, draw_picture

PLAIN = KindSettings(size=256, likeness=0.0, annotated_share=0.0)


@pytest.mark.parametrize("index", range(4))
def test_the_noted_pitch_is_that_of_the_spectrum(index: int) -> None:
    drawn = draw_picture("patterned_surface", index, 8, PLAIN, sub_kind="lines")
    grey = drawn.pixels - drawn.pixels.mean()
    power = np.abs(np.fft.fft2(grey * np.outer(np.hanning(256), np.hanning(256)), (1024, 1024)))
    frequency = np.hypot(np.fft.fftfreq(1024)[:, None], np.fft.fftfreq(1024))
    pitch = 256 * float(drawn.facts["pitch"])
    # The strongest wave is the grating or one of its first harmonics: edges are bright.
    found = frequency.flat[power.argmax()] * pitch
    assert min(abs(found - order) for order in (1, 2, 3)) < 0.08


def test_counted_dots_are_as_many_as_noted() -> None:
    """Few dark dots on a light film, none touching another, are counted by threshold."""
    for index in range(60):
        drawn = draw_picture(
            "particles",
            index,
            3,
            KindSettings(256, 1.0, 0.0, 0.0),
            sub_kind="dots_in_transmission",
        )
        if drawn.facts["dark_field"] or int(drawn.facts["count"]) > 25:
            continue
        blurred = ndimage.gaussian_filter(drawn.pixels.astype(float), 1.5)
        middle = (np.percentile(blurred, 99) + blurred.min()) / 2
        _, count = ndimage.label(blurred < middle)
        assert 0.4 * int(drawn.facts["count"]) <= count <= 1.2 * int(drawn.facts["count"])
        return
    pytest.fail("no picture of few dots")


def test_what_is_burnt_in_is_noted_with_the_field_of_view() -> None:
    """The bar's text, over its length in the picture, gives the field of view."""
    drawn = draw_picture("tips", 2, 4, KindSettings(annotated_share=1.0))
    plain = draw_picture("tips", 2, 4, KindSettings(annotated_share=0.0))
    assert (drawn.pixels != plain.pixels).mean() > 0.001
    assert "burnt_in" not in plain.facts and "field_of_view_nm" not in plain.facts
    text = next(one for one in str(drawn.facts["burnt_in"]).split(" | ") if one[-1] == "m")
    number = float(text.rstrip("num ")) * (1000 if text.endswith("um") else 1)
    # A bar takes 0.14 to 0.30 of the width before its length is rounded down to 1, 2 or 5.
    assert 0.05 < number / float(drawn.facts["field_of_view_nm"]) < 0.31


def test_another_class_in_the_picture_adds_no_facts_of_its_own() -> None:
    always = KindSettings(size=64, likeness=1.0, annotated_share=0.0)
    drawn = draw_picture("tips", 1, 1, always, sub_kind="needle")
    assert drawn.facts["also_shown"] in set(CLASSES) - {"tips"}
    assert not {"pitch", "count", "diameter", "habit", "motif"} & set(drawn.facts)


def test_every_sub_kind_has_words() -> None:
    for name, kind in CLASSES.items():
        for sub_kind in (*kind.scanning, *kind.transmitted):
            words = looks_of(name, sub_kind)
            assert set(words) == {"object", "shape", "arrangement", "surface", "contact"}
            assert all(words.values()), (name, sub_kind)


def test_the_table_holds_the_facts(tmp_path: Path) -> None:
    options = ["--per-class", "1", "--classes", "nanowires", "--size", "48"]
    assert main(["synthesis", "kinds", "--out", str(tmp_path / "set"), *options]) == 0
    (row,) = read_rows(tmp_path / "set" / "kinds.parquet", KIND_PICTURES)
    facts = json.loads(row["facts"])
    assert facts["object"] == looks_of("nanowires", row["sub_kind"])["object"]
    assert 0 < facts["diameter"] < 0.5 and facts["electrons_per_pixel"] > 50
