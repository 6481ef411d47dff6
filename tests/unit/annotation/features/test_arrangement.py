"""Statistics of where particles lie and where they point."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.annotation.features.all_statistics import statistics


def scattered(wide: float, tall: float) -> np.ndarray:
    """Label mask of 36 ellipses with these half axes [px], upright, each at a place of its own."""
    rng = np.random.default_rng(5)
    labels = np.zeros((360, 360), np.int32)
    y, x = np.mgrid[:360, :360]
    for number in range(36):
        down, right = 30 + 60 * np.array(divmod(number, 6)) + rng.uniform(-5, 5, 2)
        labels[((y - down) / tall) ** 2 + ((x - right) / wide) ** 2 <= 1] = number + 1
    return labels


@pytest.mark.parametrize(("wide", "tall", "order"), [(12, 12, 0), (20, 8, 1), (8, 20, 1)])
def test_round_particles_have_no_order_of_directions(wide, tall, order):
    """It was 1: a disc has no axis, and scikit-image says 45 degrees of all of them."""
    labels = scattered(wide, tall)
    image = (labels > 0).astype(np.float32)
    assert statistics(image, labels)["orientation_order"] == pytest.approx(order, abs=0.1)
