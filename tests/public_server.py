"""A web server on the loopback that serves a made data set, with the faults that servers have."""

from __future__ import annotations

import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

TRAIN = ("aa01", "bb02", "cc03")
HELD_OUT = ("dd04",)


def png(pixels: np.ndarray) -> bytes:
    """A picture as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(content: Mapping[str, bytes]) -> bytes:
    """Files as a zip archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            info = zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def emps_files() -> dict[str, bytes]:
    """Files of a small set in the layout in which GitHub packs EMPS."""
    files: dict[str, bytes] = {"emps-HEAD/README.md": b"# emps\n"}
    lines = ["filename,doi,locator,regions"]
    for number, name in enumerate(TRAIN + HELD_OUT, 1):
        pixels = np.full((20, 30, 3), 40 * number, np.uint8)
        labels = np.zeros((20, 30), np.uint16)
        labels[5:15, 5:20] = 1
        pixels[labels > 0] = 250
        files[f"emps-HEAD/images/{name}.png"] = png(pixels)
        files[f"emps-HEAD/segmaps/{name}.png"] = png(labels)
        # Longer than the 131,072 characters that csv allows to a field, as outlines are.
        lines.append(f'{name}.png,10.1016.j.{number},gr{number},"[{"7, " * 50_000}]"')
    files["emps-HEAD/metadata.csv"] = ("\n".join(lines) + "\n").encode()
    return files


def train_list() -> bytes:
    """The list of pictures to train on, as EMPS's authors publish it."""
    return "".join(f"{name}\n" for name in TRAIN).encode()


def emps_entry(address: str, **changes: Any) -> dict[str, Any]:
    """The entry of the small set, as a catalogue holds it."""
    return {
        "title": "Small EMPS",
        "version": "1",
        "homepage": "https://example.org/",
        "licence": "MIT",
        "citation": "Nobody",
        "files": [
            {
                "name": "emps.zip",
                "urls": [f"{address}/emps.zip"],
                "plain_http": "a server of the tests",
                "limit_mb": 1,
                "unpack": True,
                "below": "*",
                "keep": ["images/*.png", "segmaps/*.png", "metadata.csv"],
                **changes,
            },
            {
                "name": "train.csv",
                "urls": [f"{address}/train.csv"],
                "plain_http": "a server of the tests",
                "limit_mb": 1,
            },
        ],
        "layout": ["images/*.png: pictures"],
        "convert": "emps",
        "confirmed": "made by the tests",
    }


class _Handler(BaseHTTPRequestHandler):
    files: Mapping[str, bytes | int | str]

    def do_GET(self) -> None:
        """Serve bytes; answer with a status where the file is a number; else as the word says."""
        content = self.files.get(self.path, 404)
        if isinstance(content, int):
            self.send_error(content)
        elif isinstance(content, bytes):
            self._send(content, len(content))
        elif content == "cut short":
            self._send(b"x" * 1000, 5000)
        elif content == "no length":
            self._send(b"x" * 3_000_000, None)
        elif content == "nonsense":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
        else:  # an address to go to
            self.send_response(302)
            self.send_header("Location", content)
            self.end_headers()

    def _send(self, content: bytes, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.close_connection = True
        with suppress(ConnectionError):  # who asked has seen enough
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve(files: Mapping[str, bytes | int | str]) -> Iterator[str]:
    """Serve files (path to content, status or fault) and yield the server's address."""
    handler = type("Handler", (_Handler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def catalogue_text(sets: Mapping[str, Any]) -> str:
    """A catalogue file; JSON is YAML."""
    return json.dumps(sets)
