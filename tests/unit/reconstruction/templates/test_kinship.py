"""Groups of the periodic table, and which prototype is the nearest."""

import pytest

from micrographia.reconstruction.templates.kinship import group_of, radii_ratio, strangeness


def test_groups_of_the_periodic_table() -> None:
    table = {1: (1, 3, 55), 2: (4, 88), 3: (21, 39, 57, 71, 92), 4: (22, 72), 12: (30, 80)}
    table |= {13: (5, 13, 81), 14: (6, 50), 17: (9, 53), 18: (2, 10, 86)}
    for group, numbers in table.items():
        assert {group_of(number) for number in numbers} == {group}, group


def test_a_neighbour_in_the_group_is_no_stranger() -> None:
    # MoS2 from WSe2 (both 1H; 3.18 and 3.32 Å), and from FeBr2.
    near = strangeness({74: 42, 34: 16}, [74, 34, 34], 3.18 / 3.32)
    far = strangeness({26: 42, 35: 16}, [26, 35, 35], 3.18 / 3.70)
    assert near < 1 < far
    assert strangeness({42: 42, 16: 16}, [42, 16, 16], 1.0) == pytest.approx(0)
    assert radii_ratio([16], [34]) > 1
