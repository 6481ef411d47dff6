"""The answer is found wherever it stands in a reply; a refusal is known for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from micrographia.annotation.endpoint.parse import (
    parse_attributes,
    parse_legibility,
    parse_verdicts,
)
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import FormError, RefusalError
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, VOCABULARY


def _answer(**changes: str) -> dict[str, Any]:
    return {
        name: {"value": changes.get(name, next(iter(words))), "text": "", "confidence": 0.9}
        for name, words in VOCABULARY.items()
    }


RIGHT = json.dumps(_answer())
PRETTY = json.dumps(_answer(), indent=2)


@pytest.mark.parametrize(
    "words",
    [
        f"For {{this picture}} I answer:\n```json\n{RIGHT}\n```",
        f"For {{this picture}} I answer: {RIGHT}",
        f"The form is {{attribute: value}}, so {{}} or {{...}}.\n\n{PRETTY}\n\nMay {{that}} help.",
        f'Words such as {{"value": "metal"}} are allowed. ```\n{PRETTY}\n```',
        f"<think>maybe {{no}} {RIGHT[:40]}</think>{RIGHT}",
        f"```json\n{RIGHT}\n```\nAgain: {RIGHT}",
        f'```python\nd = {{"a": 1}}\n```\n{RIGHT}',
        f"[{RIGHT}]",
    ],
)
def test_the_answer_is_found_among_other_braces(words: str) -> None:
    expected = parse_attributes(Reply(RIGHT, "stop"))
    assert parse_attributes(Reply(words, "stop")) == expected


def test_verdicts_and_legibility_too() -> None:
    verdicts = json.dumps({name: {"verdict": "yes", "comment": ""} for name in ATTRIBUTE_NAMES})
    found = parse_verdicts(Reply(f"Of {{all nine}}: {verdicts}", "stop"))
    assert {verdict.verdict for verdict in found.values()} == {"yes"}
    text = 'In {this} picture: {"has_text": true, "illegible": false}'
    assert parse_legibility(Reply(text, "stop")).has_text


def test_what_stands_in_a_fence_goes_before_what_does_not() -> None:
    draft = json.dumps(_answer(layering="tiled"))
    final = json.dumps(_answer(layering="multilayer"))
    words = f"First I thought {draft}, but:\n```json\n{final}\n```"
    assert parse_attributes(Reply(words, "stop")).layering.value == "multilayer"


def test_two_different_answers_are_none() -> None:
    words = (
        f"{json.dumps(_answer(layering='tiled'))} or {json.dumps(_answer(layering='multilayer'))}"
    )
    with pytest.raises(FormError, match="2 different answers"):
        parse_attributes(Reply(words, "stop"))


@pytest.mark.parametrize(
    ("words", "finish", "fault"),
    [
        ("For {this} I say " + RIGHT.replace('"value"', '"valve"', 1), "stop", "subject.value"),
        (RIGHT[:-2], "length", "cut short"),
        (RIGHT[:-2], "stop", "no valid JSON"),
        ("{this} and {that}", "stop", "no valid JSON"),
        ("The picture shows spheres of gold.", "stop", "no JSON object"),
        ("I cannot tell the substrate, but the spheres are of gold.", "stop", "no JSON object"),
    ],
)
def test_the_fault_is_that_of_the_best_candidate(words: str, finish: str, fault: str) -> None:
    with pytest.raises(FormError, match=fault) as caught:
        parse_attributes(Reply(words, finish))
    assert not isinstance(caught.value, RefusalError)


@pytest.mark.parametrize(
    ("words", "finish"),
    [
        ("This picture is not described.", "refusal"),
        ("", "content_filter"),
        ("I'm sorry, but I can't help with that.", "stop"),
        ("I\u2019m sorry, I can\u2019t assist with that request.", "stop"),
        ("I am unable to analyze this image.", "stop"),
        ("Unfortunately, I cannot provide a description of this picture.", "stop"),
        ("<think>hm</think>I must decline to describe this.", "stop"),
        ("We're not able to process images of this kind.", "stop"),
    ],
)
def test_a_refusal_is_known_for_one(words: str, finish: str) -> None:
    with pytest.raises(RefusalError):
        parse_attributes(Reply(words, finish))


def test_a_right_answer_counts_whatever_else_is_said() -> None:
    assert parse_attributes(Reply(f"I'm sorry, I can't help much: {RIGHT}", "stop"))
    assert parse_attributes(Reply(RIGHT, "content_filter"))
