"""Outlines: every pixel that touches another label, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.segmentation import find_boundaries

from micrographia.segmentation.measuring.overlay import boundaries, draw_outlines


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (40, 31)])
@pytest.mark.parametrize("seed", range(5))
def test_boundaries_are_those_of_scikit_image(shape: tuple[int, int], seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, shape).repeat(2, 0).repeat(3, 1)
    assert (boundaries(labels) == find_boundaries(labels, mode="thick")).all()


def test_doubtful_instances_are_blue_and_sure_ones_win() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[3:6, 3:6] = 1
    drawn = draw_outlines(np.full((9, 9), 0.5), labels, np.roll(labels, 2, axis=1))
    assert tuple(drawn[2, 4]) == (230, 159, 0) and tuple(drawn[2, 7]) == (86, 180, 233)
    assert tuple(drawn[0, 0]) == (127, 127, 127)
