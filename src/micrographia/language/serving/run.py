"""Run the server until it is interrupted."""

from __future__ import annotations

import logging
import socket
import tempfile
from pathlib import Path

from micrographia.config import Serve
from micrographia.errors import MicrographiaError, install_hint
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.serving.pictures import Pictures, Tools

LOG = logging.getLogger(__name__)


def serve(assistant: Assistant, tools: Tools, settings: Serve) -> None:
    """Answer requests until the process is interrupted; the address is printed first.

    Parameters
    ----------
    assistant
        Answers questions.
    tools
        Opens a picture under the tools.
    settings
        Address and limits.

    Raises
    ------
    MicrographiaError
        The address is taken or not this machine's, or the server's packages are not installed.
    """
    try:
        import uvicorn

        from micrographia.language.serving.app import make_app
    except ModuleNotFoundError as error:
        raise MicrographiaError(
            f"The server needs the package {error.name}, which is not installed",
            remedy=install_hint("language"),
        ) from error
    listening = _listen(settings)
    address = listening.getsockname()
    with tempfile.TemporaryDirectory(prefix="micrographia-") as folder, listening:
        app = make_app(assistant, Pictures(tools, Path(folder), settings), settings)
        config = uvicorn.Config(
            app, log_level="warning", timeout_keep_alive=5, access_log=False, server_header=False,
            limit_concurrency=4 * settings.parallel + 64,
        )  # fmt: skip
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        print(f"Listening on http://{host}:{address[1]}/v1", flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def _listen(settings: Serve) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host, settings.port))
    except OSError as error:
        found.close()
        raise MicrographiaError(
            f"The server cannot listen on {settings.host}:{settings.port} ({error.strerror})",
            remedy="Name another --port, or 0 for any free one",
        ) from error
    if not settings.host.startswith("127.") and settings.host not in ("localhost", "::1"):
        LOG.warning(
            "%s is not this machine alone: anybody there can use the server", settings.host
        )
    return found
