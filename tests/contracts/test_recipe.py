"""The recipes for a room and for methods are followed word by word in copies of the project."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from contracts.recipe import ROOT, Recipe, call, copy_project, read_recipe

from micrographia.io.tables import read_rows

CONTRIBUTING = ROOT / "docs" / "contributing"
ROOM = read_recipe(CONTRIBUTING / "add-a-room.md")
METHODS = read_recipe(CONTRIBUTING / "add-a-method.md")
OUTPUTS, SITE = "docs/reference/outputs.md", "mkdocs.yml"

pytestmark = pytest.mark.slow


def follow(recipe: Recipe, root: Path) -> list[str]:
    """Follow a recipe in a copy of the project; return what its commands say."""
    copy_project(root)
    recipe.apply(root)
    # What mypy knows of files that are equal; it looks at their contents.
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", root / ".mypy_cache")
    said = []
    for command in "".join(recipe.commands).splitlines():
        start = time.perf_counter()
        answer = call(root, command)
        print(f"{time.perf_counter() - start:.1f} s  {command}")
        assert answer.returncode == 0, f"{command}\n{answer.stdout[-4000:]}"
        said.append(answer.stdout)
    for edit in recipe.edits:  # what a reader copies is in the house style already
        if edit.side == "new":
            assert (root / edit.path).read_text(encoding="utf-8") == edit.text
    return said


def test_the_recipe_for_a_room_passes_all_checks_and_its_rule_runs(tmp_path: Path) -> None:
    follow(ROOM, tmp_path)
    rows = read_rows(tmp_path / "results" / "toy" / "densities.parquet")
    assert len(rows) > 10 and {row["dense"] for row in rows} == {True, False}


def test_what_the_recipe_for_methods_adds_is_put_to_the_contract_tests(tmp_path: Path) -> None:
    said = follow(METHODS, tmp_path)
    (contracts,) = [one for one in said if "tests/contracts/test_segmenters.py" in one]
    # 17 tests of a segmenter, 7 of a kind, 6 of an engine, 6 of a calculator, and the names.
    assert int(re.findall(r"(\d+) passed", contracts)[0]) > 36


def pytest_of(name: str) -> str:
    return f"python -m pytest -q -x -p no:cacheprovider tests/unit/{name}"


DRY_RUN = "snakemake -n results/toy/densities.parquet"
#: A file that the recipe for a room writes or edits, what notices that it was forgotten, and a
#: word that is then said.
FORGOTTEN = {
    "src/micrographia/cli.py": (pytest_of("test_architecture.py -k command_line"), "toy"),
    "src/micrographia/config/workflow.py": (DRY_RUN, "toy"),
    "src/micrographia/io/schemas/__init__.py": (pytest_of("toy"), "DENSITIES"),
    "rules/toy/toy.smk": (pytest_of("test_envs.py -k run_by_a_rule"), "toy"),
    "Snakefile": (DRY_RUN, "MissingRuleException"),
    "pyproject.toml": (pytest_of("test_envs.py -k extra_is_what"), "toy"),
    OUTPUTS: (pytest_of("test_docs.py -k DENSITIES"), "DENSITIES"),
    SITE: (pytest_of("test_docs.py -k lists_every_page"), "count-atoms.md"),
}


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_a_step_that_is_forgotten_is_noticed(forgotten: str, tmp_path: Path) -> None:
    copy_project(tmp_path)
    ROOM.apply(tmp_path, without=forgotten)
    command, said = FORGOTTEN[forgotten]
    answer = call(tmp_path, command)
    assert answer.returncode != 0 and said in answer.stdout, answer.stdout[-4000:]


def test_generated_files_that_are_forgotten_are_noticed(tmp_path: Path) -> None:
    copy_project(tmp_path)
    ROOM.apply(tmp_path)
    answer = call(tmp_path, "micrographia config render --check")
    assert answer.returncode == 1 and "make config" in answer.stdout
