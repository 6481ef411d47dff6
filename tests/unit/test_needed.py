"""A run says which tests did not run, and what they wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from needed import ROOT, is_here, missing, summary

PROGRAM = """
import pytest
from needed import _HERE, needs, skip_without

_HERE["a comet"] = lambda: False
_HERE["a pen"] = lambda: True

@needs("a comet")
def test_marked(): ...

@needs("a pen")
def test_runs(): ...

def test_inside():
    skip_without("a comet")

def test_package():
    pytest.importorskip("no_such_package")

def test_other():
    pytest.skip("it rains")
"""


def test_a_run_counts_its_skips_by_what_is_absent(tmp_path: Path) -> None:
    (tmp_path / "test_program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=True,
    )
    line = "skipped: a comet absent: 2; no_such_package absent: 1; for other reasons: 1"
    assert line in done.stdout.splitlines()
    assert "1 passed, 4 skipped" in done.stdout


def test_a_run_without_skips_says_nothing() -> None:
    assert summary([]) == ""


def test_reasons_are_understood() -> None:
    assert missing("Skipped: EMPS is absent") == "EMPS"
    assert missing("could not import 'pycocotools.coco': No module named x") == "pycocotools.coco"
    assert missing("root may read everything") is None
    with pytest.raises(KeyError):
        is_here("a unicorn")
