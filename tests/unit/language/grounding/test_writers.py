"""Each writer by the name that the settings have for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrographia.config import Assistant
from micrographia.errors import CheckpointError, ConfigError
from micrographia.language.grounding.writers import make_writer


def test_the_embedded_writer_needs_nothing(tmp_path: Path) -> None:
    writer = make_writer(Assistant(writer="embedded"), tmp_path / "calls.sqlite")
    assert writer.name.startswith("embedded-v")
    assert "particle_count" in writer.captions


def test_the_network_measures_what_decides_its_answers(tmp_path: Path) -> None:
    writer = make_writer(Assistant(writer="network"), tmp_path / "calls.sqlite")
    assert writer.name.startswith("network-scratch-")
    assert {"median_diameter", "largest_diameter"} <= set(
        writer.needs("How large are the particles?")
    )
    assert writer.needs("Which catalytic activity does the sample in the image have?") == ()
    assert writer.needs("qwfpg zxcv") == ()
    assert {"class_name", "particle_count", "area_fraction"} <= set(writer.captions)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        make_writer(Assistant(writer="network", weights="absent.safetensors"), tmp_path / "calls")
    with pytest.raises(ConfigError, match="No endpoint is set"):
        make_writer(Assistant(writer="endpoint"), tmp_path / "calls")
