"""Send bad requests to the assistant's server: each must get a clear 4xx, and memory must stay.

    python studies/serve_bad_requests.py --out serve.json

Starts `micrographia language serve` as a process of its own on a free port of loopback, asks one
good question, sends wrong JSON, wrong base64, pictures that are giant by their header alone, and
others, ten at once, and asks the good question again. Prints what was answered, the memory of the
server before and after [MB], and the time of the good answers [s].

The tests of the server import this.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

QUESTION = "How many particles are there?"
JSON = {"content-type": "application/json"}


class LiveServer:
    """The server in a process of its own.

    Parameters
    ----------
    settings
        Section `language.assistant.serve`, as far as it is not the default.
    """

    def __init__(self, **settings: Any) -> None:
        given = json.dumps({"language": {"assistant": {"serve": {"port": 0, **settings}}}})
        command = [sys.executable, "-m", "micrographia", "language", "serve"]
        command += ["--settings", given]
        source = str(Path(__file__).parents[1] / "src")
        path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("Listening on "):
            raise RuntimeError(f"The server did not start: {line!r}")
        self.url = line.split()[-1]

    def __enter__(self) -> LiveServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def memory(self, what: str = "VmRSS") -> float:
        """Memory of the process [MB]; `VmHWM` is the most so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith(what))
        return int(line.split()[1]) / 1000

    def post(self, **request: Any) -> httpx.Response:
        """Send a request to chat completions."""
        return httpx.post(f"{self.url}/chat/completions", timeout=300, **request)


def picture(side: int = 512, discs: int = 30, seed: int = 5) -> bytes:
    """PNG of shaded spheres at random places on a dark ground with noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    grey = np.full((side, side), 60.0)
    for _ in range(discs):
        x, y = rng.uniform(0, side, 2)
        radius = rng.uniform(0.03, 0.05) * side
        far = np.hypot(columns - x, rows - y) / radius
        grey = np.where(far < 1, 110 + 90 * np.sqrt(np.clip(1 - far**2, 0, 1)), grey)
    noisy = grey + rng.normal(0, 6, grey.shape)
    stream = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def body(content: bytes | str, text: str = QUESTION, **more: Any) -> dict[str, Any]:
    """A request about a picture; a text is taken for its URL."""
    url = content
    if isinstance(content, bytes):
        url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": "micrographia", "messages": [{"role": "user", "content": parts}], **more}


def giant_png(side: int) -> bytes:
    """PNG whose header states side x side pixels, with a few bytes behind it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def giant_tiff(side: int) -> bytes:
    """TIFF whose tags state side x side pixels, without any."""
    values = {256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: side, 279: 8}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    return b"II*\0" + struct.pack("<IH", 8, len(values)) + entries + b"\0\0\0\0"


def giant_jpeg(side: int) -> bytes:
    """JPEG whose frame header states side x side pixels."""
    stream = io.BytesIO()
    Image.new("L", (16, 16), 9).save(stream, "JPEG")
    raw = bytearray(stream.getvalue())
    place = raw.index(b"\xff\xc0") + 5
    raw[place : place + 4] = struct.pack(">HH", side, side)
    return bytes(raw)


def bad_requests(good: bytes) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Yield what is wrong, and what makes the arguments of a request."""
    whole = body(good)

    def raw(content: bytes, **headers: str) -> Callable[[], dict[str, Any]]:
        return lambda: {"content": content, "headers": {**JSON, **headers}}

    def sent(document: Any) -> Callable[[], dict[str, Any]]:
        return lambda: {"json": document}

    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    words = [{"role": "user", "content": "How large are they?"}]
    picture_alone = [{"role": "user", "content": [whole["messages"][0]["content"][1]]}]
    yield "wrong JSON", raw(b'{"model": "micrographia", "messages": [')
    yield "empty body", raw(b"")
    yield "a list", sent([1, 2])
    yield "deep nesting", raw(b"[" * 100_000)
    yield "no UTF-8", raw(b'{"model": "\xff\xfe"}')
    yield "a long number", raw(b'{"n": ' + b"9" * 10_000 + b"}")
    yield "NaN", raw(b'{"messages": NaN}')
    yield "no messages", sent({"model": "micrographia"})
    yield "messages of another type", sent({"messages": {"role": "user"}})
    yield "no picture", sent({"messages": words})
    yield "no question", sent({"messages": picture_alone})
    yield "address of a web page", sent(body("http://127.0.0.1:1/a.png"))
    yield "path of a file", sent(body("file:///etc/passwd"))
    yield "wrong base64", sent(body("data:image/png;base64,@@@@not base64@@@@"))
    yield "text as a picture", sent(body(b"these bytes are no picture " * 10))
    yield "cut picture", sent(body(good[: len(good) // 2]))
    yield "giant PNG", sent(body(giant_png(60_000)))
    yield "giant TIFF", sent(body(giant_tiff(60_000)))
    yield "giant JPEG", sent(body(giant_jpeg(65_000)))
    yield "large body", raw(b'{"messages": "' + b"x" * 21_000_000 + b'"}')
    yield (
        "another content type",
        lambda: {"content": b"{}", "headers": {"content-type": "text/plain"}},
    )
    yield "another model", sent({**whole, "model": "gpt-4o"})
    yield "five answers", sent({**whole, "n": 5})
    yield "another form", sent({**whole, "response_format": form})
    yield "wrong pixel size", sent({**whole, "pixel_size_nm": -1})
    yield "long text", sent(body(good, "How large? " * 10_000))


def is_clear(response: httpx.Response) -> bool:
    """Whether a refusal is a 4xx in OpenAI's shape with a sentence."""
    try:
        error = response.json()["error"]
        told = isinstance(error["message"], str) and error["type"] and error["code"]
    except (ValueError, KeyError, TypeError):
        return False
    return 400 <= response.status_code < 500 and bool(told) and len(error["message"]) > 10


def hammer(
    server: LiveServer, good: bytes, count: int, at_once: int
) -> list[tuple[str, httpx.Response]]:
    """Send bad requests, so many at once; return what was wrong and what was answered."""
    kinds = list(bad_requests(good))

    def send(place: int) -> tuple[str, httpx.Response]:
        name, make = kinds[place % len(kinds)]
        return name, server.post(**make())

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(send, range(count)))


def main() -> int:
    """Run the study; the exit status is 1 where a request was not refused clearly."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="bad requests (default: 200)")
    parser.add_argument("--at-once", type=int, default=10, help="at the same time (default: 10)")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    good = picture()
    with LiveServer() as server:
        found: dict[str, Any] = {"memory_start": server.memory()}
        start = time.perf_counter()
        first = server.post(json=body(good)).json()["choices"][0]["message"]["content"]
        found["seconds_first"] = round(time.perf_counter() - start, 2)
        found["memory_after_good"] = server.memory()
        hammer(server, good, 2 * arguments.at_once, arguments.at_once)
        found["memory_before"] = server.memory()
        answers = hammer(server, good, arguments.count, arguments.at_once)
        found["memory_after"] = server.memory()
        found["memory_most"] = server.memory("VmHWM")
        start = time.perf_counter()
        again = server.post(json=body(good)).json()["choices"][0]["message"]["content"]
        found["seconds_again"] = round(time.perf_counter() - start, 2)
    unclear = [
        (name, one.status_code, one.text[:200]) for name, one in answers if not is_clear(one)
    ]
    found |= {
        "requests": len(answers),
        "statuses": dict(sorted(Counter(str(one.status_code) for _, one in answers).items())),
        "not_clear": unclear,
        "same_answer_after": first == again,
        "answer": first,
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return int(bool(unclear) or first != again)


if __name__ == "__main__":
    raise SystemExit(main())
