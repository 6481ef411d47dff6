"""Facts of a picture from its measured instances: the same for true masks and for found ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from micrographia.arrays import FloatArray

#: Fewest particles whose spread over the quarters of a picture says something.
_FEWEST_IN_QUARTERS = 8
#: nm² in a µm².
_SQUARE_MICROMETRE = 1e6


class Value(NamedTuple):
    """A fact without its picture.

    Attributes
    ----------
    name
        One of `io.facts.vocabulary.FACT_KINDS`.
    number, unit
        As in `schemas.FACTS`.
    evidence
        How it was computed.
    failure
        Why it is not known.
    """

    name: str
    number: float | None
    unit: str | None
    evidence: str
    failure: str | None = None


def particle_facts(
    instances: Sequence[Mapping[str, Any]],
    width: int,
    height: int,
    pixel_size_nm: float | None,
    box: Sequence[int] | None = None,
) -> list[Value]:
    """Return counts, sizes and shares of the instances of one picture.

    Parameters
    ----------
    instances
        Rows of `schemas.INSTANCES`, of which `area_px`, `centroid`, `equivalent_diameter_px`,
        `aspect`, `neighbour_px` and `cut` are used.
    width, height
        Of the picture [px].
    pixel_size_nm
        Side of a pixel [nm]; None: lengths are in px, and a number per area is not known.
    box
        Part of the picture that was worked on: x0, y0, x1, y1, ends exclusive [px]; None: all.

    Returns
    -------
    list of Value
        One for each fact that the tool `segmentation` measures, in the order of the vocabulary,
        after `pixel_size` and `field_width`; what cannot be known has its reason. Sizes are of
        the instances that are not `cut`; counts and shares are of all.
    """
    x0, y0, x1, y1 = (0, 0, width, height) if box is None else box
    area = float((x1 - x0) * (y1 - y0))
    count = len(instances)
    covered = sum(float(row["area_px"]) for row in instances)
    found = [
        *_scale(width, pixel_size_nm),
        Value("particle_count", float(count), None, "number of instances"),
        *_sizes(instances, pixel_size_nm),
        Value("area_fraction", covered / area, None, "area_px of all instances over the area"),
        _density(count, area, pixel_size_nm),
        _fullest_quarter(instances, (x0, y0, x1, y1)),
    ]
    return found


def _scale(width: int, pixel_size_nm: float | None) -> list[Value]:
    if pixel_size_nm is None:
        why = "the pixel size is not known"
        return [Value(name, None, None, "", why) for name in ("pixel_size", "field_width")]
    wide = width * pixel_size_nm
    return [
        Value("pixel_size", pixel_size_nm, "nm", "pixel_size_nm"),
        Value("field_width", wide, "nm", f"{width} px of {pixel_size_nm:.6g} nm"),
    ]


def _sizes(instances: Sequence[Mapping[str, Any]], pixel_size_nm: float | None) -> list[Value]:
    """Sizes and shapes of whole particles, and distances of all."""
    whole = [row for row in instances if not row["cut"]]
    scale, unit = (1.0, "px") if pixel_size_nm is None else (pixel_size_nm, "nm")
    diameters = scale * _column(whole, "equivalent_diameter_px")
    of = f"of {len(whole)} whole instances"

    def value(name: str, values: FloatArray, statistic: Any, unit: str | None, how: str) -> Value:
        if not len(values):
            why = "no particle lies whole in the picture" if instances else "no particle was found"
            return Value(name, None, None, "", why)
        return Value(name, float(statistic(values)), unit, how)

    spread = diameters if len(diameters) > 1 else diameters[:0]
    distances = scale * _column(instances, "neighbour_px")
    if len(instances) == 1:
        alone = Value("neighbour_distance", None, None, "", "there is one particle alone")
    else:
        alone = value("neighbour_distance", distances, np.median, unit, "median of neighbour_px")
    found = [
        value("median_diameter", diameters, np.median, unit, f"median {of}"),
        value("mean_diameter", diameters, np.mean, unit, f"mean {of}"),
        value("diameter_spread", spread, _variation, None, f"standard deviation over mean {of}"),
        value("smallest_diameter", diameters, np.min, unit, f"least {of}"),
        value("largest_diameter", diameters, np.max, unit, f"largest {of}"),
        value("aspect_ratio", _column(whole, "aspect"), np.median, None, f"median aspect {of}"),
        alone,
    ]
    if len(diameters) == 1:
        found[2] = Value("diameter_spread", None, None, "", "one particle alone lies whole in it")
    return found


def _density(count: int, area: float, pixel_size_nm: float | None) -> Value:
    if pixel_size_nm is None:
        return Value("number_density", None, None, "", "the pixel size is not known")
    per_area = count * _SQUARE_MICROMETRE / (area * pixel_size_nm**2)
    return Value("number_density", per_area, "1/µm²", f"{count} instances on {area:.0f} px²")


def _fullest_quarter(instances: Sequence[Mapping[str, Any]], box: tuple[int, ...]) -> Value:
    if len(instances) < _FEWEST_IN_QUARTERS:
        why = f"there are fewer than {_FEWEST_IN_QUARTERS} particles"
        return Value("fullest_quarter", None, None, "", why)
    x0, y0, x1, y1 = box
    centres = np.array([row["centroid"] for row in instances], dtype=np.float64)
    right, low = centres[:, 0] >= (x0 + x1) / 2, centres[:, 1] >= (y0 + y1) / 2
    counts = np.bincount(2 * low.astype(int) + right.astype(int), minlength=4)
    how = f"{counts.max()} of {counts.sum()} centroids in one quarter"
    return Value("fullest_quarter", float(counts.max() / counts.sum()), None, how)


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> FloatArray:
    values = np.array([row[name] for row in rows], dtype=np.float64)
    return values[np.isfinite(values)]


def _variation(values: FloatArray) -> float:
    return float(np.std(values) / np.mean(values))
