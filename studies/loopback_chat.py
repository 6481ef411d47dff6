"""A chat-completions server on loopback that looks at the pictures it is sent, and misbehaves.

What goes wrong with a request follows from its bytes and from how often it came, not from the
order in which threads happen to ask, so every run of a test meets the same faults. The pictures
that it is asked about, and the settings that point to it, are made here too.

The tests of the annotation room and `annotation_endpoint.py` import this; it is no script.
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import io
import json
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from micrographia.annotation.batch import annotate_cases, read_cases
from micrographia.annotation.registry import make_annotator
from micrographia.config import Annotation
from micrographia.io.images import image_id
from micrographia.io.schemas import MICROGRAPHS

#: Variable of the environment that holds the key, and the key.
KEY_ENV = "MICROGRAPHIA_TEST_KEY"
KEY = "sk-test/0123456789+ABCDEFGHIJ=never"
#: Everything that can go wrong here.
FAULTS = (
    "late",
    "429",
    "429 seconds",
    "429 date",
    "500",
    "reset",
    "cut body",
    "half a character",
    "no envelope",
    "cut content",
    "wrong enum",
    "fenced",
)
#: Faults after which the model has answered in full, so that the answer counts as paid.
PAID = {"cut content", "half a character", "wrong enum", "fenced", None}


def look(picture: Image.Image) -> dict[str, str]:
    """Words that depend on the picture."""
    grey = np.asarray(picture.convert("L"), dtype=float)
    middle = float(np.median(grey))
    return {
        "subject": "metal" if grey.std() > 40 else "ceramic",
        "microscopy_type": "SEM",
        "colour_profile": "bright_on_dark" if grey.mean() > middle else "dark_on_bright",
        "morphology": "spherical",
        "particle_density": "medium",
        "distribution": "scattered",
        "layering": "tiled",
        "surface_texture": "smooth",
        "pixel_size_profile": "unknown",
    }


class ChatServer:
    """Runs in threads of this process until it is closed.

    Parameters
    ----------
    rate
        Share of requests that go wrong.
    faults
        What can go wrong.
    delay
        How long an answer takes, and a late one [s].
    script
        Called with the request's body and how often it came; returns a fault or None, in place
        of chance.
    key
        Key that is asked for; None for none.
    verdict
        What it says of every attribute that it judges.
    port
        Where it listens; 0 for any free port.
    always
        Choice of every answer (message, finish_reason), in place of one about the picture.
    """

    def __init__(
        self,
        rate: float = 0.0,
        faults: Sequence[str] = FAULTS,
        delay: tuple[float, float] = (0.0, 1.0),
        script: Callable[[dict[str, Any], int], str | None] | None = None,
        key: str | None = KEY,
        verdict: str = "yes",
        port: int = 0,
        always: dict[str, Any] | None = None,
    ) -> None:
        self.rate, self.faults, self.delay, self.script = rate, tuple(faults), delay, script
        self.key, self.verdict, self.always = key, verdict, always
        self.lock = threading.Lock()
        self.seen: Counter[str] = Counter()  # requests by digest
        self.served: Counter[str] = Counter()  # full answers by digest
        self.met: Counter[str] = Counter()  # faults by kind
        self.bodies: list[dict[str, Any]] = []
        self.most_at_once = self._at_once = 0
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def n_served(self) -> int:
        with self.lock:
            return sum(self.served.values())

    def wait(self) -> None:
        """Wait until no request is being answered."""
        while True:
            with self.lock:
                if not self._at_once:
                    return
            time.sleep(0.02)

    def fault_of(self, body: dict[str, Any], digest: str, times: int) -> str | None:
        if self.script is not None:
            return self.script(body, times)
        chance = random.Random(f"{digest}-{times}")
        return chance.choice(self.faults) if chance.random() < self.rate else None

    def enter(self) -> None:
        with self.lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        with self.lock:
            self._at_once -= 1

    def __enter__(self) -> ChatServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed; the rest is a fault of this file."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        owner = self.owner
        owner.enter()
        try:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            told = self.headers.get("Authorization", "")
            if owner.key is not None and told != f"Bearer {owner.key}":
                self._send(401, {"error": {"message": f"wrong key {told}, not {owner.key}"}})
                return
            self._complete(raw, told)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up, or was killed
        finally:
            owner.leave()

    def _complete(self, raw: bytes, told: str) -> None:
        owner = self.owner
        digest = hashlib.sha256(raw).hexdigest()
        body = json.loads(raw)
        with owner.lock:
            times = owner.seen[digest]
            owner.seen[digest] += 1
            owner.bodies.append(body)
        fault = owner.fault_of(body, digest, times)
        if fault:
            with owner.lock:
                owner.met[fault] += 1
        time.sleep(owner.delay[1] if fault == "late" else owner.delay[0])
        if self._refuse(fault, told):
            return
        content, finish = self._content(body, fault)
        usage = {"prompt_tokens": 1000, "completion_tokens": 200}
        choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
        choice = owner.always or choice
        document = {"object": "chat.completion", "choices": [choice], "usage": usage}
        data = json.dumps(document).encode()
        if fault == "cut body":
            self._send_raw(200, data[: len(data) // 2], {}, len(data))
            self.close_connection = True
            return
        if fault == "no envelope":
            data = f"<html>upstream error {told}</html>".encode()
        # Before the client has it: it may look at the count as soon as it does.
        if fault in PAID:
            with owner.lock:
                owner.served[digest] += 1
        self._send_raw(200, data, {}, len(data))

    def _refuse(self, fault: str | None, told: str) -> bool:
        if fault in ("429", "429 seconds", "429 date"):
            date = email.utils.formatdate(time.time() + 1, usegmt=True)
            wait = {"429 seconds": {"Retry-After": "1"}, "429 date": {"Retry-After": date}}
            self._send(429, {"error": {"message": "slow down"}}, wait.get(fault, {}))
        elif fault is not None and fault[:3].isdigit():
            # The worst servers tell what they were sent.
            status, _, code = fault.partition(" ")
            self._send(int(status), {"error": {"code": code, "message": f"trouble with {told}"}})
        elif fault == "quota":
            self._send(429, {"error": {"code": "insufficient_quota", "message": told}})
        elif fault == "long wait":
            self._send(429, {"error": {}}, {"Retry-After": "86400"})
        elif fault == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
        else:
            return False
        return True

    def _content(self, body: dict[str, Any], fault: str | None) -> tuple[str, str]:
        """Answer by looking at the picture; the form is the schema that came with the request."""
        parts = body["messages"][0]["content"]
        url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        head, _, data = url.partition(",")
        assert head == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        words = look(picture)
        form = body.get("response_format", {}).get("json_schema", {})
        name = form.get("name", "attributes")
        answer: dict[str, Any]
        if name == "judge":
            answer = {key: {"verdict": self.owner.verdict, "comment": ""} for key in words}
        elif name == "legible":
            answer = {"has_text": True, "illegible": picture.width < 100, "comment": ""}
        else:
            answer = {
                key: {"value": word, "text": f"looks {word}", "confidence": 0.9}
                for key, word in words.items()
            }
        if fault == "wrong enum":
            first = next(iter(answer))
            answer[first] = "purple" if name == "legible" else {**answer[first], "value": "purple"}
        content = json.dumps(answer)
        if fault == "cut content":
            return content[: len(content) // 2], "length"
        if fault == "half a character":
            return content[: len(content) // 2] + "\ud83d", "length"
        if fault == "fenced":
            return f"<think>{{</think>Here it is:\n```json\n{content}\n```", "stop"
        return content, "stop"

    def _send(
        self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        data = json.dumps(document).encode()
        self._send_raw(status, data, headers or {}, len(data))

    def _send_raw(self, status: int, data: bytes, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


def write_pictures(folder: Path, count: int, size: int = 96) -> list[dict[str, Any]]:
    """Write noisy discs; return their rows of MICROGRAPHS."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    grid = np.hypot(*np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j])
    for number in range(count):
        rng = np.random.default_rng(number)
        low, high = (60, 180) if number % 2 else (180, 60)
        disc = grid < rng.uniform(0.2, 0.7)
        grey = np.where(disc, high, low) + rng.normal(0, 9, grid.shape)
        pixels = np.clip(grey, 0, 255).astype(np.uint8)
        path = folder / f"{number:04d}.png"
        Image.fromarray(pixels).save(path)
        row = dict.fromkeys(MICROGRAPHS.names)
        row.update(image_id=image_id(pixels), path=str(path), status="kept")
        row.update(width=size, height=size, source="test", licence="CC0-1.0")
        rows.append(row)
    return rows


def settings_for(server: ChatServer | str, **endpoint: Any) -> Annotation:
    """Settings of the room with one annotator, `model`, behind a server."""
    url = server if isinstance(server, str) else server.url
    patience = {"timeout": 5.0, "backoff": 0.02, "max_backoff": 0.2, "retries": 12}
    given = {"base_url": url, "model": "tiny-vision", "key_env": KEY_ENV, **patience, **endpoint}
    return Annotation.model_validate(
        {
            "annotators": [{"name": "model", "kind": "endpoint", "endpoint": given}],
            "prompts": "annotation/endpoint/templates",
        }
    )


def as_json(settings: Annotation) -> str:
    """The settings as the command line takes them."""
    return json.dumps(settings.model_dump(mode="json"))


def annotate(server: Any, table: Path, again: bool = False, **endpoint: Any) -> list[dict]:
    """Annotate all pictures of a table; the ledger lies beside it."""
    room = settings_for(server, **endpoint)
    annotator = make_annotator("model", room, table.parent / "calls.sqlite", again)
    try:
        return list(annotate_cases(annotator, read_cases(table, None)))
    finally:
        annotator.close()
