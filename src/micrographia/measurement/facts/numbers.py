"""Facts of a segmented picture that go beyond `io.facts.particles`: interval, doubts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.io.facts.particles import Value

#: Fewest sizes of which an interval of the median is told.
_FEWEST = 6
#: Quantile of the normal distribution for 95 %, halved: the median of n lies this many sqrt(n)
#: places from the middle at most.
_REACH = 0.98
#: Medians that a word for the shape allows: wider than the definitions of `io.vocabulary`, which
#: are of true outlines.
_FITTING: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "aspect": {"spherical": (1.0, 1.5), "rod_like": (1.5, 12.0), "fibrous": (2.5, math.inf)},
    "circularity": {"spherical": (0.75, math.inf), "irregular": (0.0, 0.8)},
}


def further_facts(
    instances: Sequence[Mapping[str, Any]], pixel_size_nm: float | None
) -> list[Value]:
    """Return the number of whole particles and the interval of their median diameter.

    Parameters
    ----------
    instances
        Rows of `schemas.INSTANCES`, of which `equivalent_diameter_px` and `cut` are used.
    pixel_size_nm
        Side of a pixel [nm]; None: lengths are in px.

    Notes
    -----
    The interval is that of the order statistics between which the median lies by the binomial
    distribution in its normal approximation; it holds for any distribution of sizes.

    Examples
    --------
    >>> rows = [{"equivalent_diameter_px": float(size), "cut": False} for size in range(1, 101)]
    >>> [(one.number, one.unit) for one in further_facts(rows, 2.0)]
    [(100.0, None), (82.0, 'nm'), (120.0, 'nm')]
    """
    whole = [row for row in instances if not row["cut"]]
    sizes = np.sort([float(row["equivalent_diameter_px"]) for row in whole])
    n = len(sizes)
    found = [Value("whole_count", float(n), None, "number of instances that nothing cuts")]
    names = ("median_diameter_low", "median_diameter_high")
    if n < _FEWEST:
        why = f"fewer than {_FEWEST} particles lie whole in the picture"
        return found + [Value(name, None, None, "", why) for name in names]
    scale, unit = (1.0, "px") if pixel_size_nm is None else (pixel_size_nm, "nm")
    low = max(math.floor(n / 2 - _REACH * math.sqrt(n)), 0)
    high = min(math.ceil(n / 2 + _REACH * math.sqrt(n)), n) - 1
    how = f"95 % order statistic of {n} whole instances"
    ends = (float(sizes[low]) * scale, float(sizes[high]) * scale)
    return found + [Value(name, end, unit, how) for name, end in zip(names, ends, strict=True)]


def contradiction(shape: str, instances: Sequence[Mapping[str, Any]]) -> str | None:
    """Return why a word for the shape of particles does not fit what was measured, or None.

    Parameters
    ----------
    shape
        Word of the attribute `morphology`.
    instances
        Rows of `schemas.INSTANCES`, of which `aspect`, `circularity` and `cut` are used.
    """
    whole = [row for row in instances if not row["cut"]]
    for name, ranges in _FITTING.items():
        values = [float(row[name]) for row in whole if row[name] is not None]
        values = [value for value in values if math.isfinite(value)]
        low, high = ranges.get(shape, (0.0, math.inf))
        if values and not low <= float(np.median(values)) <= high:
            return f"the measured median {name} is {np.median(values):.2f}"
    return None
