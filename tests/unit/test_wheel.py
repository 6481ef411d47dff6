"""A wheel holds all that the package needs; `make wheel-check` installs one and runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from from_wheel.building import ROOT, build_wheel, files_in, tracked_files


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return files_in(build_wheel(tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("git does not know these sources: what must be packed is not known")
    return tracked_files()


def test_every_tracked_file_is_in_the_wheel(packed: set[str], tracked: set[str]) -> None:
    assert len([name for name in tracked if not name.endswith(".py")]) > 20
    assert tracked <= packed, f"package-data lacks {sorted(tracked - packed)}"


def test_the_wheel_holds_nothing_else(packed: set[str], tracked: set[str]) -> None:
    others = {name for name in packed - tracked if ".dist-info/" not in name}
    untracked = subprocess.run(
        ["git", "ls-files", "-z", "--others", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    assert others <= {name.removeprefix("src/") for name in untracked}


def test_the_wheel_carries_its_licence_and_its_command(packed: set[str]) -> None:
    names = {Path(name).name for name in packed if ".dist-info/" in name}
    assert {"LICENSE", "METADATA", "entry_points.txt"} <= names
