"""Facts of instances: known discs, pictures without a scale, with one particle and with none."""

from __future__ import annotations

from typing import Any

import pytest

from micrographia.io.facts.particles import particle_facts


def disc(x: float, y: float, diameter: float, cut: bool = False) -> dict[str, Any]:
    area = 3.14159265 * diameter**2 / 4
    return {"area_px": area, "centroid": [x, y], "equivalent_diameter_px": diameter,
            "aspect": 1.0 + diameter / 100, "neighbour_px": 10.0, "cut": cut}  # fmt: skip


def values(*given: Any, **more: Any) -> dict[str, Any]:
    return {one.name: one for one in particle_facts(*given, **more)}


def test_sizes_leave_out_what_is_cut_and_counts_do_not() -> None:
    discs = [disc(20, 20, 10), disc(60, 20, 20), disc(20, 60, 30), disc(0, 0, 90, cut=True)]
    found = values(discs, 100, 200, 2.0)
    assert found["particle_count"].number == 4
    assert (found["median_diameter"].number, found["median_diameter"].unit) == (40.0, "nm")
    assert found["smallest_diameter"].number == 20.0
    assert found["largest_diameter"].number == 60.0
    assert found["diameter_spread"].number == pytest.approx(0.40825, abs=1e-5)
    assert found["field_width"].number == 200.0
    covered = sum(one["area_px"] for one in discs) / 20_000
    assert found["area_fraction"].number == pytest.approx(covered)
    assert found["number_density"].number == pytest.approx(4 / (0.2 * 0.4))
    assert found["neighbour_distance"].number == 20.0
    assert found["fullest_quarter"].failure == "there are fewer than 8 particles"


def test_without_a_pixel_size_lengths_are_in_pixels() -> None:
    found = values([disc(20, 20, 10), disc(60, 20, 20)], 100, 100, None)
    assert (found["median_diameter"].number, found["median_diameter"].unit) == (15.0, "px")
    for name in ("pixel_size", "field_width", "number_density"):
        assert found[name].number is None and found[name].failure == "the pixel size is not known"


def test_one_particle_has_no_spread_and_none_no_size() -> None:
    alone = values([disc(50, 50, 10)], 100, 100, 1.0)
    assert alone["median_diameter"].number == 10.0
    assert alone["diameter_spread"].failure and alone["neighbour_distance"].failure
    empty = values([], 100, 100, 1.0)
    assert empty["particle_count"].number == 0 and empty["area_fraction"].number == 0
    assert empty["median_diameter"].failure == "no particle was found"
    cut = values([disc(0, 0, 10, cut=True)], 100, 100, 1.0)
    assert cut["median_diameter"].failure == "no particle lies whole in the picture"


def test_quarters_are_those_of_the_part_that_was_worked_on() -> None:
    discs = [disc(x, y, 4) for x in (10, 20, 30, 40) for y in (10, 20)]
    assert values(discs, 100, 100, 1.0)["fullest_quarter"].number == 1.0
    found = values(discs, 100, 100, 1.0, box=[0, 0, 50, 30])
    assert found["fullest_quarter"].number == 0.25
    assert found["area_fraction"].number == pytest.approx(8 * discs[0]["area_px"] / 1500)
