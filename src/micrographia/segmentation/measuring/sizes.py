"""Distributions of particle sizes: log-normal and normal fits, and how well they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from micrographia.arrays import FloatArray
from micrographia.io.schemas import SIZES

#: Below this many the p-value's formula does not hold.
_FEWEST = 8
#: Coverage of the geometric mean's interval.
_CONFIDENCE = 0.95


def distribution(diameters: ArrayLike) -> dict[str, float]:
    """Describe sizes and fit a log-normal and a normal distribution to them.

    Parameters
    ----------
    diameters
        Positive, in any unit.

    Returns
    -------
    dict
        The columns of `schemas.SIZES` from `mean` on; NaN where there are too few sizes.

    Notes
    -----
    The fit is that of greatest likelihood, with n - 1 for the variance of the logarithms; the
    interval is Student's. `p_value` is Anderson and Darling's for a normal distribution of the
    logarithms with both parameters estimated, after D'Agostino & Stephens, Goodness-of-Fit
    Techniques (1986), table 4.9; `normal_p_value` is that of the sizes themselves.

    Examples
    --------
    >>> found = distribution([1, 10, 100])
    >>> round(found["geometric_mean"], 6), round(found["geometric_sd"], 6)
    (10.0, 10.0)
    """
    sizes = np.sort(np.asarray(diameters, dtype=np.float64).ravel())
    found = dict.fromkeys(SIZES.names[SIZES.names.index("mean") :], float("nan"))
    n = len(sizes)
    if n == 0:
        return found
    found["mean"], found["median"] = float(sizes.mean()), float(np.median(sizes))
    found["d10"], found["d90"] = (float(q) for q in np.quantile(sizes, (0.1, 0.9)))
    logs = np.log(sizes)
    centre = float(logs.mean())
    found["geometric_mean"] = float(np.exp(centre))
    if n < 2:
        return found
    spread = float(logs.std(ddof=1))
    found["sd"], found["geometric_sd"] = float(sizes.std(ddof=1)), float(np.exp(spread))
    reach = special.stdtrit(n - 1, (1 + _CONFIDENCE) / 2) * spread / np.sqrt(n)
    found["geometric_mean_low"] = float(np.exp(centre - reach))
    found["geometric_mean_high"] = float(np.exp(centre + reach))
    if spread > 1e-12 * max(1.0, abs(centre)):
        found["ks"], found["p_value"] = _departure((logs - centre) / spread)
        score = (sizes - found["mean"]) / found["sd"]
        found["normal_ks"], found["normal_p_value"] = _departure(score)
    return found


def _departure(score: FloatArray) -> tuple[float, float]:
    """Distance of sorted standardised scores from the normal distribution, and its p-value."""
    enough = len(score) >= _FEWEST
    return _ks(score), _anderson_darling(score) if enough else float("nan")


def _ks(score: FloatArray) -> float:
    """Largest distance of the cumulated shares of sorted scores from the normal distribution."""
    n = len(score)
    below = special.ndtr(score)
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - below).max(), (below - steps[:-1]).max()))


def _anderson_darling(score: FloatArray) -> float:
    """P-value of sorted standardised scores."""
    n = len(score)
    place = 2 * np.arange(1, n + 1) - 1
    terms = special.log_ndtr(score) + special.log_ndtr(-score[::-1])
    statistic = -n - float((place * terms).mean())
    a = statistic * (1 + 0.75 / n + 2.25 / n**2)
    if a < 0.2:
        return float(1 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2))
    if a < 0.34:
        return float(1 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2))
    if a < 0.6:
        return float(np.exp(0.9177 - 4.279 * a - 1.38 * a**2))
    # The last parabola turns up again beyond its range.
    return float(np.exp(1.2937 - 5.709 * min(a, 13) + 0.0186 * min(a, 13) ** 2))


def summarise(instances: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of `schemas.SIZES`: of all pictures together first, then of each.

    Pictures are told apart by their files, and where they came from none by `image_id`: the same
    picture under two names is two.

    Parameters
    ----------
    instances
        Columns of `schemas.INSTANCES`.
    """
    rows = [
        {"image_id": None, "path": None, "unit": unit, **row}
        for unit, row in distributions(instances)
        if row["n"] or unit == "px"
    ]
    file = instances["path"].where(instances["path"].notna(), instances["image_id"])
    for _, part in instances.groupby(file, sort=False):
        first = part.iloc[0]
        path = None if pd.isna(first["path"]) else first["path"]
        rows += [
            {"image_id": first["image_id"], "path": path, "unit": unit, **row}
            for unit, row in distributions(part)
            if unit == "px" or part["area_nm2"].notna().any()
        ]
    return rows


def distributions(instances: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield "px" and "nm", each with the columns of `schemas.SIZES` from `n` on."""
    for unit in ("px", "nm"):
        sizes, n_cut = diameters(instances, unit)
        yield unit, {"n": len(sizes), "n_cut": n_cut, **distribution(sizes)}


def diameters(instances: pd.DataFrame, unit: str) -> tuple[FloatArray, int]:
    """Equivalent diameters in px or nm that are known, and how many the border cuts.

    Instances that are cut are left out: what is seen of them is not their size. Large ones are
    cut more often than small ones, so a picture of few large particles shows too few of these.
    """
    sizes = instances[f"equivalent_diameter_{unit}"].to_numpy(dtype=np.float64)
    known = np.isfinite(sizes)
    cut = instances["cut"].to_numpy(dtype=bool)
    return sizes[known & ~cut], int(np.count_nonzero(known & cut))
