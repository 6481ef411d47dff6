"""Questions by a model: a real server on loopback that looks at the picture it is sent."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from micrographia.classification.questions.endpoint import Questioner, parse_questions
from micrographia.classification.questions.variety import variety
from micrographia.cli import main
from micrographia.config import Endpoint
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import FormError
from micrographia.io.questions.subjects import Subject
from micrographia.io.questions.themes import THEMES
from micrographia.io.resources import PACKAGE
from micrographia.io.schemas import QUESTIONS
from micrographia.io.tables import read_rows

PROMPTS = PACKAGE / "classification" / "asked" / "templates"


def answer(grey: float, themes: list[str]) -> dict[str, Any]:
    """Return a set of questions about the mean grey level of a picture."""
    return {
        "questions": [
            {
                "theme": theme,
                "question": f"What does the {theme} tell?",
                "answer": f"The mean grey level is {grey:.0f}.",
                "short": f"{grey:.0f}" if theme != "context" else "unanswerable",
                "reasoning": "The grey levels were averaged.",
                "answerable": theme != "context",
                "evidence": [
                    {"fact": "mean grey", "value": f"{grey:.0f}" if theme != "context" else None}
                ],
            }
            for theme in themes
        ]
    }


class Model:
    """Sees the mean grey level; keeps the requests; at first it may forget some themes."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.forgets = 0

    def answer(self, request: dict[str, Any]) -> str:
        self.requests.append(request)
        parts = request["messages"][0]["content"]
        (url,) = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")
        themes = list(THEMES)
        if self.forgets:
            self.forgets -= 1
            themes = themes[2:]
        return json.dumps(answer(float(np.asarray(picture).mean()), themes))


@pytest.fixture
def model() -> Iterator[tuple[Model, str]]:
    one = Model()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choice = {"message": {"content": one.answer(body)}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 900, "completion_tokens": 90}
            reply = json.dumps({"choices": [choice], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield one, f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def subjects(folder: Path) -> list[Subject]:
    """A dark and a light picture, and one that cannot be read."""
    for name, grey in (("dark", 40), ("light", 200)):
        Image.new("L", (64, 64), grey).save(folder / f"{name}.png")
    return [
        Subject(str(folder / "dark.png"), "powder", "10.1/a", context="Caption: soot"),
        Subject(str(folder / "light.png"), None, None),
        Subject(str(folder / "gone.png"), None, None),
    ]


def ask(folder: Path, url: str, **more: Any) -> list[dict[str, Any]]:
    endpoint = Endpoint(base_url=url, model="eyes", max_side=64, concurrency=1, **more)
    questioner = Questioner(endpoint, folder / "calls.sqlite", PROMPTS)
    try:
        return list(questioner.questions(subjects(folder)))
    finally:
        questioner.close()


def test_each_theme_is_asked_and_each_answer_has_its_evidence(
    model: tuple[Model, str], tmp_path: Path
) -> None:
    rows = ask(tmp_path, model[1])
    assert [row["theme"] for row in rows] == [*THEMES, *THEMES, None]
    assert rows[0]["short"] == "40" and rows[10]["short"] == "200"
    assert json.loads(rows[0]["evidence"]) == [{"fact": "mean grey", "value": "40"}]
    assert rows[9]["answerable"] is False and rows[0]["maker"] == "eyes"
    assert rows[0]["version"].startswith("v1-") and rows[0]["context"] == "Caption: soot"
    assert "gone.png" in rows[-1]["failure"] and rows[-1]["question"] is None
    told = variety(rows)
    assert told["pictures"] == 3 and told["failed"] == 1 and told["without_evidence"] == 0
    text = model[0].requests[0]["messages"][0]["content"][0]["text"]
    assert "known to show: powder" in text and "Caption: soot" in text
    assert "$" not in text and all(f"`{theme}`" in text for theme in THEMES)


def test_a_set_that_lacks_themes_is_sent_back_and_none_is_paid_for_twice(
    model: tuple[Model, str], tmp_path: Path
) -> None:
    model[0].forgets = 1
    rows = ask(tmp_path, model[1])
    assert len(model[0].requests) == 3  # two pictures, one correction
    told = model[0].requests[1]["messages"][-1]["content"]
    assert "0 questions of basics, wanted 1" in told
    assert ask(tmp_path, model[1]) == rows and len(model[0].requests) == 3


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"theme": "poetry"}, "unknown theme 'poetry'"),
        ({"evidence": []}, "at least 1"),
        ({"evidence": [{"fact": "grey", "value": None}]}, "no evidence for"),
        ({"answer": ""}, "at least 2"),
    ],
)
def test_answers_without_form_or_evidence_are_refused(change: dict[str, Any], fault: str) -> None:
    found = answer(40, list(THEMES))
    found["questions"][0] |= change
    with pytest.raises(FormError, match=fault):
        parse_questions(Reply(json.dumps(found), "stop", 1, 1), 1)


def test_the_command_asks_whom_it_is_told_to(
    model: tuple[Model, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set" / "powder"
    folder.mkdir(parents=True)
    Image.new("L", (64, 64), 90).save(folder / "grey.png")
    endpoint = {"base_url": model[1], "model": "eyes", "max_side": 64}
    command = ["classification", "questions", str(tmp_path / "set")]
    command += ["--out", str(tmp_path / "out.parquet"), "--settings"]
    settings = json.dumps({"endpoint": endpoint})
    cache = ["--cache", str(tmp_path / "calls.sqlite")]
    assert main([*command, settings, "--maker", "endpoint", *cache]) == 0
    assert {row["maker"] for row in read_rows(tmp_path / "out.parquet", QUESTIONS)} == {"eyes"}
    assert main([*command, settings, "--maker", "facts"]) == 0
    assert {row["maker"] for row in read_rows(tmp_path / "out.parquet", QUESTIONS)} == {"facts"}
    for given, said in (([settings], "--cache is missing"), (["{}", *cache], "No endpoint")):
        assert main([*command, *given, "--maker", "endpoint"]) != 0
        assert said in capsys.readouterr().err
