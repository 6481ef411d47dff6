"""What strengths of columns can say at most of species."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from unit.reconstruction.unstated.test_columns import OBLIQUE, OPTICS, THREE, atoms_data, atoms_fit

from micrographia.reconstruction.answer.odds import Rival, most_odds, share
from micrographia.reconstruction.unstated.assigned import Assigned
from micrographia.reconstruction.unstated.data import Data
from micrographia.reconstruction.unstated.labels import Asked


@pytest.fixture(scope="module")
def data() -> Data:
    kinds = [(42,), (16,), (16,)]
    return atoms_data(atoms_fit(OBLIQUE, THREE, kinds), Asked((16, 42)))


def state(*kinds: tuple[int, ...]) -> Assigned:
    return Assigned(THREE, kinds, OPTICS)


def test_neighbours_in_the_table_are_never_told_apart_by_strength(data: Data) -> None:
    niobium, molybdenum = state((42,), (41,), (16,)), state((41,), (42,), (16,))
    # 2.4 % more electrons against columns that differ by 2 % for other reasons.
    assert most_odds(data, niobium, molybdenum) < 4
    sulphur, selenium = state((42,), (16,), (34,)), state((42,), (34,), (16,))
    assert most_odds(data, sulphur, selenium) > 50


def test_all_columns_doubled_have_the_same_ratios(data: Data) -> None:
    single, doubled = state((42,), (16,), (16,)), state((42, 42), (16, 16), (16, 16))
    assert most_odds(data, single, doubled) == pytest.approx(0, abs=1e-9)


def test_columns_in_other_places_are_told_apart_without_limit(data: Data) -> None:
    here = state((42,), (16,), (16,))
    assert most_odds(data, here, replace(here, positions=THREE + np.eye(3, 2))) == np.inf
    assert most_odds(data, here, here.without(2)) == np.inf


def test_the_order_of_columns_does_not_matter(data: Data) -> None:
    here = state((42,), (16,), (34,))
    turned = replace(here, positions=THREE[::-1], kinds=here.kinds[::-1])
    assert most_odds(data, here, turned) == pytest.approx(0, abs=1e-9)


def test_the_share_is_that_of_all_rivals() -> None:
    rivals = [Rival(((6,),), -5.0, float(np.log(0.5))), Rival(((7,),), -9.0, float(np.log(0.25)))]
    assert share(rivals) == pytest.approx(1 / 1.75)
    assert share([]) == 1.0
