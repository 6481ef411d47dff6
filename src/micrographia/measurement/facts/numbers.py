"""Facts that are numbers: from the instances of a picture and the size of its pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from micrographia.arrays import FloatArray

#: Fewest sizes of which a spread, and of which an interval of the median is told.
_SPREAD, _INTERVAL = 5, 6


@dataclass(frozen=True)
class Number:
    """A number, or why there is none.

    Attributes
    ----------
    value
        In px, px² or without a unit; None where it is not known.
    told
        How it was computed, or why it was not.
    power
        Of the pixel size, by which the value grows: 1 of lengths, -2 of densities, 0 of others.
    """

    value: float | None
    told: str
    power: int = 0


def numbers_of(instances: pd.DataFrame, area_px: int, shape: tuple[int, int]) -> dict[str, Number]:
    """Return all numbers of a segmented picture, in pixels, by the names of their facts.

    Parameters
    ----------
    instances
        Columns of `schemas.INSTANCES`.
    area_px
        Pixels of the part that was worked on that belong to an instance.
    shape
        Height and width of that part [px].
    """
    count = len(instances)
    whole = instances[~instances["cut"].to_numpy(dtype=bool)]
    seen = f"of {len(whole)} whole instances, {count - len(whole)} cut ones left out"
    pixels = shape[0] * shape[1]
    found = {
        "particle_count": Number(float(count), "instances of the mask, cut ones included"),
        "whole_count": Number(float(len(whole)), "instances that neither border nor text cuts"),
        "area_fraction": Number(area_px / pixels, "pixels of instances over all pixels"),
        "number_density": Number(count / pixels, "instances over the area", -2),
        "fullest_quarter": _fullest(instances, shape),
    }
    found |= _diameters(whole["equivalent_diameter_px"].to_numpy(dtype=np.float64), seen)
    aspects = whole["aspect"].to_numpy(dtype=np.float64)
    gaps = instances["neighbour_px"].to_numpy(dtype=np.float64)
    found["aspect_ratio"] = _median(aspects, f"median of aspect {seen}", 0)
    found["neighbour_distance"] = _median(gaps, "median distance to the nearest centre", 1)
    return found


def _diameters(sizes: FloatArray, seen: str) -> dict[str, Number]:
    names = (
        "median_diameter", "mean_diameter", "smallest_diameter", "largest_diameter",
        "diameter_spread", "median_diameter_low", "median_diameter_high",
    )  # fmt: skip
    sizes = np.sort(sizes[np.isfinite(sizes)])
    n = len(sizes)
    if n == 0:
        return dict.fromkeys(names, Number(None, "no particle lies whole in the picture"))
    mean = float(sizes.mean())
    told = f"equivalent_diameter {seen}"
    found = {
        "median_diameter": Number(float(np.median(sizes)), f"median of {told}", 1),
        "mean_diameter": Number(mean, f"mean of {told}", 1),
        "smallest_diameter": Number(float(sizes[0]), f"least of {told}", 1),
        "largest_diameter": Number(float(sizes[-1]), f"largest of {told}", 1),
    }
    few = Number(None, f"only {n} particle{'s lie' if n > 1 else ' lies'} whole in the picture")
    spread = Number(float(sizes.std(ddof=1)) / mean, f"sd over mean of {told}") if n > 1 else few
    found["diameter_spread"] = spread if n >= _SPREAD else few
    # Order statistics between which the median lies by the binomial distribution, at 95 %.
    reach = 0.98 * math.sqrt(n)
    low, high = math.floor(n / 2 - reach), math.ceil(n / 2 + reach)
    for name, place in (("median_diameter_low", max(low, 0)), ("median_diameter_high", high)):
        value = float(sizes[min(place, n - 1)])
        found[name] = Number(value, f"95 % order statistics of {told}", 1)
        if n < _INTERVAL:
            found[name] = few
    return found


def _median(values: FloatArray, told: str, power: int) -> Number:
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return Number(None, "too few particles were found")
    return Number(float(np.median(values)), told, power)


def _fullest(instances: pd.DataFrame, shape: tuple[int, int]) -> Number:
    """Fraction of the instances in the quarter of the picture that has most of them."""
    if len(instances) == 0:
        return Number(None, "no particle was found")
    centres = np.array(instances["centroid"].tolist(), dtype=np.float64)
    right, low = centres[:, 0] >= shape[1] / 2, centres[:, 1] >= shape[0] / 2
    counts = np.bincount(2 * low.astype(int) + right.astype(int), minlength=4)
    return Number(float(counts.max() / counts.sum()), "centres by quarters of the picture")


def scaled(number: Number, size_nm: float | None) -> tuple[float | None, str | None]:
    """Return a number in the unit that it is told in, and that unit; px without a pixel size.

    Examples
    --------
    >>> scaled(Number(20.0, "", 1), 0.5), scaled(Number(20.0, "", 1), None)
    ((10.0, 'nm'), (20.0, 'px'))
    >>> scaled(Number(1e-4, "", -2), 10.0), scaled(Number(1e-4, "", -2), None)
    ((1.0, '1/µm²'), (None, None))
    """
    if number.value is None or number.power == 0:
        return number.value, None
    if number.power == 1:
        return (number.value, "px") if size_nm is None else (number.value * size_nm, "nm")
    return (None, None) if size_nm is None else (number.value / size_nm**2 * 1e6, "1/µm²")


def contradiction(shape: str, numbers: Mapping[str, Number]) -> str | None:
    """Return why a word for the shape of particles does not fit what was measured, or None.

    Parameters
    ----------
    shape
        Word of the attribute `morphology`.
    numbers
        What `numbers_of` returned.
    """
    aspect = numbers["aspect_ratio"].value
    # Wider than the definitions of `io.vocabulary`, which are of true outlines.
    fitting = {"spherical": (1.0, 1.5), "rod_like": (1.5, 12.0), "fibrous": (2.5, math.inf)}
    low, high = fitting.get(shape, (0.0, math.inf))
    if aspect is None or low <= aspect <= high:
        return None
    return f"the measured median aspect ratio is {aspect:.2f}"


def spread_word(variation: float) -> str:
    """Return the word of `pixel_size_profile` for a coefficient of variation of diameters.

    Examples
    --------
    >>> spread_word(0.1), spread_word(0.2), spread_word(0.5)
    ('uniform', 'minor_variation', 'wide')
    """
    return "uniform" if variation < 0.15 else "wide" if variation > 0.35 else "minor_variation"


def density_word(count: int) -> str:
    """Return the word of `particle_density` for a number of instances, by its definition.

    Examples
    --------
    >>> [density_word(n) for n in (0, 1, 29, 30, 100)]
    ['none', 'single', 'sparse', 'medium', 'high']
    """
    steps = ((1, "none"), (2, "single"), (30, "sparse"), (100, "medium"))
    return next((word for most, word in steps if count < most), "high")
