"""Arrays that steps left beside their tables."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read named arrays of an `.npz` file.

    Raises
    ------
    ImageError
        The file is absent, no archive of arrays, or lacks one of them.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ImageError(
            f"{path.name} cannot be drawn: {error}", remedy="Run the step that writes it again"
        ) from error
