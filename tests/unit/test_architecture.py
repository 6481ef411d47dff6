"""The boundaries of DESIGN: who may import whom, how long a file may be, how fast help is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import micrographia
from micrographia import cli

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "micrographia"
GROUND_FLOOR = {
    "arrays",
    "drawing",
    "io",
    "physics",
    "training",
    "config",
    "errors",
    "commandline",
    "method_names",
    "provenance",
    "log",
}
#: What `import micrographia` offers: it may import every room, and nothing imports it.
ROOF = "api"
#: Every folder of the package between ground floor and roof is a room.
ROOMS = sorted(
    path.parent.name
    for path in PACKAGE.glob("*/__init__.py")
    if path.parent.name not in GROUND_FLOOR | {ROOF}
)
#: `agent` and `measurement` drive the other rooms through their public functions; `workflow` lists
#: the files that they will read.
FREE_ROOMS = {"agent", "measurement", "workflow"}


def imported_parts(path: Path) -> set[str]:
    """First parts of the micrographia modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("micrographia.")}
    return found - {"__version__"}


def test_there_are_rooms():
    assert {"curation", "segmentation", "stem", "reconstruction", "report"} <= set(ROOMS)


def test_every_room_is_on_the_command_line():
    """By its own name, or the one that `cli.PACKAGES` has for it."""
    assert {cli.PACKAGES.get(name, name) for name in cli.ROOMS} == set(ROOMS)


@pytest.mark.parametrize("room", sorted(set(ROOMS) - FREE_ROOMS))
def test_a_room_imports_only_the_ground_floor_and_itself(room):
    for path in (PACKAGE / room).rglob("*.py"):
        others = imported_parts(path) - GROUND_FLOOR - {room}
        assert not others, f"{path.relative_to(ROOT)} imports {sorted(others)}"


@pytest.mark.parametrize(
    "floor",
    ["arrays.py", "drawing", "io", "physics", "training", "config", "errors.py", "provenance.py"],
)
def test_the_ground_floor_imports_no_room(floor):
    place = PACKAGE / floor
    for path in place.rglob("*.py") if place.is_dir() else [place]:
        others = imported_parts(path) & set(ROOMS)
        assert not others, f"{path.relative_to(ROOT)} imports {sorted(others)}"


def test_nothing_imports_the_roof():
    offered = set(micrographia.__all__)
    below = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != ROOF]
    below.remove(PACKAGE / "__init__.py")  # it names the roof, and imports it when asked
    for path in below:
        found = imported_parts(path) & {ROOF, *offered}
        assert not found, f"{path.relative_to(ROOT)} imports {sorted(found)}"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "micrographia"
        }
        assert not used & offered, f"{path.relative_to(ROOT)} uses {sorted(used & offered)}"


def test_the_library_knows_no_snakemake():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "snakemake" for name in names), path


def test_studies_import_no_tests_and_patch_no_paths():
    """Tests may import from `studies/`, which pytest has on its path; the other way round not."""
    tests = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests", "unit", "workflow"}
    for path in (ROOT / "studies").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name.split(".")[0] for name in names} & tests, path.name
        # `metric_peers.py` runs itself with interpreters that have a peer, and not this package.
        patched = "sys.path." in path.read_text(encoding="utf-8")
        assert patched is (path.name == "metric_peers.py"), path.name


def test_files_stay_short():
    sources = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    sources += [*(ROOT / "rules").rglob("*.smk"), *(ROOT / "studies").rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_folders_stay_small():
    crowded = {
        str(folder.relative_to(ROOT)): modules
        for folder in [PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())]
        if (modules := len([one for one in folder.glob("*.py") if one.name != "__init__.py"])) > 16
    }
    assert not crowded


def test_the_rules_share_names_and_no_logic():
    common = (ROOT / "rules" / "common.smk").read_text(encoding="utf-8")
    assert len(common.splitlines()) <= 60
    assert not [node for node in ast.walk(ast.parse(common)) if isinstance(node, ast.FunctionDef)]


def test_no_module_imports_itself_by_way_of_others():
    """Wherever in a file an import stands: it is an edge for code digests all the same."""
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {}
    for name, path in modules.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= (whole & modules.keys()) or {str(node.module)}
        graph[name] = (found & modules.keys()) - {name, "micrographia"}
    assert len(graph) > 300
    # Takes away whatever imports nothing that is left; a circle, and what leads into one, stays.
    while leaves := [name for name, imported in graph.items() if not imported & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert not graph


def test_the_snakefile_imports_nothing_heavy():
    program = (
        "import sys; from micrographia.workflow import digests, guards, inputs, options, sections;"
        "heavy = {'numpy', 'pandas', 'scipy', 'pyarrow', 'matplotlib', 'torch', 'ase'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": ""},
    )
    assert answer.stdout.strip() == "[]"


def test_functions_stay_short():
    long = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
                lines = (node.end_lineno or first.lineno) - first.lineno + 1
                if lines > 50:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert not long


def test_array_types_have_one_home():
    """An alias here and another there drift apart: `Floats` was of 32 bits, and of 64."""
    aliases = {
        f"{path.relative_to(PACKAGE)}: {ast.unparse(node)}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and ast.unparse(node.value.value).endswith("NDArray")
    }
    assert len(aliases) > 10
    assert {alias.partition(":")[0] for alias in aliases} == {"arrays.py"}


def test_array_types_do_nothing():
    """Digests of code leave them out, so nothing that runs may stand among them."""
    body = ast.parse((PACKAGE / "arrays.py").read_text(encoding="utf-8")).body
    assert all(
        isinstance(node, ast.Expr | ast.Assign | ast.Import | ast.ImportFrom) for node in body
    )


def test_functions_take_few_parameters():
    """What belongs together travels together: as a dataclass, a NamedTuple or a settings model."""
    many = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                taken = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                if len(taken) > 9:
                    many[f"{path.relative_to(ROOT)}:{node.name}"] = len(taken)
    assert not many


@pytest.mark.parametrize("room", [None, "config", *ROOMS])
def test_help_loads_nothing_heavy(room):
    program = (
        "import sys; from micrographia import cli; "
        f"cli.build_parser({room!r}); "
        "heavy = {'numpy', 'pandas', 'scipy', 'pyarrow', 'matplotlib', 'skimage', 'cv2', 'PIL', "
        "'ase', 'abtem', 'pymatgen', 'torch', 'numba'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": ""},
    )
    assert answer.stdout.strip() == "[]"
