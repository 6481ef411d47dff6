"""Which Python `make` takes, seen with stand-ins on PATH that only say their version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGET = ".venv/bin/python"
#: An interpreter that knows its version and how to make an environment, or how not to.
STAND_IN = """#!/bin/bash
if [ "$1" = -c ]; then echo {version}; exit; fi
{fails}
mkdir -p "$3/bin"
echo '{name}' > "$3/made-by"
cp "$0" "$3/bin/python"
"""

pytestmark = pytest.mark.skipif(MAKE is None, reason="there is no make")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy2(ROOT / "Makefile", folder)
    (tmp_path / "bin").mkdir()
    # Nothing else is on PATH: this machine's own interpreters must not be found.
    for tool in ("bash", "cp", "mkdir", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    return folder


def stand_in(path: Path, version: str, *, venv: bool = True) -> None:
    fails = "" if venv else "exit 1"
    path.write_text(STAND_IN.format(version=version, name=path.name, fails=fails))
    path.chmod(0o755)


def make(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHON", "MAKEFLAGS")}
    return subprocess.run(
        [str(MAKE), "--no-print-directory", *words],
        cwd=checkout,
        env={**clean, "PATH": str(checkout.parent / "bin"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def taken(checkout: Path) -> str:
    return (checkout / ".venv/made-by").read_text().strip()


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({"python3": "3.11"}, "python3"),
        ({"python3": "3.13"}, "python3"),
        ({"python3": "3.14", "python3.12": "3.12"}, "python3.12"),
        ({"python3": "3.10", "python3.13": "3.13", "python3.11": "3.11"}, "python3.11"),
        ({"python3.13": "3.13"}, "python3.13"),
    ],
)
def test_a_supported_python_is_taken(checkout: Path, there: dict, expected: str) -> None:
    for name, version in there.items():
        stand_in(checkout.parent / "bin" / name, version)
    answer = make(checkout, TARGET)
    assert answer.returncode == 0, answer.stderr
    assert taken(checkout) == expected


def test_one_that_cannot_make_environments_is_passed_over(checkout: Path) -> None:
    stand_in(checkout.parent / "bin" / "python3", "3.11", venv=False)
    stand_in(checkout.parent / "bin" / "python3.12", "3.12")
    assert make(checkout, TARGET).returncode == 0
    assert taken(checkout) == "python3.12"


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"python3": "3.14"}, "; python3 is 3.14."),
        ({"python3": "3.9"}, "; python3 is 3.9."),
        ({}, "; none was found."),
    ],
)
def test_else_make_stops_with_one_line(checkout: Path, there: dict, found: str) -> None:
    for name, version in there.items():
        stand_in(checkout.parent / "bin" / name, version)
    answer = make(checkout, TARGET)
    said = answer.stderr.splitlines()
    assert answer.returncode != 0
    assert said[0].startswith(f"Micrographia needs Python 3.11, 3.12 or 3.13{found} Name one: ")
    assert len(said) == 2 and "Error 1" in said[1]  # the second is make's own
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_python_that_is_named_is_taken_or_refused(checkout: Path, how: str) -> None:
    stand_in(checkout.parent / "bin" / "python3", "3.11")
    new, good = checkout.parent / "my new", checkout.parent / "good"
    stand_in(new, "3.14")
    stand_in(good, "3.13")
    for path, says in ((new, f"{new} is 3.14."), (Path("/absent"), "/absent does not run.")):
        words = {"argument": (f"PYTHON={path}",), "environment": ()}[how]
        answer = make(checkout, TARGET, *words, **({} if words else {"PYTHON": str(path)}))
        assert answer.returncode != 0 and says in answer.stderr
    words = {"argument": (f"PYTHON={good}",), "environment": ()}[how]
    answer = make(checkout, TARGET, *words, **({} if words else {"PYTHON": str(good)}))
    assert answer.returncode == 0 and taken(checkout) == "good"


def test_an_environment_of_another_python_is_named(checkout: Path) -> None:
    stand_in(checkout.parent / "bin" / "python3", "3.11")
    assert make(checkout, TARGET).returncode == 0
    assert make(checkout, "check-python").returncode == 0
    stand_in(checkout / TARGET, "3.14")
    answer = make(checkout, "check-python")
    assert answer.returncode != 0
    assert ".venv has 3.14: rm -rf .venv" in answer.stderr


def test_makefile_and_package_support_the_same_pythons() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    supported = re.search(r"^PYTHONS := (.+)$", text, re.MULTILINE)
    assert supported is not None
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert supported[1].split() == [f"3.{n}" for n in range(99) if allowed.contains(f"3.{n}.0")]
    classified = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if ":: 3." in text]
    assert classified == supported[1].split()
