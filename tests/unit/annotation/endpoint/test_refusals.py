"""Answers without an answer: refusals and prose, from a real server on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from loopback_chat import ChatServer, annotate


@pytest.mark.parametrize(
    ("message", "finish"),
    [
        ({"content": None, "refusal": "This picture is not described."}, "stop"),
        (
            {"content": [{"type": "refusal", "refusal": "This picture is not described."}]},
            "stop",
        ),
        ({"content": "This picture is not described."}, "content_filter"),
        ({"content": "This picture is not described."}, "refusal"),
        ({"content": "I'm sorry, but I can't help: this picture is not described."}, "stop"),
    ],
)
def test_a_refusal_is_one_call_and_its_words_are_told(
    message: dict[str, Any], finish: str, table: Path
) -> None:
    with ChatServer(always={"message": message, "finish_reason": finish}) as server:
        rows = annotate(server, table, corrections=3)
        assert len(server.bodies) == 12
        assert annotate(server, table, corrections=3) == rows  # known, not asked again
        assert len(server.bodies) == 12
        annotate(server, table, again=True, corrections=3)
        assert len(server.bodies) == 24
    for row in rows:
        assert row["failure"].startswith("'model' declines to answer; it said: ")
        assert "his picture is not described." in row["failure"]


def test_prose_is_asked_again_as_the_settings_say_and_told(table: Path) -> None:
    words = "A lovely picture of many spheres. " * 20
    always = {"message": {"content": words}, "finish_reason": "stop"}
    with ChatServer(always=always) as server:
        rows = annotate(server, table, corrections=1)
        assert len(server.bodies) == 24
    for row in rows:
        assert "2 answers of the wrong form" in row["failure"]
        told = row["failure"].split("it said: ")[1]
        assert told.startswith("A lovely picture of many spheres. A") and told[199] == "…"
