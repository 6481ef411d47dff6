"""A small drawn set with its facts, made once: pictures, exact masks, and what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrographia.cli import main


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `micrographs/`, `instances.parquet` and `facts.parquet` of twelve pictures."""
    folder = tmp_path_factory.mktemp("drawn")
    settings = '{"count": 12, "size": 128, "annotated_share": 0.5}'
    pictures, table = str(folder / "micrographs"), str(folder / "instances.parquet")
    assert main(["synthesis", "micrographs", "--out", pictures, "--settings", settings]) == 0
    images, masks = f"{pictures}/images", f"{pictures}/masks"
    assert main(["segmentation", "measure-masks", images, "--masks", masks, "--out", table]) == 0
    facts = str(folder / "facts.parquet")
    assert main(["language", "facts", pictures, "--instances", table, "--out", facts]) == 0
    return folder
