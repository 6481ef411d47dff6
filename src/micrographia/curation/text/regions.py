"""Find the text regions of micrographs and choose how to treat them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from micrographia.config import Text
from micrographia.curation.text.crop import Box, largest_free
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph
from micrographia.io.schemas import TEXT
from micrographia.io.schemas.rows import (
    MicrographRow,
    TextRow,
    blank,
)
from micrographia.io.working_picture import MARGIN, grown, most_pixels

LOG = logging.getLogger(__name__)

#: What the shipped detector tells apart.
CLASSES = ("text", "scale_bar", "banner", "panel_letter", "arrow", "logo")


class Region(NamedTuple):
    """One text region.

    Attributes
    ----------
    box
        x0, y0, x1, y1, ends exclusive [px].
    kind
        One of `CLASSES`.
    score
        Probability 0…1.
    sure
        Whether it may be altered. Others are only a hint where a scale bar may be.
    reading
        What the recogniser read in it; None where it was not asked, "" where it read nothing.
    """

    box: Box
    kind: str
    score: float
    sure: bool = False
    reading: str | None = None


Finder = Callable[[NDArray[Any]], Sequence[Region]]


def search(
    micrographs: Iterable[MicrographRow], find: Finder, settings: Text
) -> Iterator[TextRow]:
    """Yield one row of `schemas.TEXT` per micrograph; one that cannot be read says so.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    find
        Finds the regions of a grey picture.
    settings
        The policy.
    """
    for entry in micrographs:
        row: TextRow = blank(TEXT)
        row |= {"image_id": entry["image_id"], "path": entry["path"]}
        try:
            pixels = read_micrograph(entry["path"], most_pixels(entry)).pixels
        except MicrographiaError as error:
            LOG.warning("%s", error)
            yield row | {"failure": str(error)}
            continue
        regions = find(pixels)
        height, width = pixels.shape
        policy, crop, share = decide(regions, width, height, settings)
        yield row | {
            "boxes": [list(region.box) for region in regions],
            "classes": [region.kind for region in regions],
            "scores": [region.score for region in regions],
            "sure": [region.sure for region in regions],
            "readings": [region.reading for region in regions],
            "policy": policy,
            "crop_box": crop,
            "kept_share": share,
        }


def decide(
    regions: Sequence[Region], width: int, height: int, settings: Text
) -> tuple[str, list[int] | None, float | None]:
    """Return the policy for a picture, and for "crop" the rectangle and its fraction of the area.

    Only sure regions count: a picture without one stays as it is. Of them those of
    `settings.crop_score` or more are cut away; fainter ones are inpainted. A crop that would keep
    less than `settings.min_kept` of the area gives way to inpainting.
    """
    regions = [region for region in regions if region.sure]
    if not regions or settings.policy == "none":
        return "none", None, None
    if settings.policy != "crop":
        return settings.policy, None, None
    away = [region.box for region in regions if region.score >= settings.crop_score]
    if not away:
        return "inpaint", None, 1.0
    best = largest_free(grown(away, MARGIN, width, height), width, height)
    share = 0.0 if best is None else (best[2] - best[0]) * (best[3] - best[1]) / (width * height)
    if best is None or share < settings.min_kept:
        return "inpaint", None, share
    return "crop", list(best), share


def particle_loss(labels: NDArray[np.integer], box: Sequence[int] | None) -> float:
    """Return the share of the particles' area that lies outside a crop box (None: no crop)."""
    area = int(np.count_nonzero(labels))
    if box is None or area == 0:
        return 0.0
    x0, y0, x1, y1 = box
    return 1.0 - int(np.count_nonzero(labels[y0:y1, x0:x1])) / area
