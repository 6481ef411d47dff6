"""Each writer by the name that the settings have for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from unit.language.grounding.pictures import rows

from micrographia.config import Assistant
from micrographia.errors import CheckpointError, ConfigError
from micrographia.language.grounding.checker import check
from micrographia.language.grounding.writer import Asked
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


def test_what_the_network_may_not_say_the_writer_without_one_says(tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).save(picture)
    facts = rows({"class_name": "porous_sponge"})
    asked = Asked(picture, "", facts, {"particle_count": "it shows no particles"})
    for trusted in (0.0, 1.0):
        writer = make_writer(Assistant(writer="network", trusted=trusted), tmp_path / "calls")
        draft = writer.caption(asked)
        found = check(draft.template, facts, 0.02)
        assert found.dropped == () and "a porous sponge" in found.text


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        make_writer(Assistant(writer="network", weights="absent.safetensors"), tmp_path / "calls")
    with pytest.raises(ConfigError, match="No endpoint is set"):
        make_writer(Assistant(writer="endpoint"), tmp_path / "calls")
