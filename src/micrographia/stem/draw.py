"""Random imaging conditions and scan of one image, drawn with a random seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.config import Stem
from micrographia.physics.conditions import ImagingConditions


@dataclass(frozen=True)
class Drawn:
    """How one picture is taken.

    Attributes
    ----------
    conditions
        The microscope.
    field
        Side of the square field [Å].
    drift
        Drift (x, y) over the frame [Å].
    jitter
        Root mean square displacement of rows [Å].
    """

    conditions: ImagingConditions
    field: float
    drift: tuple[float, float]
    jitter: float


def draw(settings: Stem, seed: list[int]) -> Drawn:
    """Draw one picture's conditions; what `settings.vary` leaves at zero keeps its value.

    Every number is drawn whether it is used or not, so that one spread does not change what the
    others draw.

    Parameters
    ----------
    settings
        Section `stem`.
    seed
        Of the picture.
    """
    generator = np.random.default_rng(seed)
    even = dict(zip(_DRAWS, generator.uniform(0, 1, len(_DRAWS)), strict=True))
    base, vary = settings.conditions, settings.vary
    changes: dict[str, float] = {}
    if vary.defocus > 0:
        spread = (2 * even["defocus"] - 1) * vary.defocus
        changes["defocus"] = float(np.clip(base.defocus + spread, -1000, 1000))
    for name in ("astigmatism", "threefold", "coma"):
        most = getattr(vary, name)
        if most > 0:
            changes[name] = float(even[name] * most)
            changes[f"{name}_angle"] = float(360 * even[f"{name}_angle"] - 180)
    if vary.source_size > 0:
        changes["source_size"] = float(even["source_size"] * vary.source_size)
    direction = 2 * np.pi * even["drift_angle"]
    way = even["drift"] * vary.drift
    return Drawn(
        conditions=base.model_copy(update=changes),
        field=float(max(5.0, settings.field + (2 * even["field"] - 1) * vary.field)),
        drift=(float(way * np.cos(direction)), float(way * np.sin(direction))),
        jitter=float(even["jitter"] * vary.jitter),
    )


_DRAWS = (
    "defocus",
    "astigmatism",
    "astigmatism_angle",
    "threefold",
    "threefold_angle",
    "coma",
    "coma_angle",
    "source_size",
    "field",
    "drift",
    "drift_angle",
    "jitter",
)
