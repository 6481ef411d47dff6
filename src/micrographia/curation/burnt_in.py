"""Text regions and pixel sizes of a whole table at once, as far as this machine can read them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence

from micrographia.config import Curation, Scale, Text
from micrographia.curation.finish import add_scale, add_text
from micrographia.curation.scale import measure
from micrographia.curation.scale.readers.tools import load_tools
from micrographia.curation.text import regions
from micrographia.io.resources import find_resource
from micrographia.io.schemas.rows import (
    MicrographRow,
    TextRow,
)

#: Wraps the pictures that a step goes through, to show how far it is.
Progress = Callable[[Sequence[MicrographRow], str], Iterable[MicrographRow]]


def read_burnt_in(
    micrographs: Sequence[MicrographRow],
    settings: Curation,
    progress: Progress = lambda rows, _: rows,
) -> tuple[list[MicrographRow], list[str]]:
    """Find text regions, working part and pixel size of kept micrographs.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    settings
        Those of text and scale.
    progress
        Called with the pictures and the name of each step.

    Returns
    -------
    rows
        The same, completed.
    left_out
        A sentence for each step that was not done, and why.

    Raises
    ------
    MicrographiaError
        A detector or reader that is there is damaged, or tesseract is asked for and absent.
    """
    rows = [row.copy() for row in micrographs]
    reasons = (_no_text(settings.text), _no_scale(settings.scale))
    left_out = [reason for reason in reasons if reason]
    kept = [row for row in rows if row["status"] == "kept"]
    texts: list[TextRow] = []
    if reasons[0] is None:
        from micrographia.curation.text.network import load_detector

        detector = load_detector(settings.text.weights, settings.text)
        texts = list(regions.search(progress(kept, "text"), detector, settings.text))
        rows = add_text(rows, texts)
        kept = [row for row in rows if row["status"] == "kept"]
    scales = None
    if reasons[1] is None:
        by_id = {row["image_id"]: row for row in texts}
        tools = load_tools(settings.scale)
        scales = list(measure.search(progress(kept, "scale bars"), by_id, tools, settings.scale))
    return add_scale(rows, scales), left_out


def _no_text(settings: Text) -> str | None:
    why = None
    if not settings.detect:
        why = "the settings say text.detect: false"
    elif importlib.util.find_spec("ultralytics") is None:
        why = "ultralytics is not installed (extra text-detection)"
    elif not find_resource(settings.weights).is_file():
        why = f"there is no detector {settings.weights}"
    return why and f"Text was not looked for: {why}. Later steps see it as a part of the picture."


def _no_scale(settings: Scale) -> str | None:
    why = None
    if not settings.read:
        why = "the settings say scale.read: false"
    elif not find_resource(settings.reader).is_file():
        why = f"there is no reader {settings.reader}"
    return (
        why and f"Scale bars were not read: {why}. Pixel sizes are those of files and CSV alone."
    )
