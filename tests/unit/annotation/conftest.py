"""Real pictures on disk, a table of them, and settings that point to a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from unit.annotation.chat_server import KEY, ChatServer

from micrographia.config import Annotation
from micrographia.io.images import image_id
from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import write_table

ROOT = Path(__file__).parents[3]
KEY_ENV = "MICROGRAPHIA_TEST_KEY"


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
