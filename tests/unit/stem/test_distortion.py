"""Drift and jitter of the scan."""

import numpy as np
import pytest
from ase.build import mx2

from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.distortion import row_displacements
from micrographia.stem.simulate import View, simulate


def test_drift_is_even_and_jitter_has_the_stated_size() -> None:
    np.testing.assert_allclose(
        row_displacements(3, (2.0, -1.0), 0.0, [0]), [[0, 0], [1, -0.5], [2, -1]]
    )
    jitter = row_displacements(20_000, (0.0, 0.0), 0.3, [4])
    assert jitter.std(axis=0) == pytest.approx([0.3, 0.3], rel=0.05)
    # Neighbouring rows move alike.
    assert np.corrcoef(jitter[1:, 0], jitter[:-1, 0])[0, 1] > 0.8
    assert np.array_equal(jitter, row_displacements(20_000, (0.0, 0.0), 0.3, [4]))
    assert not np.array_equal(jitter, row_displacements(20_000, (0.0, 0.0), 0.3, [5]))


def test_displaced_rows_are_those_of_the_moved_crystal() -> None:
    layer = mx2("MoS2", vacuum=5)
    conditions = ImagingConditions(coma=2000.0)
    still = simulate(layer, conditions, View(field=12.0)).pixels
    drift = (1.19, -2.38)
    image = simulate(layer, conditions, View(field=12.0, drift=drift))
    np.testing.assert_allclose(image.pixels[0], still[0], atol=1e-5)
    # At the last row, the whole drift: the crystal has moved by its opposite.
    moved = simulate(layer, conditions, View(field=12.0, origin=(-1.19, 2.38))).pixels
    np.testing.assert_allclose(image.pixels[-1], moved[-1], atol=1e-5)
    assert image.metadata["scan"] == {"drift": [1.19, -2.38], "jitter": 0.0}


def test_jitter_follows_its_seed() -> None:
    layer = mx2("MoS2", vacuum=5)
    views = [View(field=10.0, jitter=0.2, jitter_seed=(seed,)) for seed in (1, 1, 2)]
    first, same, other = (simulate(layer, ImagingConditions(), view).pixels for view in views)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
