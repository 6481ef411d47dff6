"""Code digests: sensitive to code, blind to comments, docstrings and other rooms."""

from pathlib import Path

import pytest

from micrographia.provenance import code_digest, digest, stamp


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "micrographia"
    for name, text in {
        "__init__.py": "",
        "config.py": "LIMIT = 1\n",
        "ground.py": "def add(a, b):\n    return a + b\n",
        "one/__init__.py": "",
        "one/cli.py": "from micrographia.one import work\n",
        "one/work.py": (
            "from micrographia.config import LIMIT\n"
            "def run():\n    from micrographia.ground import add\n    return add(1, LIMIT)\n"
        ),
        "one/deep/__init__.py": "from micrographia.one.deep.face import FACE\n",
        "one/deep/face.py": "FACE = 1\n",
        "one/deep/cli.py": "def verb():\n    from micrographia.one.deep.figure import draw\n",
        "one/deep/figure.py": "def draw():\n    return 1\n",
        "one/deep/deeper/__init__.py": "",
        "one/deep/deeper/part.py": "PART = 1\n",
        "three/__init__.py": "",
        "three/work.py": "from micrographia.one.deep.deeper.part import PART\n",
        "one/other.py": "X = 1\n",
        "io/__init__.py": "",
        "io/tables.py": "def write():\n    return 1\n",
        "io/schemas/__init__.py": "from micrographia.io.schemas.one import COLUMNS\n",
        "io/schemas/one.py": "COLUMNS = 1\n",
        "two/__init__.py": "",
        "two/work.py": "def run():\n    return 2\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _edit(path: Path, text: str) -> None:
    path.write_text(text)


def test_docstrings_and_comments_do_not_count(package: Path) -> None:
    before = code_digest("one", root=package)
    _edit(
        package / "ground.py",
        '"""A module."""\n# why\ndef add(a, b):\n    """Add."""\n    return a + b\n',
    )
    assert code_digest("one", root=package) == before


def test_an_edit_reaches_those_who_import_it_and_nobody_else(package: Path) -> None:
    one, two = code_digest("one", root=package), code_digest("two", root=package)
    _edit(package / "ground.py", "def add(a, b):\n    return b + a\n")
    assert code_digest("one", root=package) != one
    assert code_digest("two", root=package) == two


def test_settings_reach_steps_by_params_not_by_code(package: Path) -> None:
    before = code_digest("one", root=package)
    _edit(package / "config.py", "LIMIT = 2\n")
    assert code_digest("one", root=package) == before


def test_one_module_is_narrower_than_its_room(package: Path) -> None:
    narrow, room = code_digest("one.work", root=package), code_digest("one", root=package)
    _edit(package / "one/other.py", "X = 2\n")
    assert code_digest("one.work", root=package) == narrow
    assert code_digest("one", root=package) != room


@pytest.mark.parametrize(
    ("edited", "reached"),
    [
        ("one/deep/deeper/part.py", {"one", "one.deep", "one.deep.deeper.part", "three"}),
        ("one/deep/figure.py", {"one", "one.deep", "one.deep.figure"}),
        # To import a module is to run the `__init__` above it, with what that imports.
        (
            "one/deep/face.py",
            {"one", "one.deep", "one.deep.figure", "one.deep.deeper.part", "three"},
        ),
        # The command line of every folder that a named module lies in, as text.
        ("one/deep/cli.py", {"one", "one.deep", "one.deep.figure", "one.deep.deeper.part"}),
        ("one/cli.py", {"one", "one.work", "one.deep", "one.deep.figure", "one.deep.deeper.part"}),
    ],
)
def test_folders_in_folders_are_seen(package: Path, edited: str, reached: set[str]) -> None:
    names = [
        "one",
        "one.work",
        "one.deep",
        "one.deep.figure",
        "one.deep.deeper.part",
        "three",
        "two",
    ]
    before = {name: code_digest(name, root=package) for name in names}
    _edit(package / edited, "EDITED = 1\n" + (package / edited).read_text())
    assert {name for name in names if code_digest(name, root=package) != before[name]} == reached


@pytest.mark.parametrize("module", ["io/tables.py", "io/schemas/one.py"])
@pytest.mark.parametrize("name", ["one", "one.work", "two", "two.work"])
def test_tables_and_their_columns_always_count(package: Path, module: str, name: str) -> None:
    before = code_digest(name, root=package)
    _edit(package / module, "OTHER = 1\nCOLUMNS = 1\n")
    assert code_digest(name, root=package) != before


def test_package_data_counts(package: Path) -> None:
    before = code_digest("one.work", root=package), code_digest("two", root=package)
    _edit(package / "one/table.csv", "a,b\n")
    assert code_digest("one.work", root=package) != before[0]
    assert code_digest("two", root=package) == before[1]


def test_modules_that_a_step_never_runs_can_be_left_out(package: Path) -> None:
    whole = code_digest("one.work", root=package)
    before = code_digest("one.work", without=["ground"], root=package)
    _edit(package / "ground.py", "def add(a, b):\n    return 9\n")
    assert code_digest("one.work", without=["ground"], root=package) == before
    assert code_digest("one.work", root=package) != whole
    with pytest.raises(ValueError, match="four"):
        code_digest("one.work", without=["four"], root=package)


def test_packages_can_be_left_out_with_all_below(package: Path) -> None:
    before = code_digest("three", without=["one.deep"], root=package)
    _edit(package / "one/deep/deeper/part.py", "PART = 2\n")
    assert code_digest("three", without=["one.deep"], root=package) == before


@pytest.mark.parametrize("part", ["io/tables.py", "io/schemas"])
def test_a_part_that_always_counts_must_be_there(package: Path, part: str) -> None:
    (package / part).rename(package / "gone")
    with pytest.raises(ValueError, match=part.split(".")[0].replace("/", ".")):
        code_digest("two", root=package)


def test_unknown_module_is_an_error(package: Path) -> None:
    with pytest.raises(ValueError, match="four"):
        code_digest("four", root=package)


def test_stamp_is_the_same_for_the_same_settings() -> None:
    assert stamp({"a": 1}, 3) == stamp({"a": 1}, 3)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert "numpy" in stamp()["versions"]
