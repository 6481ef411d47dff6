"""Checkouts of the workflow for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow.harness import TINY, Workflow, copy_workflow


@pytest.fixture
def fresh(tmp_path: Path) -> Workflow:
    """A checkout in which nothing has run."""
    return copy_workflow(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A checkout in which a tiny configuration has run to the end."""
    workflow = copy_workflow(tmp_path_factory.mktemp("finished"), own_sources=True)
    overlay = workflow.overlay(TINY, "tiny.yaml")
    answer = workflow.call("--cores", "2", "--configfile", overlay)
    assert answer.returncode == 0, answer.stdout[-6000:]
    return workflow
