"""Figures as files: PNG for the screen, SVG and PDF for a paper; the same figure, same bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from micrographia.errors import MicrographiaError
from micrographia.io.atomic import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What would put the time of writing into a file of each format.
_WITHOUT_TIME: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}


def check_figure_name(path: str | os.PathLike[str]) -> None:
    """Refuse names whose ending is of no format that figures are written in.

    Raises
    ------
    MicrographiaError
        This one is not.
    """
    if Path(path).suffix.lower() not in _WITHOUT_TIME:
        raise MicrographiaError(
            f"The picture cannot be written as {os.fspath(path)}",
            allowed=f"names that end in {', '.join(_WITHOUT_TIME)}",
            remedy=f"Name it {Path(path).stem or 'picture'}.png",
        )


def write_figure(figure: Figure, path: str | os.PathLike[str], dpi: int = 300) -> None:
    """Write a figure, atomically, in the format that the name's ending says.

    Parameters
    ----------
    figure
        A Matplotlib figure.
    path
        Ends in .png, .svg or .pdf.
    dpi
        Pixels an inch of PNGs, and of pictures inside the other formats.

    Raises
    ------
    MicrographiaError
        The name ends otherwise.
    """
    check_figure_name(path)
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "micrographia"}), atomic_path(path) as temporary:
        metadata = _WITHOUT_TIME[Path(path).suffix.lower()]
        figure.savefig(temporary, dpi=dpi, metadata=metadata)
