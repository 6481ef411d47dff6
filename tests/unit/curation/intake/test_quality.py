"""Sharpness and contrast do what their names say, whatever the picture's brightness."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needed import EMPS, needs
from PIL import Image
from scipy import ndimage

from micrographia.config import Curation
from micrographia.curation.intake import quality
from micrographia.curation.intake.quality import Quality, measure, sharpness, verdict
from micrographia.io.images import read_micrograph, to_unit


def _discs(blur: float, noise: float = 0.01, size: int = 256) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    picture = np.full((size, size), 0.3)
    for cy in range(32, size, 64):
        for cx in range(32, size, 64):
            picture[np.hypot(y - cy, x - cx) < 20] = 0.7
    rng = np.random.default_rng(0)
    return ndimage.gaussian_filter(picture, blur) + rng.normal(0, noise, picture.shape)


def test_blur_lowers_sharpness_step_by_step() -> None:
    values = [sharpness(_discs(blur)) for blur in (0.5, 1.5, 3, 5, 8)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 3 * values[-1]
    assert values[0] > Curation().min_sharpness > values[-1]


def test_burnt_in_text_does_not_hide_blur() -> None:
    blurred = _discs(8)
    blurred[-20:, ::3] = 1.0
    blurred[:40, :40:4] = 0.0
    assert sharpness(blurred) < Curation().min_sharpness


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.05, 1.2), offset=st.floats(-0.5, 0.5))
def test_sharpness_ignores_brightness_and_contrast(gain: float, offset: float) -> None:
    picture = _discs(2)
    assert sharpness(picture * gain + offset) == pytest.approx(sharpness(picture), rel=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (7, 9), (300, 200)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_constant_pictures_of_any_size(shape: tuple[int, int], dtype: type) -> None:
    assert measure(np.full(shape, 7, dtype)) == Quality(0.0, 0.0, clipping=1.0, emptiness=1.0)


def test_contrast_of_12_bits_in_16() -> None:
    """A full-scale picture has contrast 1 whether its camera counts to 255, 4095 or 65535."""
    for dtype, most in ((np.uint8, 255), (np.uint16, 4095), (np.uint16, 65535)):
        halves = np.zeros((64, 64), dtype)
        halves[:, 32:] = most
        assert measure(halves).contrast == pytest.approx(1.0)


def test_huge_pictures_are_measured_in_their_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.zeros((300, 200), np.uint8)
    picture[100:200, 50:150] = np.clip(_discs(1, size=100) * 255, 0, 255)
    monkeypatch.setattr(quality, "_LARGEST", 100)
    assert measure(picture) == measure(picture[100:200, 50:150])


def test_verdict_states_value_and_threshold() -> None:
    limits = Curation(min_side=200, min_sharpness=0.05, min_contrast=0.1)
    assert verdict(200, 300, Quality(0.05, 0.1, 0.8, 2, 0.95), limits) is None
    assert verdict(300, 199, Quality(0.01, 0.02), limits) == (
        "too small: side 199 px < 200 px; blurred: sharpness 0.01 < 0.05; "
        "flat: contrast 0.02 < 0.1"
    )
    assert verdict(300, 300, Quality(1, 1, 0.9, 2.5, 1.0), limits) == (
        "clipped: clipping 0.9 > 0.8; blocky: blockiness 2.5 > 2; empty: emptiness 1 > 0.95"
    )


def test_clipping_is_the_share_at_both_ends() -> None:
    ramp = np.tile(np.linspace(0, 255, 256), (256, 1))
    assert measure(ramp.astype(np.uint8)).clipping < 0.01
    over = np.clip(2 * ramp - 128, 0, 255)  # a quarter at either end
    for picture in (over.astype(np.uint8), (over * 257).astype(np.uint16), over / 7):
        assert measure(picture.astype(picture.dtype)).clipping == pytest.approx(0.5, abs=0.02)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), levels=st.integers(2, 255))
def test_percentiles_of_counts_are_those_of_numpy(seed: int, levels: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, levels, (37, 53)).astype(np.uint8)
    low, high = np.percentile(to_unit(pixels), (1, 99))
    assert measure(pixels).contrast == pytest.approx(high - low, abs=1e-6)


@pytest.mark.parametrize("cut", [0, 3])
def test_blockiness_rises_as_jpeg_gets_worse_wherever_the_grid_lies(cut: int) -> None:
    picture = np.clip(_discs(1) * 255, 0, 255).astype(np.uint8)
    found = [measure(picture[cut:, cut:]).blockiness]
    for level in (40, 10, 5):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=level)
        found.append(measure(np.asarray(Image.open(buffer))[cut:, cut:]).blockiness)
    assert found[0] < 0.2 and found == sorted(found) and found[-1] > 1


def test_a_straight_edge_or_a_lattice_is_no_grid() -> None:
    rng = np.random.default_rng(0)
    noisy = rng.normal(100, 5, (256, 256))
    edge = noisy.copy()
    edge[:, 128:] += 100
    lattice = noisy + 50 * np.sin(np.arange(256) * 2 * np.pi / 8)
    for picture in (edge, lattice):
        assert measure(np.clip(picture, 0, 255).astype(np.uint8)).blockiness < 0.3


def test_pictures_of_nothing_are_empty() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(128, 20, (256, 256))
    assert measure(np.clip(noise, 0, 255).astype(np.uint8)).emptiness > Curation().max_emptiness
    one = np.clip(noise / 10, 0, 255)
    one[100:140, 100:140] += 150  # a single particle is enough
    assert measure(one.astype(np.uint8)).emptiness < Curation().max_emptiness


@needs("EMPS")
def test_defaults_keep_real_micrographs_and_reject_them_blurred() -> None:
    limits = Curation()
    kept, caught = 0, 0
    files = sorted((EMPS / "images").glob("*.png"))[::12]
    for file in files:
        pixels = read_micrograph(file).pixels
        kept += verdict(512, 512, measure(pixels), limits) is None
        blurred = ndimage.gaussian_filter(to_unit(pixels), 8)
        caught += sharpness(blurred) < limits.min_sharpness
    assert kept >= len(files) - 1
    assert caught >= 0.85 * len(files)
