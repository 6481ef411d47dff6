"""Atomic output: a file or folder appears complete under its name, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from micrographia.errors import ImageError, MicrographiaError

#: File in every folder that `atomic_directory` made; only such a folder is ever replaced.
MARKER = ".micrographia"
_MARKED = "Made by Micrographia, which replaces this folder as a whole.\n"


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it onto `path` when the block succeeds.

    The temporary name keeps the suffix, since many writers choose their format by it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; results are meant to be shared like any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(
    path: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]] = ()
) -> Iterator[Path]:
    """Yield a temporary directory beside `path`; it replaces `path` when the block succeeds.

    Parameters
    ----------
    path
        The folder; absent, empty, or made by this function, which leaves `MARKER` in it.
    inputs
        What the block reads; none of it may lie in the folder.

    Raises
    ------
    MicrographiaError
        `path` is a file, holds what nobody asked to replace, or holds an input.
    """
    target = Path(os.path.realpath(path))
    refuse_foreign(target, inputs)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield temporary
        (temporary / MARKER).write_text(_MARKED, encoding="utf-8")
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_foreign(target: Path, inputs: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Refuse to replace a folder that is not ours, or from which something is read.

    Long work asks before it begins; `atomic_directory` asks again.

    Raises
    ------
    MicrographiaError
        As `atomic_directory`.
    """
    remedy = "Name a new or empty folder, or empty this one yourself"
    target = Path(os.path.realpath(target))
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise MicrographiaError(f"The output folder {target} is a file", remedy=remedy)
    names = {entry.name for entry in os.scandir(target)}
    if names and MARKER not in names:
        raise MicrographiaError(
            f"The output folder {target} holds files that Micrographia did not write, "
            f"such as {min(names)}",
            remedy=remedy,
        )
    for source in inputs:
        if Path(os.path.realpath(source)).is_relative_to(target):
            raise MicrographiaError(
                f"The output folder {target} would be replaced, but the input "
                f"{os.fspath(source)} is in it",
                remedy=remedy,
            )


def refuse_inputs(
    outputs: Iterable[str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    """Refuse to write a file over an input file, however their paths are written.

    Raises
    ------
    ImageError
        An output is also an input.
    """
    sources = {os.path.realpath(path): os.fspath(path) for path in inputs}
    for output in outputs:
        source = sources.get(os.path.realpath(output))
        if source is not None:
            raise ImageError(
                f"The output {os.fspath(output)} would overwrite the input {source}",
                remedy="Choose another --out",
            )


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
