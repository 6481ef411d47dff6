"""Of a group of copies the best stays, and the others say whose copies they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from micrographia.config import Curation
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.io.copies.fingerprint import perceptual_hash, thumbnail
from micrographia.io.schemas import MICROGRAPHS

RADIUS = Curation(duplicate_radius=2, duplicate_correlation=0)


def _table(*rows: dict[str, object]) -> pd.DataFrame:
    base = dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "width": 10, "sharpness": 1.0}
    columns = [*MICROGRAPHS.names, *(["thumbnail"] if rows and "thumbnail" in rows[0] else [])]
    return pd.DataFrame([{**base, "height": 10, **row} for row in rows], columns=columns)


def test_the_largest_then_the_sharpest_stays() -> None:
    table = _table(
        {"path": "d", "image_id": "D", "phash": "ff00000000000000"},
        {"path": "c", "image_id": "C", "phash": "0000000000000001", "width": 12},
        {"path": "b", "image_id": "B", "phash": "0000000000000003", "width": 12, "sharpness": 2.0},
        {"path": "a", "image_id": "A", "phash": "0000000000000000", "sharpness": 9.0},
        {"path": "e", "image_id": "B", "phash": "0000000000000003", "width": 12, "sharpness": 2.0},
    )
    marked = mark_duplicates(table, RADIUS).set_index("path")
    assert list(marked.index) == ["a", "b", "c", "d", "e"]
    assert list(marked["status"]) == ["rejected", "kept", "rejected", "kept", "rejected"]
    assert list(marked["duplicate_of"].fillna("-")) == ["B", "-", "B", "-", "B"]
    assert marked["reason"]["a"] == "near copy (2 of 64 bits differ) of b"
    assert marked["reason"]["e"] == "exact copy of b"


def test_the_bits_that_differ_are_counted_in_full_precision() -> None:
    table = _table(
        {"path": "a", "image_id": "A", "phash": "fedcba9876543211"},
        {"path": "b", "image_id": "B", "phash": "fedcba9876543212"},
    )
    marked = mark_duplicates(table, RADIUS)
    assert marked["reason"][1] == "near copy (2 of 64 bits differ) of a"


def test_the_copy_of_a_copy_says_so() -> None:
    rows = [("a", "0000000000000000"), ("b", "0000000000000003"), ("c", "000000000000000f")]
    table = _table(*({"path": one, "image_id": one, "phash": text} for one, text in rows))
    reasons = mark_duplicates(table, RADIUS)["reason"]
    assert reasons[1] == "near copy (2 of 64 bits differ) of a"
    assert reasons[2] == "near copy (by way of other copies, 4 of 64 bits differ) of a"


def test_rejected_rows_take_no_part() -> None:
    blurred = {"status": "rejected", "reason": "blurred", "width": 99}
    table = _table(
        {"path": "a", "image_id": "A", "phash": "0" * 16, **blurred},
        {"path": "b", "image_id": "B", "phash": "0" * 16},
        {"path": "c", "status": "rejected", "reason": "unreadable", "width": None},
    )
    marked = mark_duplicates(table, RADIUS)
    assert list(marked["status"]) == ["rejected", "kept", "rejected"]
    assert marked["reason"][0] == "blurred"
    assert pd.isna(marked["reason"][1])
    assert marked["reason"][2] == "unreadable"


def test_no_rows() -> None:
    assert len(mark_duplicates(_table(), RADIUS)) == 0


def _pictured(*pictures: NDArray[np.uint8]) -> pd.DataFrame:
    smalls = [thumbnail(pixels) for pixels in pictures]
    return _table(
        *(
            {
                "path": f"{number}",
                "image_id": f"{number}",
                "phash": perceptual_hash(small),
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "thumbnail": small.tobytes(),
            }
            for number, (pixels, small) in enumerate(zip(pictures, smalls, strict=True))
        )
    )


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """Smooth noise: no two parts are alike."""
    coarse = np.random.default_rng(0).integers(0, 256, (14, 14)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC))


def test_a_crop_far_off_by_its_hash_is_found_by_its_thumbnail(picture: NDArray[np.uint8]) -> None:
    table = _pictured(picture, picture[18:, 18:])
    assert list(mark_duplicates(table, Curation())["status"]) == ["kept", "rejected"]
    assert list(mark_duplicates(table, RADIUS)["status"]) == ["kept", "kept"]


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (np.fliplr, "mirrored left to right"),
        (np.flipud, "mirrored upside down"),
        (lambda one: np.rot90(one, 2), "turned by 180°"),
        (np.transpose, "mirrored along its diagonal"),
        (np.rot90, "turned by 90° counter-clockwise"),
        (lambda one: np.rot90(one, -1), "turned by 90° clockwise"),
        (lambda one: np.rot90(one, 2).T, "mirrored along its other diagonal"),
    ],
)
def test_turned_copies_are_found_when_asked_for(
    picture: NDArray[np.uint8], turn: Callable[..., NDArray[np.uint8]], words: str
) -> None:
    table = _pictured(picture[:200], np.ascontiguousarray(turn(picture[:200])))
    assert list(mark_duplicates(table, Curation())["status"]) == ["kept", "kept"]
    marked = mark_duplicates(table, Curation(duplicate_symmetry=True))
    assert list(marked["status"]) == ["kept", "rejected"]
    assert marked["reason"][1] == f"near copy ({words}, 0 of 64 bits differ) of 0"


def test_equal_hashes_of_different_pictures_stay_apart(picture: NDArray[np.uint8]) -> None:
    other = np.asarray(Image.fromarray(picture).transpose(Image.Transpose.ROTATE_180))
    table = _pictured(picture, other)
    table["phash"] = "0" * 16
    assert list(mark_duplicates(table, Curation())["status"]) == ["kept", "kept"]
