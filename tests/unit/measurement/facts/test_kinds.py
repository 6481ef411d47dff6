"""Whether there are particles to count, by what the classifier says."""

from __future__ import annotations

from typing import Any

import pytest

from micrographia.io.facts.claims import claims_in
from micrographia.measurement.facts.kinds import class_told, why_no_particles
from micrographia.measurement.facts.numbers import contradiction, further_facts


def found(known: float = 0.95, sure: bool = True, **shares: float) -> dict[str, Any]:
    """A row of `schemas.CLASSIFIED`."""
    ranked = sorted(shares, key=lambda name: -shares[name])
    return {
        "predicted": ranked[0], "probability": shares[ranked[0]], "sure": sure, "known": known,
        "ranked": ranked, "probabilities": [shares[name] for name in ranked], "failure": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "covered", "told"),
    [
        (found(particles=0.7, powder=0.2), 0.2, "particles"),
        (found(particles=0.5, tips=0.5), 0.2, None),
        (found(powder=0.5, particles=0.3, tips=0.2), 0.1, "particles"),  # lie apart
        (found(powder=0.9, particles=0.1), 0.1, "particles"),
        (found(powder=0.9, particles=0.1), 0.6, "powder"),
        (found(nanowires=0.7, particles=0.3), 0.2, None),  # of others 0.8 is needed
        (found(nanowires=0.9, particles=0.1), 0.2, "nanowires"),
        (found(biological=0.99, particles=0.01), 0.2, None),  # round particles look like cells
        (found(sure=False, particles=0.9, powder=0.1), 0.2, None),
    ],
)
def test_a_class_is_told_only_where_it_is_sure(
    row: dict[str, Any], covered: float, told: str | None
) -> None:
    assert class_told(row, 0.6, covered)[0] == told


def test_a_failed_classifier_says_so_and_hinders_nothing() -> None:
    row = {**found(particles=1.0), "failure": "it is too small"}
    assert class_told(row, 0.6, 0.2) == (None, "it is too small")
    assert why_no_particles(row, 5, 5) is None


@pytest.mark.parametrize(
    ("row", "count", "whole", "counted"),
    [
        (found(particles=0.4, porous_sponge=0.6), 50, 40, True),
        (found(particles=0.2, porous_sponge=0.5, films_coated_surface=0.3), 50, 40, False),
        (found(known=0.2, particles=0.9, tips=0.1), 50, 40, False),
        (found(nanowires=0.9, particles=0.1), 50, 40, True),
        (found(nanowires=0.9, particles=0.1), 50, 10, False),
        (found(fibres=0.9, particles=0.1), 2, 2, False),
        (found(biological=0.9, particles=0.1), 50, 40, True),
        (found(particles=0.9, tips=0.1), 1, 0, False),
        (found(particles=0.9, tips=0.1), 0, 0, True),
    ],
)
def test_what_is_not_separate_is_not_counted(
    row: dict[str, Any], count: int, whole: int, counted: bool
) -> None:
    why = why_no_particles(row, count, whole)
    assert (why is None) is counted
    if why is not None:
        assert claims_in(why[0], {}) == [], "a reason must be fit to be shown"
        assert why[1].startswith("CLASSIFIED ") or "all cut" in why[1]


def rows(aspect: float, circularity: float, cut: bool = False) -> list[dict[str, Any]]:
    """Three equal instances."""
    one = {"aspect": aspect, "circularity": circularity, "cut": cut, "equivalent_diameter_px": 9.0}
    return [one] * 3


def test_words_for_shapes_must_fit_the_outlines() -> None:
    assert contradiction("spherical", rows(1.1, 0.95)) is None
    assert "aspect" in str(contradiction("spherical", rows(2.5, 0.9)))
    assert "circularity" in str(contradiction("irregular", rows(1.1, 0.95)))
    assert contradiction("irregular", rows(1.4, 0.6)) is None
    assert contradiction("spherical", rows(5.0, 0.2, cut=True)) is None  # nothing whole to judge


def test_few_particles_have_no_interval() -> None:
    values = {one.name: one for one in further_facts(rows(1.0, 1.0), None)}
    assert values["whole_count"].number == 3
    assert "fewer than 6" in str(values["median_diameter_low"].failure)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    import numpy as np

    rng = np.random.default_rng(11)
    held = 0
    for _ in range(300):
        sizes = rng.lognormal(3.0, 0.4, 30)
        many = [{"equivalent_diameter_px": size, "cut": False} for size in sizes]
        values = {one.name: one.number for one in further_facts(many, None)}
        low, high = values["median_diameter_low"], values["median_diameter_high"]
        held += low <= np.exp(3.0) <= high
    assert 0.91 <= held / 300 <= 0.99
