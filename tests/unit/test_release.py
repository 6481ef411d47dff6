"""What a release states in more than one place, and what git's hooks run."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import yaml

import micrographia

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RELEASES = re.findall(
    r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$",
    (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
#: Programs of `.venv/bin` that a hook may run, and what brings them.
PROGRAMS = {"ruff": "ruff", "snakefmt": "snakefmt", "codespell": "codespell", "micrographia": None}


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    version, day = RELEASES[0]
    assert micrographia.__version__ == version == str(citation["version"])
    assert date.fromisoformat(day) == citation["date-released"]


def test_releases_are_listed_newest_first() -> None:
    order = [tuple(map(int, version.split("."))) for version, _ in RELEASES]
    assert order and order == sorted(set(order), reverse=True)


def test_hooks_need_no_network_and_run_what_dev_installs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    dev = PROJECT["project"]["optional-dependencies"]["dev"]
    brought = {re.split(r"[<>=\[]", requirement)[0] for requirement in dev}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    seen = set()
    for hook in config["repos"][0]["hooks"]:
        program = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert hook["language"] == "system" and program in PROGRAMS, hook["id"]
        assert PROGRAMS[program] in {None, *brought}
        assert f"$(BIN)/{program}" in makefile, f"`make lint` does without {program}"
        seen.add(program)
    assert seen == set(PROGRAMS)
