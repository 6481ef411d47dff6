"""What repeats in a picture: lattice, mean cell and columns of crystals that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.arrays import FloatArray
from micrographia.language.structure.pictures import Plane, View, draw_picture
from micrographia.language.structure.seen.features import (
    COLUMNS,
    HINT,
    NUMBERS,
    PEAKS,
    ROWS,
    features,
)
from micrographia.language.structure.seen.repeats import (
    GRID,
    autocorrelation,
    find_repeats,
    flatten,
)

OBLIQUE = np.array([[4.07, 0.0], [-1.03, 6.13]])
TWO = Plane(OBLIQUE, np.array([[0.0, 0.0], [0.3, 0.6]]), np.array([40, 30]))


def picture(plane: Plane = TWO, **view: object) -> np.ndarray:
    return draw_picture(plane, View(**view), np.random.default_rng(0))  # type: ignore[arg-type]


def turned(degrees: float) -> FloatArray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, s], [-s, c]])


def test_the_autocorrelation_is_pearsons_of_what_overlaps() -> None:
    flat = flatten(picture(noise=0.3))
    found = autocorrelation(flat)
    assert found.shape == (98, 195)
    for down, along in ((0, 0), (7, 20), (90, -33), (0, 96), (41, 0)):
        left, right = max(0, -along), 128 - max(0, along)
        still = flat[: 128 - down, left:right].ravel()
        shifted = flat[down:, left + along : right + along].ravel()
        wanted = np.corrcoef(still, shifted)[0, 1]
        assert found[down + 1, along + 97] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("view", [{}, {"origin": (0.41, 0.77)}, {"noise": 0.3, "blur": 0.1}])
def test_the_cell_is_found_wherever_it_begins(view: dict[str, object]) -> None:
    found = find_repeats(picture(**view))
    assert found.cell is not None
    np.testing.assert_allclose(found.cell, OBLIQUE, atol=0.02)
    assert found.columns[:2, :2] == pytest.approx(np.array([[0, 0], [0.3, 0.6]]), abs=0.02)
    ratio = (30 / 40) ** 1.7
    assert found.columns[1, 2] == pytest.approx(ratio, abs=0.08)
    # The origin is a place of zirconium in the picture.
    away = found.origin @ np.linalg.inv(OBLIQUE) - np.array(view.get("origin", (0, 0)))
    assert np.abs(away - np.rint(away)).max() < 0.02


def test_whole_pictures_give_the_bits_that_the_network_learned_from() -> None:
    """The sizes were constants of 256 pixels once, written out here; the weights know no other."""
    shown = picture(noise=0.3, drift=(0.1, -0.1, 0.1, 0.05, -0.1))
    small = shown.reshape(128, 2, 128, 2).mean(axis=(1, 3)).astype(np.float64)
    x, y = np.meshgrid(np.linspace(-1, 1, 128), np.linspace(-1, 1, 128))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1)
    slow = ((small.ravel() @ np.linalg.pinv(terms)).reshape(6) @ terms).reshape(128, 128)
    small = small * (float(small.mean()) / slow)
    small -= small.mean()
    wanted = np.asarray(small / float(small.std()), dtype=np.float32)
    np.testing.assert_array_equal(flatten(shown), wanted)
    correlation = autocorrelation(wanted)
    assert correlation.shape == (98, 195)
    np.testing.assert_array_equal(correlation, autocorrelation(flatten(shown)))


@pytest.mark.parametrize("side", [150, 200])
def test_a_smaller_field_shows_the_same_cell(side: int) -> None:
    small, whole = find_repeats(picture(noise=0.2)[:side, :side]), find_repeats(picture(noise=0.2))
    assert small.cell is not None and whole.cell is not None
    np.testing.assert_allclose(small.cell, whole.cell, atol=0.04)
    assert small.columns[:2, :2] == pytest.approx(whole.columns[:2, :2], abs=0.03)
    assert np.corrcoef(small.mean.ravel(), whole.mean.ravel())[0, 1] > 0.9


def test_what_changes_slowly_is_divided_out() -> None:
    flat = flatten(picture(drift=(0.1, -0.1, 0.1, 0.05, -0.1)))
    assert np.corrcoef(flat.ravel(), flatten(picture()).ravel())[0, 1] > 0.995
    assert abs(float(flat.mean())) < 1e-5 and float(flat.std()) == pytest.approx(1, abs=1e-4)


def test_a_turned_picture_gives_the_same_sheet() -> None:
    still, turn = find_repeats(picture()), find_repeats(picture(rotation=np.radians(23)))
    assert turn.cell is not None and still.cell is not None
    np.testing.assert_allclose(turn.cell, OBLIQUE @ turned(23), atol=0.03)
    assert np.corrcoef(turn.mean.ravel(), still.mean.ravel())[0, 1] > 0.99
    one, other = features(picture()), features(picture(rotation=np.radians(23)))
    assert (
        one.shape == other.shape == (1, ROWS, GRID + HINT + NUMBERS)
        and ROWS == 1 + PEAKS + COLUMNS
    )
    # The numbers of the cell: a, b, γ, correlation, area.
    np.testing.assert_allclose(one[0, 0, -NUMBERS:], other[0, 0, -NUMBERS:], rtol=0.01)


def test_the_other_face_is_read_from_behind() -> None:
    """b at 80.46° to a: the cell of γ ≥ 90° is left-handed in the picture."""
    plane = Plane(OBLIQUE * [[1, 1], [-1, 1]], TWO.fractions, TWO.numbers)
    found = find_repeats(picture(plane))
    assert found.cell is not None
    a, b = found.cell
    assert np.degrees(np.arccos(a @ b / np.hypot(*a) / np.hypot(*b))) == pytest.approx(
        99.46, abs=0.3
    )


def test_where_nothing_repeats_nothing_is_said() -> None:
    nothing = find_repeats(np.zeros((256, 256), dtype=np.float32))
    assert nothing.cell is None and not len(nothing.peaks)
    lone = Plane(np.eye(2) * 60, np.array([[0.2, 0.2]]), np.array([30]))
    assert find_repeats(picture(lone)).cell is None
    assert np.abs(features(np.zeros((256, 256), dtype=np.float32))).max() == 0
