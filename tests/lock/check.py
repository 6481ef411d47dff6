"""Resolve the lock for every Python that is supported, without installing anything.

    make lock-check

Asks the package registry for wheels of each locked version (Linux, x86-64), reads what they
depend on, and fails where a version has no wheel, where two of them exclude each other, or where
something is needed that the lock does not pin. Some seconds per Python; skipped without a network.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
#: Packages that are built where they are installed, and for which Pythons: the locked version has
#: no wheel. All but CHGNet, which compiles a Cython module, are pure Python.
SOURCE_ONLY = {
    "antlr4-python3-runtime": ("3.11", "3.12", "3.13"),
    "bibtexparser": ("3.11", "3.12", "3.13"),
    "connection-pool": ("3.11", "3.12", "3.13"),
    "docopt": ("3.11", "3.12", "3.13"),
    "nvidia-ml-py3": ("3.11", "3.12", "3.13"),
    "rouge-score": ("3.11", "3.12", "3.13"),
    "chgnet": ("3.13",),
}
UV = [str(Path(sys.executable).with_name("uv")), "--quiet", "pip", "compile"]


def run(*options: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Ask the resolver; it keeps what it was told in `.cache/uv`."""
    cache = ["--cache-dir", str(ROOT / ".cache/uv"), "--no-header", "--no-annotate"]
    return subprocess.run(
        [*UV, *cache, *options], cwd=ROOT, input=given, text=True, capture_output=True, check=False
    )


def pins_of(text: str) -> set[str]:
    """Names and versions, `name==version`, spelled alike whoever wrote them."""
    lines = (line.strip() for line in text.splitlines() if "==" in line)
    pairs = (line.split("==") for line in lines)
    return {f"{canonicalize_name(name)}=={version}" for name, version in pairs}


def faults_of(version: str) -> str:
    """What is wrong with the lock on one Python; empty if nothing is."""
    options = ["pyproject.toml", "-c", "requirements.lock"]
    options += ["--extra", "all", "--extra", "dev", "--extra", "docs"]
    options += ["--python-version", version, "--python-platform", "x86_64-manylinux_2_28"]
    options += ["--only-binary", ":all:"]
    for package, pythons in SOURCE_ONLY.items():
        options += ["--no-binary", package] if version in pythons else []
    answer = run(*options)
    if answer.returncode:
        return answer.stderr.strip()
    pins = pins_of((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    free = sorted(pins_of(answer.stdout) - pins)
    return f"requirements.lock does not pin {', '.join(free)}" if free else ""


def main(versions: list[str]) -> int:
    """Check each version; return 1 if one fails."""
    reached = run("-", "--refresh", given="packaging")
    if reached.returncode:
        reason = (reached.stderr.strip().splitlines() or ["no answer"])[0]
        print(f"lock check SKIPPED, the package registry cannot be reached: {reason}")
        return 0
    failed = False
    for version in versions:
        start = time.perf_counter()
        faults = faults_of(version)
        failed |= bool(faults)
        print(f"Python {version}: {faults or 'the lock resolves'}", end=" ")
        print(f"({time.perf_counter() - start:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
