"""DigitalMicrograph: colour, several panels, previews, spectra; written tag by tag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.io.microscopes.dm3 import Panel, write_dm3

from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph

pytest.importorskip("rsciio")
RNG = np.random.default_rng(6)
TRUTH = RNG.integers(0, 999, (40, 60)).astype(np.uint16)
COLOUR = RNG.integers(0, 255, (40, 60, 3)).astype(np.uint8)
CUBE = np.zeros((11, 40, 60), np.float32)
SPECTRAL = {"Meta Data": {"Format": "Spectrum image", "Signal": "EELS"}}


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "uint32", "float32"])
def test_types_of_pixels(tmp_path: Path, kind: str) -> None:
    truth = (TRUTH % 200).astype(kind)
    found = read_micrograph(write_dm3(tmp_path / "a.dm3", Panel(truth)))
    assert (found.pixels == truth).all() and found.pixel_size_nm == pytest.approx(2.5)
    assert found.pixel_size_source == "DigitalMicrograph axes"


@pytest.mark.parametrize(
    "colour",
    [COLOUR, COLOUR[::-1], np.full((4, 5, 3), (255, 0, 0), np.uint8)],
    ids=["drawn", "other", "red"],
)
def test_colour_becomes_luminance(tmp_path: Path, colour: np.ndarray) -> None:
    found = read_micrograph(write_dm3(tmp_path / "a.dm3", Panel(colour, rgb=True)))
    assert found.pixels.dtype == np.uint8 and found.pixels.shape == colour.shape[:2]
    assert np.abs(found.pixels - colour @ (0.299, 0.587, 0.114)).max() <= 0.51
    assert "colour to grey" in str(found.note) and found.pixel_size_nm == pytest.approx(2.5)


def test_colour_too_large_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_dm3(tmp_path / "a.dm3", Panel(COLOUR, rgb=True))
    with pytest.raises(ImageError, match="too large to decode"):
        read_micrograph(path, max_pixels=2000)


@pytest.mark.parametrize(
    ("panels", "thumbnails"),
    [
        ([Panel(COLOUR[:8, :9], "", rgb=True)], (0,)),  # as DigitalMicrograph writes it
        ([Panel(COLOUR[:8, :9], "", rgb=True)], ()),
        ([Panel(TRUTH[:8], "Survey image")], ()),
        ([Panel(TRUTH.astype(np.complex64), "FFT", unit="1/nm")], ()),
        ([Panel(CUBE, "cube", units=("eV", "nm", "nm"), tags=SPECTRAL)], ()),
    ],
)
def test_the_picture_among_several(
    tmp_path: Path, panels: list[Panel], thumbnails: tuple[int, ...]
) -> None:
    path = write_dm3(tmp_path / "a.dm3", *panels, Panel(TRUTH, "HAADF"), thumbnails=thumbnails)
    found = read_micrograph(path)
    assert (found.pixels == TRUTH).all() and found.pixel_size_nm == pytest.approx(2.5)
    assert thumbnails or found.note == "picture 'HAADF' of 2 signals"


@pytest.mark.parametrize(
    ("panel", "seen"),
    [
        (Panel(CUBE, units=("eV", "nm", "nm"), tags=SPECTRAL), "spectrum image"),
        (Panel(CUBE, units=("keV", "nm", "nm")), "spectrum image"),
        (Panel(CUBE, units=("", "nm", "nm"), tags=SPECTRAL), "spectrum image"),
        (Panel(CUBE[:, 0], units=("nm", "eV")), "spectrum"),
        (
            Panel(TRUTH[:1], units=("", "eV"), tags={"Meta Data": {"Format": "Spectrum"}}),
            "spectrum",
        ),
        (Panel(TRUTH.astype(np.complex64)), "transform"),
    ],
)
def test_no_picture_is_refused_with_its_kind(tmp_path: Path, panel: Panel, seen: str) -> None:
    with pytest.raises(ImageError, match=f"holds no picture; saw '{seen}'"):
        read_micrograph(write_dm3(tmp_path / "a.dm3", panel))


def test_a_stack_of_frames_in_time_is_pictures(tmp_path: Path) -> None:
    stack = np.stack([TRUTH, TRUTH[::-1], TRUTH]).astype(np.float32)
    found = read_micrograph(write_dm3(tmp_path / "a.dm3", Panel(stack, units=("s", "nm", "nm"))))
    assert (found.pixels == stack[0]).all() and found.note == "first of 3 frames"


@pytest.mark.parametrize(
    ("told", "size", "word"),
    [
        ({"unit": "µm", "step": 0.0025}, 2.5, ""),
        ({"unit": "nm", "step": -2.5}, None, "not within 1 pm to 1 cm"),
        ({"unit": "1/nm", "step": 0.1}, None, "the axes are in 1/nm"),
        ({"unit": "mrad", "step": 0.1}, None, "the axes are in mrad"),
        ({"unit": "m", "step": 1e8}, None, "not within 1 pm to 1 cm"),
        ({"unit": "", "step": 1.0}, None, ""),  # not calibrated
    ],
)
def test_steps_and_units(
    tmp_path: Path, told: dict[str, Any], size: float | None, word: str
) -> None:
    found = read_micrograph(write_dm3(tmp_path / "a.dm3", Panel(TRUTH, **told)))
    assert found.pixel_size_nm == (None if size is None else pytest.approx(size))
    assert word in str(found.note) and (found.note is None) == (not word)
