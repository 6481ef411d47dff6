"""Thumbnails of copies match whatever was cut off; those of other pictures do not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from micrographia.config import Curation, Synthesis
from micrographia.io.copies.fingerprint import hashes_in_all_ways, perceptual_hash, thumbnail
from micrographia.io.copies.likeness import TRANSFORMS, alike, registered, turned
from micrographia.synthesis.procedural.micrograph import make_micrograph

LEAST = Curation().duplicate_correlation


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    settings = Synthesis(size=256, annotated_share=0)
    return [make_micrograph(0, seed, settings)[0] for seed in range(12)]


def _changed(pixels: NDArray[np.uint8], crop: float, scale: float, gain: float) -> NDArray:
    cut = round(crop * len(pixels))
    picture = Image.fromarray(pixels[cut:, : len(pixels) - cut // 2])
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    grey = np.clip(np.asarray(picture) * gain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize(
    ("crop", "scale", "gain"), [(0, 0.5, 1.1), (0.03, 1.5, 0.9), (0.04, 0.8, 1.0)]
)
def test_copies_match(
    pictures: list[NDArray[np.uint8]], crop: float, scale: float, gain: float
) -> None:
    """All but pictures of the finest texture, of which a thumbnail of 32 px shows little."""
    found = []
    for pixels in pictures:
        small, copy = thumbnail(pixels), thumbnail(_changed(pixels, crop, scale, gain))
        found.append(alike(small, copy, 0, LEAST) and alike(copy, small, 0, LEAST))
    assert sum(found) >= len(found) - 1


def test_different_pictures_do_not(pictures: list[NDArray[np.uint8]]) -> None:
    smalls = [thumbnail(pixels) for pixels in pictures]
    for number, one in enumerate(smalls):
        assert not any(alike(one, other, 0, LEAST) for other in smalls[:number])


def test_registration_finds_a_crop_that_plain_correlation_does_not() -> None:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (14, 14)).astype(np.uint8))
    pixels = np.asarray(coarse.resize((256, 256), Image.Resampling.BICUBIC))
    small, cropped = thumbnail(pixels), thumbnail(pixels[18:, 18:])
    assert np.corrcoef(small.ravel(), cropped.ravel())[0, 1] < 0.9
    assert registered(small, cropped) > LEAST


def test_flat_thumbnails() -> None:
    """Two pictures of nothing are alike; one of nothing is like no other."""
    flat, bright = (np.full((32, 32), value, np.uint8) for value in (7, 200))
    slope = np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))
    assert alike(flat, bright, 0, LEAST)
    assert not alike(flat, slope, 0, LEAST) and not alike(slope, flat, 0, LEAST)
    assert np.isfinite(registered(slope, slope))


def test_eight_ways_are_those_of_numpy() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(3, 3)
    for way in TRANSFORMS.tolist():
        expected = picture
        if way & 1:
            expected = expected[:, ::-1]
        if way & 2:
            expected = expected[::-1]
        if way & 4:
            expected = expected.T
        assert np.array_equal(turned(picture, way), expected), way
    assert len({turned(picture, way).tobytes() for way in TRANSFORMS.tolist()}) == 8


def test_hashes_are_those_of_imagehash_and_of_turned_pictures(
    pictures: list[NDArray[np.uint8]],
) -> None:
    import imagehash

    for pixels in pictures[:4]:
        small = thumbnail(pixels)
        assert perceptual_hash(pixels) == str(imagehash.phash(Image.fromarray(pixels)))
        assert perceptual_hash(small) == perceptual_hash(pixels)
        ways = hashes_in_all_ways(small, "phash")
        mirrored = int(perceptual_hash(thumbnail(pixels[:, ::-1])), 16)
        assert (int(ways[1]) ^ mirrored).bit_count() <= 2


@pytest.mark.parametrize(
    "name", ["phash_simple", "dhash", "dhash_vertical", "average_hash", "whash"]
)
def test_the_other_hashes_have_64_bits(name: str, pictures: list[NDArray[np.uint8]]) -> None:
    assert len(perceptual_hash(pictures[0], name)) == 16


def test_sixteen_bits_and_floats_hash_like_eight(pictures: list[NDArray[np.uint8]]) -> None:
    pixels = pictures[0]
    plain = int(perceptual_hash(pixels), 16)
    for other in (pixels.astype(np.uint16) * 257, pixels.astype(np.float32)):
        assert (int(perceptual_hash(other), 16) ^ plain).bit_count() <= 4
        assert alike(thumbnail(other), thumbnail(pixels), 0, LEAST)
