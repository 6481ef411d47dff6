"""The notebooks run from top to bottom, and show what is committed."""

from __future__ import annotations

import time
from pathlib import Path

import nbformat
import pytest
from workflow.notebooks import METADATA, NOTEBOOKS, execute, pictures, texts


def test_there_are_two():
    assert [path.stem for path in NOTEBOOKS] == ["crystal", "microscopist"]
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 1_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_committed_with_clean_outputs(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == METADATA
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert pictures(notebook) >= 3
    for cell in notebook.cells:
        assert not cell.metadata


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_run_and_say_the_same(path: Path):
    committed = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    again = execute(path)
    assert time.perf_counter() - start < 60
    assert texts(again) == texts(committed), "renew the outputs: make notebooks"
    assert pictures(again) == pictures(committed)
