"""Shipped weights, prompts and tables, found from any working folder."""

from __future__ import annotations

import os
from pathlib import Path

import micrographia

#: Folder of the installed package; what it ships lies in it, beside the code that reads it.
PACKAGE = Path(micrographia.__file__).parent


def find_resource(name: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder: as given if it exists, else inside the package.

    Parameters
    ----------
    name
        A path, or the path of a shipped file relative to the package, such as
        `segmentation/weights/unet-small.safetensors`. What is in neither place keeps the path
        that it was given, so that errors show that.

    Examples
    --------
    >>> find_resource("segmentation/weights/unet-small.safetensors").name
    'unet-small.safetensors'
    >>> find_resource("/absent/detector.safetensors").as_posix()
    '/absent/detector.safetensors'
    """
    path = Path(name)
    if path.exists() or path.is_absolute():
        return path
    shipped = PACKAGE / path
    return shipped if shipped.exists() else path
