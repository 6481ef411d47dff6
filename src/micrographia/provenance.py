"""Where a result comes from: versions, settings, machine, and digests of the code that made it."""

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
    "safetensors",
    "snakemake",
)

#: Package data that is read at run time.
_DATA = (".csv", ".html", ".css")

#: Every verb writes its tables with these, though it is the room's `cli` that imports them.
_ALWAYS = ("io.tables", "io.schemas")

#: Modules that carry no science: values reach the steps through `params`, not through these.
_NEUTRAL = {
    "micrographia.config",
    "micrographia.errors",
    "micrographia.log",
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
        For example `"stem"` (a whole room) or `"benchmarks.structure"` (one module; its room's
        `cli` is covered too, and `structure_cli` with what it imports, since they write what
        the module computes; `cli` alone would draw the whole room in).
    without
        Modules that the step never runs though its modules name them, such as
        `"segmentation.learned"` for a step that runs no network: neither they nor what they
        alone import count.
    root
        Folder of the package; default is where it is installed.
    """
    base = root or Path(micrographia.__file__).parent
    pending = [base.joinpath(*name.split(".")).with_suffix(".py") for name in _ALWAYS]
    extra: list[Path] = []
    for name in names:
        target = base.joinpath(*name.split("."))
        if target.is_dir():
            pending += sorted(target.glob("*.py"))
        elif target.with_suffix(".py").is_file():
            pending += [target.with_suffix(".py"), target.parent / f"{target.name}_cli.py"]
            extra.append(target.parent / "cli.py")
        else:
            raise ValueError(f"no module or package {name!r} in {base}")
    barred = {_module(name, base) for name in without}
    seen = _closure(filter(Path.is_file, pending), base, barred)
    seen.update(path for path in extra if path.is_file())
    summary = hashlib.sha256()
    for path in sorted(seen):
        summary.update(str(path.relative_to(base)).encode())
        summary.update(_tree(path, path.stat().st_mtime_ns)[0].encode())
    for path in sorted(_data_beside(seen)):
        summary.update(str(path.relative_to(base)).encode() + path.read_bytes())
    return summary.hexdigest()[:16]


def _data_beside(modules: Iterable[Path]) -> set[Path]:
    """Tables, templates and styles in the folders of the modules: they shape results too."""
    folders = {module.parent for module in modules}
    return {path for folder in folders for suffix in _DATA for path in folder.glob(f"*{suffix}")}


def _module(name: str, base: Path) -> Path:
    path = base.joinpath(*name.split(".")).with_suffix(".py")
    if not path.is_file():
        raise ValueError(f"no module {name!r} in {base}")
    return path


def _closure(start: Iterable[Path], base: Path, barred: set[Path]) -> set[Path]:
    seen: set[Path] = set()
    pending = list(start)
    while pending:
        path = pending.pop()
        if path in seen or path in barred:
            continue
        seen.add(path)
        for name in _tree(path, path.stat().st_mtime_ns)[1]:
            if name in _NEUTRAL:
                continue
            stem = base.joinpath(*name.split(".")[1:])
            for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
                if candidate.is_file() and candidate != base / "__init__.py":
                    pending.append(candidate)
    return seen


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
    """What a report prints about a run: versions, machine and the digest of its settings."""
    return {"versions": versions(), "machine": machine(), "config_digest": digest(settings)}
