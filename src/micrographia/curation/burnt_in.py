"""Text regions and pixel sizes of a whole table at once, as far as this machine can read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from micrographia.config import Curation, Scale, Text
from micrographia.curation.finish import add_scale, add_text
from micrographia.curation.scale import measure
from micrographia.curation.scale.readers.tools import Tools, load_tools
from micrographia.curation.text import regions
from micrographia.curation.text.finder import why_not
from micrographia.io.resources import find_resource
from micrographia.io.schemas.rows import (
    MicrographRow,
    ScaleRow,
    TextRow,
)

if TYPE_CHECKING:
    from micrographia.curation.text.network import Detector

#: Wraps the pictures that a step goes through, to show how far it is.
Progress = Callable[[Sequence[MicrographRow], str], Iterable[MicrographRow]]


class Readers(NamedTuple):
    """What reads burnt-in text and scale bars, loaded once for any number of pictures.

    Attributes
    ----------
    find_text
        Finds text regions; None where this machine cannot.
    scale
        Reads scale bars; None where they are not to be read.
    left_out
        A sentence for each step that is not done, and why.
    """

    find_text: Detector | None
    scale: Tools | None
    left_out: list[str]


class BurntIn(NamedTuple):
    """Rows of `schemas.MICROGRAPHS`, completed, and what was read of them.

    `texts` and `scales` are rows of `schemas.TEXT` and `schemas.SCALE` of the kept pictures;
    None where that step is not done.
    """

    rows: list[MicrographRow]
    texts: list[TextRow] | None
    scales: list[ScaleRow] | None


def load_readers(settings: Curation) -> Readers:
    """Load the detector of text and the readers of scale bars, as far as they are there.

    Raises
    ------
    MicrographiaError
        One that is there is damaged, or one that is asked for is absent.
    """
    no_text, no_scale = _no_text(settings.text), _no_scale(settings.scale)
    find = None
    if no_text is None:
        from micrographia.curation.text.network import load_detector

        find = load_detector(settings.text.weights, settings.text)
    tools = load_tools(settings.scale) if no_scale is None else None
    return Readers(find, tools, [reason for reason in (no_text, no_scale) if reason])


def read_burnt_in(
    micrographs: Sequence[MicrographRow],
    readers: Readers,
    settings: Curation,
    progress: Progress = lambda rows, _: rows,
) -> BurntIn:
    """Find text regions, working part and pixel size of kept micrographs.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    readers
        What `load_readers` returns.
    settings
        Those of text and scale.
    progress
        Called with the pictures and the name of each step.
    """
    rows = [row.copy() for row in micrographs]
    texts: list[TextRow] | None = None
    if readers.find_text is not None:
        kept = [row for row in rows if row["status"] == "kept"]
        texts = list(regions.search(progress(kept, "text"), readers.find_text, settings.text))
        rows = add_text(rows, texts)
    scales = None
    if readers.scale is not None:
        kept = [row for row in rows if row["status"] == "kept"]
        by_id = {row["image_id"]: row for row in texts or ()}
        bars = progress(kept, "scale bars")
        scales = list(measure.search(bars, by_id, readers.scale, settings.scale))
    return BurntIn(add_scale(rows, scales), texts, scales)


def _no_text(settings: Text) -> str | None:
    why = why_not(settings)
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
