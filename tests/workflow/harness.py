"""A copy of the workflow in a temporary folder, and a way to ask Snakemake about it."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow_config.yaml", "rules", "envs", "profiles", "src", "resources")

TINY = """
name: tiny
shards: {micrographs: 2, structures: 2}
synthesis: {count: 4, size: 220}
data: {structures: {limit: 2}}
stem: {multislice: [], field: 30}
report: {examples: 1}
"""


@cache
def zygote() -> subprocess.Popen[str]:
    """The process that forks for dry runs; one for all tests of this worker."""
    started = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(started.kill)
    return started


def dry_run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `snakemake -n` in a fork of a process that has imported it already."""
    helper = zygote()
    assert helper.stdin and helper.stdout
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        request = {
            "argv": list(arguments), "cwd": str(folder), "env": dict(environment), "out": str(out)
        }  # fmt: skip
        helper.stdin.write(json.dumps(request) + "\n")
        helper.stdin.flush()
        status = int(helper.stdout.readline())
        text = out.read_text(encoding="utf-8")
    return subprocess.CompletedProcess(list(arguments), status, stdout=text)


class Workflow:
    """One checkout of the workflow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def call(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run snakemake here; standard error is merged into the output."""
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        whole = {**clean, **(environment or {})}
        if "-n" in arguments:
            return dry_run(arguments, self.folder, whole)
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env=whole,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def jobs(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run lists."""
        answer = self.call("-n", "--cores", "2", *arguments)
        assert answer.returncode == 0, answer.stdout
        table = re.search(r"^Job stats:\n(.*?)^total", answer.stdout, re.S | re.M)
        if table is None:
            assert "Nothing to be done" in answer.stdout, answer.stdout
            return {}
        lines = [line.split() for line in table.group(1).splitlines()[2:] if line.strip()]
        return {rule: int(count) for rule, count in lines}

    def overlay(self, text: str, name: str = "overlay.yaml") -> str:
        """Write an overlay; return its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


def copy_workflow(folder: Path, own_sources: bool = False) -> Workflow:
    """Make a checkout in a folder.

    Parameters
    ----------
    folder
        Where.
    own_sources
        Whether the sources may be edited there. Else they are linked, and with them what numba has
        compiled: each checkout would compile it anew.
    """
    for part in PARTS:
        source = ROOT / part
        if part == "src" and not own_sources:
            (folder / part).symlink_to(source, target_is_directory=True)
        elif source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy(source, folder / part)
    return Workflow(folder)
