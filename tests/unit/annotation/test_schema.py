"""The form of an answer: model and JSON schema say the same; prompts carry the vocabulary."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from micrographia import config
from micrographia.annotation.endpoint.parse import parse_attributes, parse_verdicts
from micrographia.annotation.endpoint.prompts import load_prompt
from micrographia.annotation.schema import (
    Attributes,
    attributes_json_schema,
    verdicts_json_schema,
)
from micrographia.errors import ConfigError, EndpointError
from micrographia.io.endpoint.client import schema_sha
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import FormError, read_objects
from micrographia.io.resources import PACKAGE
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, QUESTIONS, UNKNOWN, VOCABULARY

PROMPTS = PACKAGE / "annotation" / "endpoint" / "templates"


def answer(**changes: Any) -> dict[str, Any]:
    """A valid answer with changes."""
    first = {"value": UNKNOWN, "text": "", "confidence": 0.5}
    return {name: dict(first) for name in ATTRIBUTE_NAMES} | changes


def broken() -> list[dict[str, Any]]:
    """Answers with one thing wrong."""
    entry = {"value": UNKNOWN, "text": "", "confidence": 0.5}
    lacking = answer()
    del lacking["layering"]
    return [
        lacking,
        answer(colour=entry),
        answer(layering={**entry, "value": "spherical"}),
        answer(layering={**entry, "size": 3}),
        answer(layering={"value": "tiled", "text": ["flat"], "confidence": 0.5}),
        answer(layering="tiled"),
    ]


def test_there_are_nine_and_each_can_be_unknown() -> None:
    assert len(ATTRIBUTE_NAMES) == 9
    assert set(QUESTIONS) == set(VOCABULARY)
    assert all(UNKNOWN in words and len(words) >= 3 for words in VOCABULARY.values())
    assert set(Attributes.model_fields) == set(ATTRIBUTE_NAMES)


def test_model_and_json_schema_take_the_same_answers() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = attributes_json_schema()
    for name, words in VOCABULARY.items():
        for word in words:
            good = answer(**{name: {"value": word, "text": "as seen", "confidence": 1.0}})
            jsonschema.validate(good, schema)
            assert Attributes.model_validate(good).readings()[name].value == word
    for bad in broken():
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
        with pytest.raises(ValueError):
            Attributes.model_validate(bad)


def test_a_row_and_an_answer_are_the_same() -> None:
    given = Attributes.from_values(layering="tiled", morphology="rod_like")
    assert Attributes.from_row(given.to_row()) == given
    assert given.subject.value == UNKNOWN and given.subject.confidence == 0


def test_the_digest_changes_with_the_form() -> None:
    digests = [schema_sha(form) for form in (attributes_json_schema(), verdicts_json_schema())]
    assert len(set(digests)) == 2


@pytest.mark.parametrize(
    ("content", "finish", "words"),
    [
        ("", "stop", "no JSON object"),
        ('{"subject": {"value": "met', "length", "cut short"),
        ('{"subject": }', "stop", "no valid JSON"),
        ("{}", "stop", "subject: Field required"),
        ("[1, 2]", "stop", "no JSON object"),
        ('{"a":' * 100_000, "stop", "no valid JSON"),
    ],
)
def test_what_is_no_answer_is_told_why(content: str, finish: str, words: str) -> None:
    with pytest.raises(FormError, match=words):
        parse_attributes(Reply(content, finish))


def test_every_fault_is_told_at_once() -> None:
    import json

    wrong = answer(
        layering={"value": "flat", "text": "", "confidence": 3},
        subject={"value": "gold", "text": "", "confidence": 0.5},
    )
    with pytest.raises(FormError) as caught:
        parse_attributes(Reply(json.dumps(wrong), "stop"))
    assert "layering.confidence" in str(caught.value)
    wrong["layering"]["confidence"] = 0.3
    with pytest.raises(FormError) as caught:
        parse_attributes(Reply(json.dumps(wrong), "stop"))
    assert "subject.value is 'gold'" in str(caught.value)
    assert "layering.value is 'flat', allowed: tiled" in str(caught.value)


def test_long_words_are_cut_and_verdicts_are_complete() -> None:
    import json

    long = answer(subject={"value": "metal", "text": "so  bright " * 90, "confidence": 1})
    assert len(parse_attributes(Reply(json.dumps(long), "stop")).subject.text) == 300
    verdicts = {name: {"verdict": "no", "comment": "?"} for name in ATTRIBUTE_NAMES}
    assert parse_verdicts(Reply(json.dumps(verdicts), "stop"))["subject"].verdict == "no"
    del verdicts["layering"]
    with pytest.raises(FormError, match="missing: layering"):
        parse_verdicts(Reply(json.dumps(verdicts), "stop"))
    assert read_objects('noise {"a": {"b": 2}} noise') == ([], [{"a": {"b": 2}}], "")


def test_prompts_name_every_word_and_have_a_digest() -> None:
    texts = {name: load_prompt(PROMPTS, name, 1) for name in ("attributes", "judge", "legible")}
    for name, word in itertools.chain.from_iterable(
        ((name, word) for word in words) for name, words in VOCABULARY.items()
    ):
        assert f"`{name}`" in texts["attributes"].text
        assert f"`{word}`" in texts["attributes"].text and f"`{word}`" in texts["judge"].text
    assert len({prompt.sha for prompt in texts.values()}) == 3
    assert "$answer" in texts["judge"].text
    assert "here" in texts["judge"].fill(answer="here")


def test_a_prompt_with_an_unknown_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "judge-2.md").write_text("Judge $this.")
    with pytest.raises(EndpointError, match="saw 'this'"):
        load_prompt(tmp_path, "judge", 2)
    with pytest.raises(EndpointError, match=r"allowed: judge-2\.md"):
        load_prompt(tmp_path, "judge", 3)


@pytest.mark.parametrize(
    "endpoint",
    [
        {"base_url": "https://host/v1", "model": "m", "key_env": "sk-SECRET-0123"},
        {"base_url": "https://user:sk-SECRET-0123@host/v1", "model": "m"},
        {"base_url": "https://host/v1?key=sk-SECRET-0123", "model": "m"},
        {"base_url": "https://host/v1", "key_env": "sk-SECRET-0123"},
        {"base_url": "https://host/v1", "model": "m", "api_key": "sk-SECRET-0123"},
        {"base_url": "sk-SECRET-0123", "model": "m", "max_cost": 1},
    ],
)
def test_a_key_in_the_settings_is_refused_and_not_shown(endpoint: dict[str, Any]) -> None:
    one = {"name": "a", "kind": "endpoint", "endpoint": endpoint}
    with pytest.raises(ConfigError) as caught:
        config.validate({"annotation": {"annotators": [one]}})
    assert "annotation.annotators.0" in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ({"annotators": [{"name": "a", "kind": "measured"}] * 2}, "used twice: a"),
        (
            {"annotators": [{"name": "a", "kind": "measured"}], "judges": ["b"]},
            "judges contains b",
        ),
        ({"annotators": [{"name": "a", "kind": "endpoint"}]}, "required for kind 'endpoint'"),
        ({"annotators": [{"name": "a", "kind": "measured"}], "legible": "a"}, "legible is a"),
    ],
)
def test_who_annotates_must_make_sense(room: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.validate({"annotation": room})
