"""Where weights and prompts that come along are found, whatever folder a command runs in."""

from __future__ import annotations

import os
from pathlib import Path

import micrographia

#: What is named by a relative path, as `resources/models/…` is, lies here too.
PROJECT = Path(micrographia.__file__).parents[2]


def find_resource(name: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder: as it is named, or else in the project's folder.

    What is in neither keeps the path that it was given, so that errors show that.

    Examples
    --------
    >>> find_resource("/absent/detector.safetensors").as_posix()
    '/absent/detector.safetensors'
    """
    path = Path(name)
    if path.exists() or path.is_absolute():
        return path
    shipped = PROJECT / path
    return shipped if shipped.exists() else path
