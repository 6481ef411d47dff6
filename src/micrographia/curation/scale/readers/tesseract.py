"""Tesseract, called as a program: one process reads all lines of a picture."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from micrographia.arrays import RealArray

LOG = logging.getLogger(__name__)

_HEIGHT = 42
_TIMEOUT = 60


@cache
def program() -> str | None:
    """Path of the program, or None."""
    return shutil.which("tesseract")


def enlarge(line: RealArray, height: int = _HEIGHT) -> Image.Image:
    """Return a line as tesseract likes it: dark text on white, letters some 30 px high.

    Parameters
    ----------
    line
        Grey crop, text brighter than its ground.
    height
        Height of the result without its border [px].
    """
    low, high = np.percentile(line, (3, 97))
    dark = 1 - np.clip((line - low) / max(float(high - low), 1e-6), 0, 1)
    grey = Image.fromarray(np.uint8(np.rint(dark * 255)))
    scale = height / line.shape[0]
    wide = max(1, round(line.shape[1] * scale))
    large = grey.resize((wide, height), Image.Resampling.BICUBIC)
    framed = Image.new("L", (wide + 24, height + 24), 255)
    framed.paste(large, (12, 12))
    return framed


def read_pages(pages: Sequence[Image.Image], segmentation: int = 7) -> list[str]:
    """Return what tesseract reads on pictures; empty texts where it fails.

    Parameters
    ----------
    pages
        Dark text on white.
    segmentation
        Tesseract's page segmentation mode: 7 for a single line, 6 for a block.
    """
    found = program()
    if found is None or not pages:
        return [""] * len(pages)
    with tempfile.TemporaryDirectory(prefix="micrographia-") as folder:
        names = []
        for number, page in enumerate(pages):
            path = Path(folder) / f"{number}.png"
            page.save(path)
            names.append(str(path))
        listing = Path(folder) / "pages.txt"
        listing.write_text("\n".join(names) + "\n", encoding="utf-8")
        words = [found, str(listing), "stdout", "--psm", str(segmentation), "-l", "eng"]
        words += ["-c", "page_separator=\f"]
        try:
            ran = subprocess.run(
                words,
                capture_output=True,
                check=True,
                timeout=_TIMEOUT,
                env=os.environ | {"OMP_THREAD_LIMIT": "1"},
            )
        except (OSError, subprocess.SubprocessError) as error:
            LOG.warning("tesseract failed: %s", error)
            return [""] * len(pages)
    texts = ran.stdout.decode("utf-8", "replace").split("\f")
    return [text.strip() for text in (texts + [""] * len(pages))[: len(pages)]]
