"""The documentation names what there is, and points to files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from micrographia import cli
from micrographia.io import schemas
from micrographia.io.benchmark_results import FIELDS

ROOT = Path(__file__).parents[2]
SCHEMAS = {name: value for name, value in vars(schemas).items() if isinstance(value, pa.Schema)}
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


def read_sections(path: Path) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_column_is_described_and_no_other(name):
    section = read_sections(ROOT / "docs" / "outputs.md")[name]
    described = set()
    for line in section.splitlines():
        if line.startswith("| `"):
            described |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    assert described == set(SCHEMAS[name].names)


def test_every_entry_of_a_benchmark_is_described():
    section = read_sections(ROOT / "docs" / "outputs.md")["Benchmarks"]
    assert set(FIELDS) <= set(re.findall(r"`([^`]+)`", section))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_site_lists_every_page():
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = {name for entry in site["nav"] for name in entry.values()}
    assert listed == {path.name for path in (ROOT / "docs").glob("*.md")}


def commands(text: str) -> list[str]:
    """Command lines of the package in a page's code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line.split(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in lines if line.startswith("micrographia ")]


USAGE = commands((ROOT / "docs" / "usage.md").read_text(encoding="utf-8"))


def test_usage_shows_the_command_line():
    assert len(USAGE) >= 6


@pytest.mark.parametrize("command", USAGE)
def test_commands_of_the_usage_page_are_understood(command):
    words = shlex.split(command)[1:]
    assert callable(cli.build_parser(words[0]).parse_args(words).run)
