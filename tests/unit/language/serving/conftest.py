"""The server in a process of its own, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serve_bad_requests import LiveServer


@pytest.fixture(scope="package")
def server() -> Iterator[LiveServer]:
    """A live server on loopback."""
    with LiveServer(remembered=2) as live:
        yield live
