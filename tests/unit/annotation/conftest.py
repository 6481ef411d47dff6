"""Real pictures on disk, a table of them, and the key of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from loopback_chat import KEY, KEY_ENV, write_pictures

from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import write_table


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of twelve pictures."""
    path = tmp_path / "micrographs.parquet"
    write_table(write_pictures(tmp_path / "pictures", 12), path, MICROGRAPHS)
    return path


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key, where the settings say it is."""
    monkeypatch.setenv(KEY_ENV, KEY)
    return KEY
