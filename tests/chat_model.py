"""A model behind a real chat-completions server on loopback: tests say what it answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(
    answer: Callable[[dict[str, Any]], str], status: Callable[[], int] = lambda: 200
) -> Iterator[str]:
    """Serve until the block ends; yield the address.

    Parameters
    ----------
    answer
        What the model says to a request.
    status
        Status of the next reply.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choice = {"message": {"content": answer(body)}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 900, "completion_tokens": 90}
            reply = json.dumps({"choices": [choice], "usage": usage}).encode()
            self.send_response(status())
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
