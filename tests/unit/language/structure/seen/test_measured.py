"""Preferences of what was measured: which words they favour, and that words one by one agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.unit.language.structure.seen.test_repeats import OBLIQUE, picture

from micrographia.language.structure.canonical import Written
from micrographia.language.structure.seen.features import features
from micrographia.language.structure.seen.measured import Measured
from micrographia.language.structure.tokens import PROMPT, RANGES, SITES, encode, prompt

#: Zirconium and zinc at the places of `test_repeats`; zinc 1 Å above.
TEXT = Written(407, 622, 995, ((40, 1), (30, 1)), ((0, 0, 0, 0), (1, 30, 60, 10)))


def words() -> torch.Tensor:
    return torch.tensor([prompt({40: 1, 30: 1}, None) + encode(TEXT)])


def added(image: np.ndarray | None = None) -> torch.Tensor:
    sheet = features(picture()) if image is None else image
    found: torch.Tensor = Measured()(torch.from_numpy(sheet[None]), words())[0].detach()
    return found


def test_the_words_of_the_cell_are_those_that_were_measured() -> None:
    found = added()
    b = float(np.hypot(*OBLIQUE[1]))
    assert TEXT.b == round(100 * b)
    for place, word in enumerate(encode(TEXT)[:6]):
        row = found[PROMPT - 1 + place]
        assert abs(int(row.argmax()) - word) <= (1 if place in (1, 3, 5) else 0)
    # What is 0.3 Å off is as unlikely as any other.
    decimals = found[PROMPT, RANGES["decimals"].start :][:100]
    assert decimals[37] < 0.1 * decimals[7]


def test_a_place_is_preferred_where_a_column_is_and_y_only_beside_its_x() -> None:
    found = added()
    start = PROMPT + encode(TEXT).index(SITES)
    fractions = RANGES["fraction"].start
    first_x, second_x, second_y = (
        found[start + k, fractions : fractions + 100] for k in (0, 3, 4)
    )
    for x in (first_x, second_x):
        peaks = {int(k) for k in torch.nonzero(x > 0.6 * x.max())[:, 0]}
        assert {0, 30} <= {round(k, -1) % 100 for k in peaks} and peaks <= {
            98, 99, 0, 1, 2, 28, 29, 30, 31, 32,
        }  # fmt: skip
    assert int(second_y.argmax()) in (59, 60, 61) and second_y[0] < 0.5 * second_y[60]
    # Contents and heights are nobody's business here.
    heights = RANGES["height"].start
    assert found[:, heights : heights + 200].abs().max() == 0
    assert found[PROMPT + 5 : start].abs().max() == 0


def test_the_last_word_alone_gives_the_same_as_all_at_once() -> None:
    measured, sheet = Measured(), torch.from_numpy(features(picture())[None])
    whole = measured(sheet, words())[0].detach()
    for length in range(PROMPT, words().shape[1] + 1):
        alone = measured(sheet, words()[:, :length], last=True)[0, -1].detach()
        torch.testing.assert_close(alone, whole[length - 1])


def test_an_empty_picture_prefers_nothing() -> None:
    empty = features(np.zeros((256, 256), dtype=np.float32))
    assert added(empty).abs().max() == pytest.approx(0)
