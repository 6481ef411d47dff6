"""RapidOCR, loaded once in a process for all that reads what is burnt into pictures."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any


def installed() -> bool:
    """Whether the package is here; it has no release for Python 3.13."""
    return importlib.util.find_spec("rapidocr_onnxruntime") is not None


@cache
def load_engine() -> Any:
    """Load its networks, on one thread: the same picture, the same text."""
    from rapidocr_onnxruntime import RapidOCR

    return RapidOCR(
        intra_op_num_threads=1,
        inter_op_num_threads=1,
        # Else a small picture is enlarged before text is looked for, and labels are lost.
        det_limit_type="max",
        use_cls=False,
    )
