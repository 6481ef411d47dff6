"""The wheel of this checkout, and what must lie in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE")


def build_wheel(folder: Path) -> Path:
    """Build the wheel inside `folder`, offline, with the setuptools of this environment.

    From a copy: setuptools leaves `build/` beside the sources, and packs what it finds there
    into the next wheel, even when the sources no longer hold it.
    """
    copy = folder / "checkout"
    litter = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", copy / "src", ignore=litter)
    for part in PARTS:
        shutil.copy2(ROOT / part, copy / part)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder / "wheel"), str(copy)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"The wheel cannot be built: {answer.stdout}{answer.stderr}")
    (wheel,) = (folder / "wheel").glob("micrographia-*.whl")
    return wheel


def files_in(wheel: Path) -> set[str]:
    """Names of the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked_files() -> set[str]:
    """Every file under `src/` that git knows, relative to `src/`: code and data."""
    command = ["git", "ls-files", "-z", "src"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = (name for name in answer.stdout.split("\0") if name and (ROOT / name).exists())
    return {name.removeprefix("src/") for name in names}
