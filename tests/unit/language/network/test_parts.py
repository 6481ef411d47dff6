"""Words, states and sight: what goes into the network, and what it may say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from micrographia.io.facts.phrases import PHRASES
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.language.instruction.grammar import read_grammar
from micrographia.language.network.samples import (
    UNSEEN,
    Samples,
    asked,
    facts_by_picture,
    held_wording,
    picture_of,
    touched,
    usable,
)
from micrographia.language.network.sight import Sight, told_loss, within
from micrographia.language.network.states import NAMES, STATES, TOLD, codes_of
from micrographia.language.network.words import Words, opened, own_tokenizer

TEXTS = ["There are {particle_count} particles, which cover {area_fraction}.", "rod-like", "12 µm"]


def words() -> Words:
    """Tokens of a small tokenizer."""
    tokenizer = opened(own_tokenizer(TEXTS))
    return Words(tokenizer, len(tokenizer))


@pytest.mark.parametrize("text", [*TEXTS, "{median_diameter}", "a µ-sized {class_name}!"])
def test_text_with_places_comes_back(text: str) -> None:
    one = words()
    tokens = one.answer(text)
    assert tokens[-1] == one.end
    assert one.text(tokens) == text


def test_a_place_is_one_token_and_no_digit_may_be_said() -> None:
    one = words()
    assert len(one.answer("{median_diameter_high}")) == 2
    said = one.said(TEXTS)
    plain = [token for token in said if token != one.end]
    assert plain
    assert not any(re.search(r"\d", one.tokenizer.decode([token])) for token in plain)


def number(name: str, value: float, unit: str | None = None) -> dict[str, Any]:
    """A row of a fact."""
    return {"name": name, "number": value, "unit": unit, "words": None}


def test_no_value_is_among_the_codes() -> None:
    for name, kind in FACT_KINDS.items():
        if kind.quantity == "words":
            continue
        for unit in kind.units or (None,):
            codes = [
                codes_of({name: number(name, value, unit)}, ()).tolist()
                for value in (7.0, 7.25, 812.5)
            ]
            assert codes[0] == codes[1] == codes[2]


def test_units_failures_and_hidden_facts_are_told_apart() -> None:
    place = NAMES.index("median_diameter")
    known = [codes_of({"median_diameter": number("median_diameter", 3, u)}, ())[place]
             for u in ("nm", "px")]  # fmt: skip
    failed = codes_of({}, ("median_diameter",))[place]
    unseen = codes_of({}, ())[place]
    assert len({*known, failed, unseen}) == 4
    both = {"median_diameter": number("median_diameter", 3, "nm")}
    assert codes_of(both, (), hidden=("median_diameter",))[place] == unseen


@pytest.mark.parametrize(
    ("count", "state"), [(0, "0"), (1, "from 1"), (4, "from 3"), (90, "from 5")]
)
def test_counts_are_none_one_or_several(count: int, state: str) -> None:
    codes = codes_of({"particle_count": number("particle_count", count)}, ())
    assert STATES[codes[NAMES.index("particle_count")]] == state


def test_words_have_codes_of_their_own() -> None:
    for name, phrases in PHRASES.items():
        for word in phrases:
            row = {"name": name, "number": None, "unit": None, "words": word}
            code = int(codes_of({name: row}, ())[NAMES.index(name)])
            assert code in TOLD[name]
            assert STATES[code] == f"{name}={word}"


def test_levels_of_sight_see_from_near_to_far() -> None:
    near, wide = within(1), within(None)
    assert bool(wide.all())
    assert bool(near[0].all()) and bool(near[:, 0].all())
    seen = near[1:, 1:].reshape(7, 7, 7, 7)
    assert int(seen[3, 3].sum()) == 9
    assert not bool(seen[0, 0, 2, 0])


def test_a_near_level_does_not_see_a_far_patch() -> None:
    torch.manual_seed(0)
    sight = Sight(16, 2, (1,)).eval()
    image = torch.zeros(1, 1, 224, 224)
    changed = image.clone()
    changed[..., :32, :32] = 3.0
    with torch.no_grad():
        far = (sight(image) - sight(changed)).abs().amax(-1)[0]
    assert float(far[1]) > 1e-3
    assert float(far[49]) < 1e-6


def test_sight_learns_from_known_words_alone() -> None:
    logits = torch.zeros(2, len(STATES), requires_grad=True)
    codes = torch.full((2, len(TOLD)), -1)
    assert float(told_loss(logits, codes)) == 0.0
    codes[0, 0] = next(iter(TOLD.values()))[0]
    classes = len(next(iter(TOLD.values())))
    assert float(told_loss(logits, codes)) == pytest.approx(np.log(classes), rel=1e-5)


def test_samples_say_what_the_row_says(questions: list[Any], facts: list[Any]) -> None:
    grammar, _ = read_grammar()
    by_picture = facts_by_picture(facts)
    rows = usable(questions, by_picture, "train")
    tokenizer = opened(own_tokenizer([row["template"] for row in rows]))
    one = Words(tokenizer, len(tokenizer))
    said = one.said(row["template"] for row in rows)
    samples = Samples(rows, by_picture, one, said, grammar, 192)
    for row in rows[:40]:
        sample = samples.judged(row)
        told = sample["target"][sample["target"] != UNSEEN]
        tokens = [
            said[place] if place < len(said) else one.vocabulary + place - len(said)
            for place in told
        ]
        assert one.text(tokens) == row["template"]
        assert len(sample["text"]) == 1 + len(NAMES) + 192
    drawn = [samples.drawn(rows[0], np.random.default_rng(7))["text"] for _ in range(2)]
    assert np.array_equal(*drawn)


def test_a_topic_touches_what_its_lines_and_conditions_name() -> None:
    grammar, _ = read_grammar()
    topics = {topic.topic: topic for topic in grammar.topics}
    assert touched(topics["median"]) >= {"median_diameter", "particle_count", "mean_diameter"}
    assert touched(topics["elements"]) == frozenset()


def test_the_last_wording_of_each_topic_is_held_out(questions: list[Any]) -> None:
    grammar, _ = read_grammar()
    held = [row for row in questions if held_wording(row, grammar)]
    assert 0 < len(held) < len(questions) / 2
    assert {asked(row) for row in held} <= {asked(row) for row in questions}


def test_lost_facts_change_the_answer_and_are_never_said(
    questions: list[Any], facts: list[Any]
) -> None:
    grammar, _ = read_grammar()
    by_picture = facts_by_picture(facts)
    rows = usable(questions, by_picture, "train")
    tokenizer = opened(own_tokenizer([row["template"] for row in rows]))
    one = Words(tokenizer, len(tokenizer))
    said = one.said(row["template"] for row in rows)
    samples = Samples(rows, by_picture, one, said, grammar, 192)
    rng = np.random.default_rng(3)
    changed = 0
    for row in rows:
        sample = samples.drawn(row, rng)
        codes = sample["text"][1 : 1 + len(NAMES)]
        told = [place - len(said) for place in sample["target"] if place >= len(said)]
        assert all(STATES[codes[place]] not in ("unseen", "failed") for place in told)
        changed += {NAMES[place] for place in told} != set(row["slots"])
    assert changed > len(rows) / 20


def test_another_picture_under_the_same_path_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    ramp = np.tile(np.arange(224, dtype=np.uint8), (224, 1))
    seen = []
    for pixels in (ramp, ramp[:, ::-1]):
        Image.fromarray(np.ascontiguousarray(pixels)).save(path)
        seen.append(picture_of(str(path)))
    assert np.allclose(seen[0], seen[1][:, ::-1], atol=1e-6)
    assert not np.allclose(seen[0], seen[1], atol=0.1)
