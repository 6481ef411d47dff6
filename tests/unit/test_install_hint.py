"""What an error says of a package that is absent: commands that work where it is said."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from micrographia.errors import MicrographiaError, install_hint
from micrographia.training import yolo

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = set(PROJECT["optional-dependencies"])


def words_of(hint: str) -> list[str]:
    """The shell's words of the command between a hint's backticks."""
    return shlex.split(hint.split("`")[1])


def test_a_checkout_names_its_lock_and_its_folder() -> None:
    hint = install_hint("formats", ROOT / "src")
    words = words_of(hint)
    assert "in the folder of the checkout" in hint
    assert words[words.index("install") :] == [
        "install",
        "-c",
        "requirements.lock",
        "-e",
        ".[formats]",
    ]
    assert (ROOT / words[words.index("-c") + 1]).is_file()


def test_pip_is_that_of_the_checkouts_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
    assert words_of(install_hint("formats", ROOT / "src"))[0] == ".venv/bin/pip"
    monkeypatch.setattr(sys, "prefix", "/usr")
    assert words_of(install_hint("formats", ROOT / "src"))[:3] == ["python", "-m", "pip"]


@pytest.mark.parametrize("folder", ["site-packages", "src"])
def test_an_installed_wheel_names_itself(tmp_path: Path, folder: str) -> None:
    words = words_of(install_hint("formats", tmp_path / folder))
    requirement = Requirement(words[-1])
    assert words[:4] == ["python", "-m", "pip", "install"]
    assert (requirement.name, requirement.extras) == (PROJECT["name"], {"formats"})


def test_every_hint_names_an_extra_there_is() -> None:
    sources = (ROOT / "src").rglob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    named = set(re.findall(r'install_hint\(["\']([\w-]+)', text))
    assert {"energy", "formats", "text-detection"} <= named <= EXTRAS


def test_no_other_place_says_how_an_extra_is_installed() -> None:
    for path in sorted((ROOT / "src").rglob("*.py")):
        if path.name != "errors.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"micrographia\[|\.\[[a-z-]+\]", text), path


def test_a_room_without_its_packages_says_so_in_one_sentence() -> None:
    # In a process of its own, where nothing is imported yet; python takes None for absent.
    program = "import sys; sys.modules['ase'] = None; from micrographia.cli import main; "
    program += "sys.exit(main(['benchmarks', 'structure', 'a.cif', 'b.cif']))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "benchmarks needs the package ase, which is not installed." in answer.stderr
    assert install_hint("benchmarks") in answer.stderr
    assert "Traceback" not in answer.stderr


def test_without_ultralytics_two_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(MicrographiaError) as caught:
        yolo.quiet("Text regions", "do without")
    assert "need the package ultralytics" in str(caught.value)
    assert f"{install_hint('text-detection')}; or do without." in str(caught.value)
