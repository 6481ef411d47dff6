"""Files of electron microscopes: each suffix to its reader."""

from __future__ import annotations

import importlib
from typing import Any

from numpy.typing import NDArray

from micrographia.errors import ImageError, install_hint
from micrographia.io.decoding import Source
from micrographia.io.headers import Facts
from micrographia.io.microscopes.berkeley import is_berkeley, read_berkeley
from micrographia.io.microscopes.mrc import read_mrc
from micrographia.io.microscopes.signals import read_signals
from micrographia.io.microscopes.velox import is_velox, read_velox

#: Packages that read a format, with rosettasciio's modules last; MRC needs none.
_PACKAGES = {
    ".dm3": ("rsciio.digitalmicrograph",),
    ".dm4": ("rsciio.digitalmicrograph",),
    ".emd": ("h5py",),
    ".mrc": (),
    ".ser": ("rsciio.tia",),
    ".hspy": ("h5py", "rsciio.hspy"),
}
#: Suffixes of these formats.
ENDINGS = tuple(_PACKAGES)


def read_microscope_file(
    source: Source, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the first picture of a file; frames and further signals are noted.

    Raises
    ------
    ImageError
        `rosettasciio` or `h5py` is not installed, or the file holds no picture.
    """
    suffix = source.path.suffix.lower()
    try:
        modules = [importlib.import_module(package) for package in _PACKAGES[suffix]]
    except ImportError:
        raise ImageError(
            f"{source.name} needs the package rosettasciio, which is not installed",
            remedy=install_hint("formats"),
        ) from None
    with source.on_disk() as path:
        if suffix == ".mrc":
            return read_mrc(path, source.name, max_pixels, notes)
        if suffix != ".emd":
            return read_signals(modules[-1], path, source.name, max_pixels, notes)
        with modules[0].File(path, "r") as file:
            if is_velox(file):
                return read_velox(file, source.name, max_pixels, notes)
            if is_berkeley(file):
                return read_berkeley(file, source.name, max_pixels, notes)
        raise ImageError(
            f"{source.name} holds no picture",
            seen="an HDF5 file of another layout",
            allowed="EMD of Velox, Berkeley, Prismatic or py4DSTEM",
            remedy="Export the picture that you want",
        )
