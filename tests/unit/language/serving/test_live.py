"""The server as others see it: questions, refusals, and our own annotation room as a client."""

from __future__ import annotations

import io
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from loopback_chat import KEY, KEY_ENV, annotate, write_pictures
from PIL import Image
from serve_bad_requests import LiveServer, bad_requests, body, hammer, is_clear, picture

from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import write_table
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, VOCABULARY

GOOD = picture()


def said(response: httpx.Response) -> str:
    """What the assistant says."""
    assert response.status_code == 200, response.text
    choice = response.json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    return str(choice["message"]["content"])


def test_a_question_is_answered_from_measurements(server: LiveServer) -> None:
    text = said(server.post(json=body(GOOD)))
    assert "particles were found" in text
    assert 24 <= int(text.split()[0]) <= 33  # thirty spheres, some of which lie on others
    sized = said(server.post(json=body(GOOD, "How large are they?", pixel_size_nm=2.0)))
    plain = said(server.post(json=body(GOOD, "How large are they?")))
    assert " nm" in sized and " px" in plain and "pixel size is not known" in plain


def test_what_cannot_be_known_is_refused(server: LiveServer) -> None:
    assert said(server.post(json=body(GOOD, "What is it made of?"))).startswith("I cannot tell")


def test_a_conversation_about_one_picture(server: LiveServer) -> None:
    first = body(GOOD)
    turns = [
        *first["messages"],
        {"role": "assistant", "content": "Some."},
        {"role": "user", "content": "How large are they?"},
    ]
    assert "median diameter" in said(server.post(json={**first, "messages": turns}))


def test_events_end_with_done(server: LiveServer) -> None:
    response = server.post(json=body(GOOD, stream=True))
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = [line[6:] for line in response.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    text = "".join(json.loads(one)["choices"][0]["delta"].get("content", "") for one in lines[:-1])
    assert text == said(server.post(json=body(GOOD)))


def test_models_and_unknown_addresses(server: LiveServer) -> None:
    listed = httpx.get(f"{server.url}/models").json()
    assert [one["id"] for one in listed["data"]] == ["micrographia"]
    assert httpx.get(f"{server.url}/models/micrographia").json()["object"] == "model"
    for response in (
        httpx.get(f"{server.url}/models/other"),
        httpx.get(f"{server.url}/nothing"),
        httpx.get(f"{server.url}/chat/completions"),
    ):
        assert is_clear(response), response.text


def test_web_pages_of_others_are_kept_out(server: LiveServer) -> None:
    """A page whose name points to this machine sends its own name as the host."""
    response = server.post(json=body(GOOD), headers={"host": "evil.example"})
    assert response.status_code == 403 and is_clear(response)


@pytest.mark.parametrize("place", range(len(list(bad_requests(GOOD)))))
def test_every_bad_request_gets_a_clear_refusal(server: LiveServer, place: int) -> None:
    name, make = list(bad_requests(GOOD))[place]
    response = server.post(**make())
    assert is_clear(response), (name, response.status_code, response.text)


def test_many_bad_requests_at_once_leave_memory_as_it_was(server: LiveServer) -> None:
    before_answer = said(server.post(json=body(GOOD)))
    hammer(server, GOOD, 30, 10)
    before = server.memory()
    answers = hammer(server, GOOD, 60, 10)
    assert all(is_clear(response) for _, response in answers)
    assert server.memory() < before + 60  # MB; a picture of 60,000 px a side would take 3600
    assert said(server.post(json=body(GOOD))) == before_answer


def test_too_many_at_once_are_told_to_come_again() -> None:
    with LiveServer(parallel=1, max_pixels=100_000) as small:
        rng = np.random.default_rng(1)
        stream = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (300, 300), np.uint8).astype(np.uint8)).save(
            stream, "PNG"
        )
        answers = hammer(small, stream.getvalue(), 40, 10)
        busy = [one for _, one in answers if one.status_code == 429]
        assert busy and all(is_clear(one) for one in busy)
        assert busy[0].headers["retry-after"] == "1"
        refused = small.post(json=body(GOOD))  # 512 x 512 px
        assert refused.status_code == 400 and "100000 px" in refused.text


def test_the_annotation_room_uses_it_as_an_annotator(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nine attributes of real files by the product's own client, without a cloud."""
    monkeypatch.setenv(KEY_ENV, KEY)
    table = tmp_path / "micrographs.parquet"
    rows = write_pictures(tmp_path / "pictures", 2)
    (tmp_path / "spheres.png").write_bytes(GOOD)
    rows.append({**rows[0], "image_id": "f" * 16, "path": str(tmp_path / "spheres.png"),
                 "width": 512, "height": 512})  # fmt: skip
    write_table(rows, table, MICROGRAPHS)
    found = annotate(server.url, table, model="micrographia", timeout=300.0)
    assert [row["failure"] for row in found] == [None, None, None]
    assert all(row[name] in VOCABULARY[name] for row in found for name in ATTRIBUTE_NAMES)
    spheres = next(row for row in found if row["image_id"] == "f" * 16)
    assert spheres["colour_profile"] == "bright_on_dark"
    assert spheres["colour_profile_confidence"] > 0.5
    assert spheres["particle_density"] in ("sparse", "medium")
    assert spheres["subject"] == "unknown"
    loose = annotate(
        server.url, table, model="micrographia", timeout=300.0, response_format="none"
    )
    columns = [name for name in ATTRIBUTE_NAMES]
    assert [[row[name] for name in columns] for row in loose] == [
        [row[name] for name in columns] for row in found
    ]
