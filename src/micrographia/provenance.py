"""Provenance of a result: versions, settings, machine, and digests of the code."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import micrographia

#: Packages whose version can change a number.
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "scikit-image",
    "opencv-python",
    "ImageHash",
    "ase",
    "pymatgen",
    "spglib",
    "abTEM",
    "torch",
    "accelerate",
    "timm",
    "lightly",
    "safetensors",
    "snakemake",
)

#: Package data that is read at run time.
_DATA = (".csv", ".html", ".css")

#: Every verb writes its tables with these, though it is the room's `cli` that imports them.
_ALWAYS = ("io.tables", "io.schemas")

#: Modules that carry no science: values reach the steps through `params`, not through these.
_NEUTRAL = {
    "micrographia.arrays",
    "micrographia.config",
    "micrographia.errors",
    "micrographia.log",
    "micrographia.method_names",
    "micrographia.cli",
    "micrographia.commandline",
    "micrographia.provenance",
}


def versions() -> dict[str, str]:
    """Versions of Micrographia and of the installed packages that shape its numbers."""
    found = {"micrographia": micrographia.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Processor, core count and system of this machine, for figures that depend on it."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"processor": model, "cores": os.cpu_count(), "system": platform.system()}


def digest(value: Any) -> str:
    """Short digest of a JSON-like value; equal values have equal digests."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def stamp(settings: Any = None, seed: int | None = None) -> dict[str, Any]:
    """Provenance of one artifact: versions, settings with their digest, seed.

    No time, path or host: the same inputs give the same bytes.
    """
    plain = settings.model_dump(mode="json") if hasattr(settings, "model_dump") else settings
    return {
        "versions": versions(),
        "settings": plain,
        "settings_digest": digest(plain),
        "seed": seed,
    }


def code_digest(*names: str, without: Iterable[str] = (), root: Path | None = None) -> str:
    """Digest of the code that stands behind modules or packages of `micrographia`.

    The digest covers the syntax tree (no comments, no docstrings) of the named modules, of
    `io.tables` and `io.schemas`, and of every `micrographia` module they import, directly or
    not, and the bytes of the package data in their folders; modules that carry no science
    (configuration, logging, errors) are left out. Used in the rules' `params`, it makes an
    edit rerun its dependents and nothing else.

    Parameters
    ----------
    names
        For example `"stem"` (a whole room), `"curation.scale"` (one of its folders, with all
        below) or `"reconstruction.solve"` (one module). The `cli` of every folder that a named
        module lies in counts as text, without what it imports: that would draw whole rooms in.
    without
        Modules or packages that the step never runs though its modules name them, such as
        `"segmentation.baselines.yolo"` for a step that runs no YOLO: neither they nor what they
        alone import count.
    root
        Folder of the package; default is where it is installed.

    Raises
    ------
    ValueError
        A name is no module and no package: a digest that leaves it out would miss its edits.
    """
    base = root or Path(micrographia.__file__).parent
    named = [path for name in (*_ALWAYS, *names) for path in _parts(name, base)]
    barred = {path for name in without for path in _parts(name, base)}
    seen = _closure(named, base, barred) | {
        folder / "cli.py"
        for name in names
        for folder in _folders(base.joinpath(*name.split(".")), base)
        if (folder / "cli.py").is_file()
    }
    summary = hashlib.sha256()
    for path in sorted(seen):
        summary.update(str(path.relative_to(base)).encode())
        summary.update(_tree(path, path.stat().st_mtime_ns)[0].encode())
    for path in sorted(_data_beside(seen)):
        summary.update(str(path.relative_to(base)).encode() + path.read_bytes())
    return summary.hexdigest()[:16]


def _parts(name: str, base: Path) -> list[Path]:
    """The file of a module, or all files of a package and of the packages in it."""
    stem = base.joinpath(*name.split("."))
    if stem.is_dir():
        return sorted(stem.rglob("*.py"))
    if not stem.with_suffix(".py").is_file():
        raise ValueError(f"no module or package {name!r} in {base}")
    return [stem.with_suffix(".py")]


def _folders(path: Path, base: Path) -> list[Path]:
    """The folders between the package's own and a path, outermost first."""
    return [folder for folder in reversed(path.parents) if folder.is_relative_to(base)][1:]


def _data_beside(modules: Iterable[Path]) -> set[Path]:
    """Tables, templates and styles in the folders of the modules: they shape results too."""
    folders = {module.parent for module in modules}
    return {path for folder in folders for suffix in _DATA for path in folder.glob(f"*{suffix}")}


def _closure(start: Iterable[Path], base: Path, barred: set[Path]) -> set[Path]:
    """All modules that these import, directly or not, themselves included."""
    seen: set[Path] = set()
    pending = list(start)
    while pending:
        path = pending.pop()
        if path in seen or path in barred:
            continue
        seen.add(path)
        # To import a module is to run the `__init__` of every folder that it lies in.
        found = [folder / "__init__.py" for folder in _folders(path, base)]
        for name in _tree(path, path.stat().st_mtime_ns)[1]:
            if not _is_neutral(name):
                stem = base.joinpath(*name.split(".")[1:])
                found += [stem.with_suffix(".py"), stem / "__init__.py"]
        pending += filter(Path.is_file, found)
    return seen


def _is_neutral(name: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in _NEUTRAL)


@cache
def _tree(path: Path, _mtime_ns: int) -> tuple[str, tuple[str, ...]]:
    """Return (canonical syntax tree, imported micrographia modules) of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imported.add(node.module)
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
        _drop_docstring(node)
    ours = tuple(sorted(name for name in imported if name.startswith("micrographia.")))
    return ast.dump(tree, annotate_fields=False), ours


def _drop_docstring(node: ast.AST) -> None:
    body = getattr(node, "body", None)
    if (
        isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and body
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        node.body = body[1:]


def describe(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report shows about a run: versions, machine, digest of the settings."""
    return {"versions": versions(), "machine": machine(), "config_digest": digest(settings)}
