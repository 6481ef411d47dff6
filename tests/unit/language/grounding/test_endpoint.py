"""The writer behind an endpoint, against a server on loopback that writes what it likes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unit.language.grounding.pictures import Given

from micrographia.config import Assistant as Settings
from micrographia.config import Endpoint
from micrographia.errors import ConfigError
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.endpoint import EndpointWriter
from micrographia.language.grounding.writers import make_writer

BODIES: list[dict] = []  # type: ignore[type-arg]
SAID = {"answer": "", "refused": False}


class Handler(BaseHTTPRequestHandler):
    """Says what `SAID` holds."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer."""
        BODIES.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        message = {"role": "assistant", "content": json.dumps(SAID)}
        raw = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def url() -> Iterator[str]:
    """Address of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    BODIES.clear()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to send."""
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((32, 32), 90, np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("They have a median diameter of {median_diameter}.",
         "They have a median diameter of 20.7 nm."),
        ("They have a median diameter of 20.7 nm.", "They have a median diameter of 20.7 nm."),
        ("They have a median diameter of 50 nm. They are {colour_profile}.",
         "They are darker than the background."),
        ("They are gold particles.", "nothing that was measured"),
        ("Their thickness is {thickness}.", "nothing that was measured"),
    ],
)  # fmt: skip
def test_a_models_words_are_checked(
    said: str, shown: str, url: str, picture: Path, tmp_path: Path
) -> None:
    SAID.update(answer=said, refused=False)
    endpoint = Endpoint(base_url=url, model="m")
    writer = EndpointWriter(endpoint, tmp_path / "calls.sqlite", 0.3)
    assistant = Assistant(writer, 0.02)
    answer = assistant.ask(Given(), picture, "Say whatever zorp comes to mind")
    writer.close()
    assert shown in answer.text
    assert answer.refused is shown.startswith("nothing")
    (body,) = BODIES
    text, sent = body["messages"][0]["content"]
    assert "{median_diameter}" in text["text"] and "20.7" not in text["text"]
    assert sent["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_the_same_question_is_paid_for_once(url: str, picture: Path, tmp_path: Path) -> None:
    SAID.update(answer="They are {morphology}.", refused=False)
    writer = EndpointWriter(Endpoint(base_url=url, model="m"), tmp_path / "calls.sqlite", 0.3)
    assistant = Assistant(writer, 0.02)
    texts = [assistant.ask(Given(), picture, "What shape are they?").text for _ in range(2)]
    writer.close()
    assert texts == ["They are spherical."] * 2 and len(BODIES) == 1


def test_an_endpoint_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"language\.assistant\.endpoint"):
        make_writer(Settings(writer="endpoint"), tmp_path / "calls.sqlite")
