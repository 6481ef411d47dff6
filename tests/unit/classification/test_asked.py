"""A model that is shown demonstrations: a real server on loopback that looks at the pictures."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_model import serving
from PIL import Image

from micrographia.classification.asked.identify import Identifier, identify
from micrographia.classification.asked.question import parse_identification
from micrographia.classification.embedding import embed
from micrographia.classification.encoders.encoder import Encoder
from micrographia.config import Endpoint
from micrographia.errors import EndpointDownError
from micrographia.io.datasets.labelled import read_labelled
from micrographia.io.endpoint.ledger import Ledger, Reply
from micrographia.io.endpoint.replies import FormError, RefusalError
from micrographia.io.resources import PACKAGE

PROMPTS = PACKAGE / "classification" / "asked" / "templates"


def spectrum(url: str) -> np.ndarray:
    """Return what the server sees of a picture: its power in rings."""
    picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")
    grey = np.asarray(picture.resize((64, 64)), dtype=float)
    power = np.abs(np.fft.fft2((grey - grey.mean()) / (grey.std() + 1e-6))) ** 2
    radius = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
    return np.log1p([power[(radius >= k / 24) & (radius < (k + 1) / 24)].sum() for k in range(12)])


class Model:
    """Answers with the kinds of the examples, the most alike first; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.status = 200

    def answer(self, request: dict[str, Any]) -> str:
        self.requests.append(request)
        parts = request["messages"][0]["content"]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        kinds = [
            part["text"].split("`")[1] for part in parts[1:] if "kind `" in part.get("text", "")
        ]
        if self.faults:
            return self.faults.pop(0)
        query = spectrum(urls[-1])
        far = [float(np.abs(spectrum(url) - query).sum()) for url in urls[:-1]]
        ranked = list(dict.fromkeys(kinds[place] for place in np.argsort(far)))
        ranked = ranked or ["cloud"]
        return json.dumps(
            {"ranked": ranked, "probability": 0.8, "none": False, "comment": "rings"}
        )


@pytest.fixture
def model() -> Iterator[tuple[Model, str]]:
    """A server, and its address."""
    one = Model()

    with serving(one.answer, lambda: one.status) as url:
        yield one, url


@pytest.fixture
def rows(make_set: Callable[..., Path], encoder: Encoder) -> list[dict[str, Any]]:
    """Embedded pictures, six of each kind."""
    return list(embed(read_labelled(make_set(6)).rows, encoder))


def ask(
    rows: list[dict[str, Any]], url: str, cache: Path, shots: int = 2, **more: Any
) -> list[dict[str, Any]]:
    endpoint = Endpoint(base_url=url, model="eyes", max_side=96, **more)
    identifier = Identifier(endpoint, cache, PROMPTS)
    try:
        return list(identify(rows[::3], rows, identifier, shots, "likeness", 0))
    finally:
        identifier.close()


def test_examples_are_shown_and_the_answer_is_a_row(
    rows: list[dict[str, Any]], model: tuple[Model, str], tmp_path: Path
) -> None:
    found = ask(rows, model[1], tmp_path / "calls.sqlite")
    assert [row["path"] for row in found] == [row["path"] for row in rows[::3]]
    assert np.mean([row["predicted"] == row["label"] for row in found]) >= 0.8
    parts = model[0].requests[0]["messages"][0]["content"]
    assert [part["type"] for part in parts].count("image_url") == 3 * 2 + 1
    # The picture itself is never its own example, and its kind is not told beside it.
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert urls[-1] not in urls[:-1] and parts[-2]["text"] == "The picture to identify:"
    one = found[0]
    assert one["ranked"][0] == one["predicted"] and one["probability"] == 0.8 and one["sure"]
    assert sum(one["probabilities"]) == pytest.approx(1)
    assert one["method"] == "endpoint/likeness/2" and one["failure"] is None


def test_no_question_is_paid_for_twice_and_other_examples_are_another_question(
    rows: list[dict[str, Any]], model: tuple[Model, str], tmp_path: Path
) -> None:
    first = ask(rows, model[1], tmp_path / "calls.sqlite")
    again = ask(rows, model[1], tmp_path / "calls.sqlite")
    assert first == again and len(model[0].requests) == 6
    ask(rows, model[1], tmp_path / "calls.sqlite", shots=1)
    assert len(model[0].requests) == 12


def test_a_limit_of_cost_ends_in_failures_that_say_so(
    rows: list[dict[str, Any]], model: tuple[Model, str], tmp_path: Path
) -> None:
    limits = {"max_cost": 0.055, "price_in": 10.0, "image_tokens": 500, "concurrency": 1}
    found = ask(rows, model[1], tmp_path / "calls.sqlite", shots=2, **limits)
    # A question is estimated at 7 pictures of 500 tokens and billed at 1000: 10 for a million.
    answered = [row for row in found if row["failure"] is None]
    assert 0 < len(answered) < len(found)
    assert all("max_cost" in row["failure"] for row in found if row["failure"] is not None)
    ledger = Ledger(tmp_path / "calls.sqlite")
    assert sum(line["cost"] for line in ledger.bill()) <= 0.055
    ledger.close()


def test_a_wrong_form_is_corrected_and_a_dead_server_ends_the_run(
    rows: list[dict[str, Any]], model: tuple[Model, str], tmp_path: Path
) -> None:
    model[0].faults = ['{"ranked": ["tubes"], "probability": 1, "none": false, "comment": ""}']
    found = ask(rows, model[1], tmp_path / "calls.sqlite", concurrency=1)
    assert all(row["failure"] is None for row in found)
    correction = model[0].requests[1]["messages"][-1]["content"]
    assert "'tubes', allowed: cloud, dots, stripes" in correction
    model[0].status = 401
    with pytest.raises(EndpointDownError, match="refuses all calls"):
        ask(rows, model[1], tmp_path / "other.sqlite")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('{"ranked": [], "probability": 1}', "ranked"),
        ('{"ranked": ["a"], "probability": 2}', "probability"),
        ('{"ranked": ["a", "a"], "probability": 1}', "twice"),
        ('{"ranked": ["a"]', "no valid JSON"),
    ],
)
def test_answers_of_a_wrong_form_say_what_is_wrong(said: str, fault: str) -> None:
    with pytest.raises(FormError, match=fault):
        parse_identification(Reply(said, "stop"), ("a", "b"))


def test_a_refusal_is_known_for_one() -> None:
    with pytest.raises(RefusalError):
        parse_identification(Reply("I'm sorry, I can't help with that.", "stop"), ("a", "b"))
