"""A recipe of the documentation, read as its reader does: files to write, lines to add, commands.

The line before each block of code says what to do with it:

- New file `PATH`: the block is the whole file.
- In `PATH`, after (or: before) the line that begins with `BEGINNING`, add: the block's lines go
  there. Exactly one line of the file begins so, the blanks before it aside.
- In `PATH`, in place of the line that begins with `BEGINNING`, put: they replace it.
- At the end of `PATH`, add: the block follows the file's last line.

Blocks marked `sh` are commands, for a shell in the project's folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(`{3,})(\w*)$")
_NEW = re.compile(r"^New file `(?P<path>[^`]+)`:$")
_BESIDE = re.compile(
    r"^In `(?P<path>[^`]+)`, (?P<side>after|before|in place of) the line that begins with"
    r" (?P<ticks>`+) ?(?P<beginning>.+?) ?(?P=ticks), (?:add|put):$"
)
_END = re.compile(r"^At the end of `(?P<path>[^`]+)`, add:$")


@dataclass(frozen=True)
class Edit:
    """A new file, or lines to add to one.

    Attributes
    ----------
    path
        The file, from the project's folder.
    text
        The block of code.
    side
        "new", "end", "after", "before" or "in place of".
    beginning
        How the line begins that the text goes after or before, or replaces.
    """

    path: str
    text: str
    side: str
    beginning: str = ""

    def apply(self, root: Path) -> None:
        """Write the file, or add the lines to it."""
        file = root / self.path
        if self.side == "new":
            assert not file.exists(), f"{self.path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.text, encoding="utf-8")
            return
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        first = last = len(lines)
        if self.side != "end":
            starts = [line.lstrip().startswith(self.beginning) for line in lines]
            assert sum(starts) == 1, (
                f"{sum(starts)} lines of {self.path} begin with {self.beginning!r}; the recipe "
                "needs one that does: name another line in it"
            )
            first = starts.index(True) + (self.side == "after")
            last = first + (self.side == "in place of")
        lines[first:last] = [self.text]
        file.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True)
class Recipe:
    """Edits and commands, in the order of the page."""

    edits: list[Edit]
    commands: list[str]

    def apply(self, root: Path, without: str = "") -> None:
        """Make the edits; those of the file `without` are forgotten."""
        assert not without or without in {edit.path for edit in self.edits}
        for edit in self.edits:
            if edit.path != without:
                edit.apply(root)


def read_recipe(page: Path) -> Recipe:
    """Read a page; each of its blocks must have its place in the recipe."""
    edits, commands = [], []
    lines = iter(page.read_text(encoding="utf-8").splitlines(keepends=True))
    said = ""
    for line in lines:
        fence = _FENCE.match(line.rstrip())
        if fence is None:
            said = line.strip() or said
            continue
        block = []
        for inner in lines:
            if inner.rstrip() == fence[1]:
                break
            block.append(inner)
        if fence[2] == "sh":
            commands.append("".join(block))
        else:
            edits.append(_edit(said, "".join(block), page))
        said = ""
    return Recipe(edits, commands)


def _edit(said: str, text: str, page: Path) -> Edit:
    if found := _NEW.match(said):
        return Edit(found["path"], text, "new")
    if found := _BESIDE.match(said):
        return Edit(found["path"], text, found["side"], found["beginning"])
    found = _END.match(said)
    assert found, f"{page.name}: what is to be done with the block after {said!r}?"
    return Edit(found["path"], text, "end")


def copy_project(folder: Path) -> None:
    """Copy the files that git tracks, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def call(root: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run commands in a copy of the project, with what is installed for this test."""
    installed, venv = Path(sys.executable).parent, root / ".venv"
    if not venv.exists():
        venv.mkdir()
        (venv / "bin").symlink_to(installed)
    (venv / ".dev").touch()  # newer than what it is made from: make has nothing to install
    environment = {
        **os.environ,
        "PATH": f"{installed}:{os.environ['PATH']}",
        "PYTHONPATH": str(root / "src"),
    }
    return subprocess.run(
        ["bash", "-euc", command],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
