"""What is read of which format: cases for a test and for `docs/reference/file-formats.md`.

Each case writes its files by a writer that is not ours (tifffile, Pillow, imagecodecs, h5py, or
bytes laid out by the format's specification) and states what must come back. To add cases, add a
list `CASES` in a module of this folder, name the module in `MODULES`, and write the page anew:

    PYTHONPATH=src:tests python -m format_cases
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

#: Modules of this folder that have a list `CASES`, in the order of the page.
MODULES = (
    "tiffs", "tiff_layouts", "stated_sizes", "pictures", "masks", "microscopes", "instruments",
    "refused",
)  # fmt: skip

Writer = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One kind of file, and what is right for it.

    Attributes
    ----------
    format, holds, right, reader
        The cells of the page: format, property, right value, and what decodes it.
    files
        A writer for each variant (compression, byte order …); the key is its name on the page.
    suffix
        Of the files.
    pixels
        What `read_micrograph` must return, value for value and of this type.
    labels
        What `read_labels` must return; for masks.
    tolerance
        Largest difference that a lossy or rounding kind may have.
    notes
        What must stand in the note, word for word; empty: there is no note.
    size_nm
        Side of a pixel that must be read [nm]; None where the file states none.
    refused
        Pattern of the error with which it is refused; `pixels` and `labels` are None then.
    mask
        Whether it is refused as a label mask.
    needs
        Packages without which it is not tried.
    """

    format: str
    holds: str
    right: str
    reader: str
    files: Mapping[str, Writer]
    suffix: str
    pixels: np.ndarray | None = None
    labels: np.ndarray | None = None
    tolerance: float = 0
    notes: tuple[str, ...] = ()
    size_nm: float | None = None
    refused: str | None = None
    mask: bool = False
    needs: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return f"{self.format}: {self.holds}"


def all_cases() -> list[Case]:
    """Return the cases of all modules."""
    modules = [importlib.import_module(f"format_cases.{name}") for name in MODULES]
    return [case for module in modules for case in module.CASES]


def table(cases: list[Case]) -> str:
    """Return the table of the page, a line for each case."""
    lines = ["| format | what it holds | right value | decoded by | checked as |"]
    lines.append("|---|---|---|---|---|")
    for case in cases:
        cells = (case.format, case.holds, case.right, case.reader, "; ".join(case.files))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def bytes_of(content: bytes) -> Writer:
    """Return a writer of these bytes."""
    return lambda path: path.write_bytes(content)


#: A picture that no turn, mirror or exchange of rows and columns leaves as it is.
GREY = (np.add.outer(np.arange(40) * 7, np.arange(56) * 3) % 251).astype(np.uint8)
GREY[:6, :9] = 255
WIDE: Any = GREY.astype(np.uint16) * 256 + GREY[::-1, ::-1]
