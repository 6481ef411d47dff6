"""Answers drawn again: the truth explains all but the noise, whatever is free; errors less."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.config import PictureDials
from micrographia.language.structure.again.look import Again
from micrographia.language.structure.canonical import Written, read
from micrographia.language.structure.pictures import View, draw_picture
from micrographia.language.structure.samples import Shown, show
from micrographia.language.structure.seen.repeats import find_repeats, flatten
from micrographia.language.structure.variants import Crystal

#: An oblique cell, and a hexagonal one with twelve settings of one shape.
TEXTS = {
    "oblique": "4.07 6.22 99.5\nZr1 S1 C1\nZr .00 .00 1.0\nS .30 .60 0.0\nC .70 .20 2.0\n",
    "hexagonal": "3.18 3.18 120.0\nMo1 S2\nMo .00 .00 1.6\nS .33 .67 0.0\nS .33 .67 3.2\n",
}


def again(text: str, **view: object) -> Again:
    crystal = Crystal.of(read(text).atoms())
    picture = draw_picture(crystal.plane(), View(**view), np.random.default_rng(3))  # type: ignore[arg-type]
    cell = find_repeats(picture).cell
    assert cell is not None
    return Again(flatten(picture), cell)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "view", [{}, {"origin": (0.37, 0.81), "rotation": 0.6}, {"blur": 0.3}, {"noise": 0.5}]
)
def test_the_truth_explains_all_but_the_noise(name: str, view: dict[str, float]) -> None:
    answer = read(TEXTS[name])
    # Two by two pixels are averaged, so that a quarter of the noise's power is left.
    signal = 1 / (1 + view.get("noise", 0.0) ** 2 / 4)
    explained = again(TEXTS[name], **view).explained(answer)
    # Of the oblique cell b is measured 0.01 Å too long, and digits are rounded.
    assert 0.945 * signal < explained <= 1.0


def test_wrong_places_elements_and_amounts_explain_less() -> None:
    look = again(TEXTS["oblique"])
    best = look.explained(read(TEXTS["oblique"]))
    for old, new in (("S .30 .60", "S .45 .60"), ("Zr", "Ti"), ("S1", "S2")):
        text = TEXTS["oblique"].replace(old, new)
        text = text.replace("C .70", "S .65 .10 0.0\nC .70") if "S2" in text else text
        assert look.explained(read(text)) < best - 0.005


def test_a_cell_of_the_wrong_shape_explains_nothing() -> None:
    look = again(TEXTS["hexagonal"])
    assert look.explained(read(TEXTS["hexagonal"].replace("3.18 3.18 120", "3.18 4.40 90"))) == 0


def test_a_doubled_cell_explains_as_much_and_a_halved_one_less() -> None:
    """The same crystal on two cells; then a picture in which every second atom differs."""
    single = "3.00 4.00 90.0\nZr1\nZr .00 .00 0.0\n"
    double = "4.00 6.00 90.0\nZr2\nZr .00 .00 0.0\nZr .00 .50 0.0\n"
    look = again(single)
    assert look.explained(read(double)) == pytest.approx(look.explained(read(single)), abs=1e-3)
    other = "4.00 6.00 90.0\nZr1 Ti1\nZr .00 .00 0.0\nTi .00 .50 0.0\n"
    look = again(other)
    assert look.explained(read(other)) > look.explained(read(single)) + 0.02


def test_a_small_picture_is_compared_as_far_as_it_goes() -> None:
    crystal = Crystal.of(read(TEXTS["oblique"]).atoms())
    picture = draw_picture(crystal.plane(), View(), np.random.default_rng(0))[:150, :150]
    cell = find_repeats(picture).cell
    assert cell is not None
    assert Again(flatten(picture), cell).explained(read(TEXTS["oblique"])) > 0.94


def test_every_setting_of_a_crystal_is_recognised() -> None:
    """`show` sets the cell at random; the canonical text is one of the settings."""
    text: Written = read(TEXTS["hexagonal"])
    for seed in range(3):
        shown: Shown = show(
            Crystal.of(text.atoms()), PictureDials(rotation=180.0), np.random.default_rng(seed)
        )
        cell = find_repeats(shown.picture).cell
        assert cell is not None
        assert Again(flatten(shown.picture), cell).explained(text) > 0.9
