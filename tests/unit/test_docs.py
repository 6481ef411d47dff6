"""The documentation names what there is, and points to files that exist."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from pydantic import ValidationError

from micrographia import cli
from micrographia.config import WorkflowConfig
from micrographia.io import schemas
from micrographia.io.benchmark_results import FIELDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCHEMAS = {name: value for name, value in vars(schemas).items() if isinstance(value, pa.Schema)}
SITE_PAGES = sorted(DOCS.rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *SITE_PAGES]
#: What these name is there once they were followed: `tests/contracts/test_recipe.py` does so.
RECIPES = [DOCS / "contributing" / name for name in ("add-a-room.md", "add-a-method.md")]
DESCRIBING = [page for page in PAGES if page not in RECIPES]
#: Written when the site is built.
GENERATED = {
    "reference/command-line.md",
    "reference/settings.md",
    "reference/public-data.md",
}
NOTEBOOKS = sorted(DOCS.rglob("*.ipynb"))
SHOWN_NOTEBOOKS = {str(path.relative_to(DOCS).with_suffix(".md")) for path in NOTEBOOKS}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read_sections(path: Path) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str, language: str = r"\w*") -> list[str]:
    """Code blocks of a page."""
    pattern = rf"^```(?:{language})\n(.*?)^```"
    return re.findall(pattern, text, flags=re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    """Command lines of the package in a page's code blocks."""
    joined = "".join(blocks(text)).replace("\\\n", " ")
    lines = [line.split(" # ")[0].strip() for line in joined.splitlines()]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in lines if line.startswith("micrographia ")]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_column_is_described_and_no_other(name):
    section = read_sections(DOCS / "reference" / "outputs.md")[name]
    described = set()
    for line in section.splitlines():
        if line.startswith("| `"):
            described |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    assert described == set(SCHEMAS[name].names)


def test_every_entry_of_a_benchmark_is_described():
    section = read_sections(DOCS / "reference" / "outputs.md")["Benchmarks"]
    assert set(FIELDS) <= set(re.findall(r"`([^`]+)`", section))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page):
    generated = {DOCS / name for name in GENERATED | SHOWN_NOTEBOOKS}
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            file = (page.parent / target).resolve()
            assert file.exists() or file in generated, f"{name_of(page)}: {target}"


@pytest.mark.parametrize("page", DESCRIBING, ids=name_of)
def test_files_of_the_project_that_a_page_names_exist(page):
    named = re.findall(
        r"(?<![\w/.])((?:src|rules|studies|tests|envs|profiles|docs)/[\w./-]*\w)",
        page.read_text(encoding="utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def nav_pages(entries: list) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        for value in entry.values():
            found |= nav_pages(value) if isinstance(value, list) else {value}
    return found


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python functions."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda *_: None)


def test_the_site_lists_every_page():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = nav_pages(yaml.load(text, Loader)["nav"])
    written = {str(path.relative_to(DOCS)) for path in SITE_PAGES}
    assert listed == written | GENERATED | SHOWN_NOTEBOOKS


def faults_but_paths(error: ValidationError) -> list[str]:
    """Faults of settings; the files of a page's reader are not here."""
    faults = [f"{one['loc']}: {one['msg']}" for one in error.errors()]
    return [fault for fault in faults if "exist" not in fault]


COMMANDS = [
    pytest.param(command, id=f"{name_of(page)}: {' '.join(command.split()[1:3])}")
    for page in DESCRIBING
    for command in commands(page.read_text(encoding="utf-8"))
]


def test_the_pages_show_the_command_line():
    assert len(COMMANDS) >= 50


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_pages_are_understood(command):
    words = shlex.split(command)[1:]
    arguments = cli.build_parser(words[0]).parse_args(words)
    assert callable(arguments.run)
    settings = getattr(arguments, "settings", "")
    if settings.startswith("{"):
        try:
            arguments.settings_model.model_validate(yaml.safe_load(settings))
        except ValidationError as error:
            assert faults_but_paths(error) == []


OVERLAYS = [
    pytest.param(block, id=f"{name_of(page)} {number}")
    for page in SITE_PAGES
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"), "yaml"))
]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_of_the_pages_are_valid(overlay):
    try:
        WorkflowConfig.model_validate(yaml.safe_load(overlay))
    except ValidationError as error:
        assert faults_but_paths(error) == []


@pytest.fixture(scope="module")
def hooks():
    sys.path.insert(0, str(ROOT))
    try:
        yield importlib.import_module("mkdocs_hooks")
    finally:
        sys.path.remove(str(ROOT))


def test_the_generated_pages_are_those_that_are_listed(hooks):
    assert set(hooks.GENERATED) == GENERATED


@pytest.mark.parametrize("room", sorted(cli.ROOMS))
def test_the_command_line_page_has_every_verb_and_option(hooks, room):
    text = hooks.render_command_line()
    for command, verb_parser, _ in hooks.commands_of(room):
        section = re.split(rf"^###? {command}$", text, flags=re.MULTILINE)[1]
        section = re.split(r"^##", section, flags=re.MULTILINE)[0]
        rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
        for action in verb_parser._actions:
            for flag in action.option_strings:
                assert flag in ("-h", "--help") or any(f"`{flag}" in row for row in rows), flag


def test_the_settings_page_has_every_setting(hooks):
    text = hooks.render_settings()
    shown = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    shown |= {name for line in re.findall(r"^##+ (.+)$", text, re.MULTILINE)
              for name in re.findall(r"\w+", line)}  # fmt: skip
    schema = WorkflowConfig.model_json_schema()
    names = set(schema["properties"])
    for section in schema["$defs"].values():
        names |= set(section["properties"])
    assert names <= shown


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name_of)
def test_a_notebook_becomes_a_page_with_its_pictures(hooks, notebook):
    text = notebook.read_text(encoding="utf-8")
    files = hooks.render_notebook("notebooks/one", text)
    page = files.pop("notebooks/one.md")
    assert page.count("```python") == text.count('"cell_type": "code"')
    assert [f"notebooks/{name}" for name in re.findall(r"\((one-\d+\.\w+)\)", page)] == list(files)
    drawn = [
        output
        for cell in json.loads(text)["cells"]
        for output in cell.get("outputs", [])
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]
    assert len(drawn) == len(files) > 0
    assert all(content.startswith((b"\x89PNG", b"\xff\xd8")) for content in files.values())


def test_a_page_that_fetches_from_elsewhere_is_noticed(hooks):
    near = '<script src="assets/a.js"></script><a href="https://example.org">x</a>'
    far = '<link rel="stylesheet" href="https://example.org/a.css"><img src=//example.org/b.png>'
    assert hooks.fetched_from_elsewhere(near) == []
    assert len(hooks.fetched_from_elsewhere(near + far)) == 2


def test_the_pictures_are_small():
    pictures = list((DOCS / "images").iterdir())
    assert 0 < sum(path.stat().st_size for path in pictures) < 1_000_000
