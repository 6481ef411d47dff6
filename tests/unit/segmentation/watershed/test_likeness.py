"""The score that chooses between candidates."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk
from skimage.measure import regionprops_table

from micrographia.segmentation.watershed.likeness import particle_likeness


def discs(*centres, shape=(90, 120), radius=11):
    labels = np.zeros(shape, np.int32)
    for number, centre in enumerate(centres, start=1):
        labels[disk(centre, radius, shape=shape)] = number
    return labels


def test_discs_beat_what_is_between_them():
    labels = discs((20, 20), (20, 60), (60, 40), (65, 90))
    between = (labels == 0).astype(np.int32)
    assert particle_likeness(labels, 0.2) > 0.95
    assert particle_likeness(labels, 0.2) > particle_likeness(between, 0.2) + 0.2


def test_border_is_held_against_it_by_its_weight():
    inside, cut = discs((40, 40)), discs((0, 40))
    assert particle_likeness(inside, 1.0) == pytest.approx(particle_likeness(inside, 0.0))
    drop = particle_likeness(cut, 0.0) - particle_likeness(cut, 0.3)
    assert drop == pytest.approx(0.3)


def test_solidity_is_near_that_of_scikit_image():
    labels = discs((30, 30), (70, 80))
    labels[25:35, 30:100] = 1  # a handle makes the first one concave
    table = regionprops_table(labels, properties=("area", "solidity"))
    expected = np.average(table["solidity"], weights=table["area"])
    assert particle_likeness(labels, 0.0) == pytest.approx(expected, abs=0.02)


def test_gaps_and_parts():
    labels = np.where(discs((20, 20), (20, 60)) == 2, 9, 0)
    assert particle_likeness(labels.astype(np.int32), 0.0) > 0.95
    split = discs((20, 20)) + discs((20, 60))  # one instance of two parts is not convex
    assert particle_likeness(split, 0.0) < 0.7


def test_nothing_is_worst():
    assert particle_likeness(np.zeros((5, 5), np.int32), 0.0) == float("-inf")
