"""Statistics of the particles in a label mask: number, sizes and outlines."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from skimage.measure import regionprops_table

from micrographia.arrays import BoolArray, FloatArray, LabelMask
from micrographia.physics.moments import directions

#: Outlines that are looked at in one picture: the largest ones.
_OUTLINES = 120
#: Points of an outline's radial profile, and harmonics of it that are kept.
_ANGLES, _HARMONICS = 64, range(2, 9)
_NOTHING = float("nan")
_SIZES = (
    "diameter",
    "diameter_cv",
    "diameter_spread",
    "log_spread",
    "log_skew",
    "large_share",
    "upper",
    "lower",
    "split_separation",
    "split_ratio",
    "split_share",
    "trimmed_cv",
)
_PROPERTIES = (
    "label",
    "area",
    "centroid",
    "bbox",
    "major_axis_length",
    "minor_axis_length",
    "orientation",
    "perimeter_crofton",
    "solidity",
)


def particles(labels: LabelMask) -> pd.DataFrame:
    """Measure what the statistics need of every instance, in the columns of `INSTANCES`."""
    table = regionprops_table(labels, properties=_PROPERTIES)
    area = table["area"].astype(np.float64)
    squared = np.maximum(table["perimeter_crofton"], 1.0) ** 2
    return pd.DataFrame(
        {
            "label": table["label"],
            "area_px": area,
            "centroid": np.column_stack([table["centroid-1"], table["centroid-0"]]).tolist(),
            "bbox": np.column_stack([table[f"bbox-{k}"] for k in (1, 0, 3, 2)]).tolist(),
            "equivalent_diameter_px": np.sqrt(4 / np.pi * area),
            "major_axis_px": table["major_axis_length"],
            "minor_axis_px": table["minor_axis_length"],
            "orientation_deg": directions(
                table["orientation"],
                table["major_axis_length"],
                table["minor_axis_length"],
                area,
            ),
            "circularity": np.minimum(4 * np.pi * area / squared, 1.0),
            "solidity": table["solidity"],
        }
    )


def interior(instances: pd.DataFrame, shape: tuple[int, int]) -> BoolArray:
    """Return which instances the border of a picture of (height, width) does not cut."""
    height, width = shape
    boxes = np.array(instances["bbox"].tolist(), dtype=np.float64).reshape(-1, 4)
    inside = (boxes[:, :2] > 0).all(axis=1)
    return np.asarray(inside & (boxes[:, 2] < width) & (boxes[:, 3] < height))


def number_statistics(instances: pd.DataFrame, shape: tuple[int, int]) -> dict[str, float]:
    """Return how many instances there are and how much they cover.

    Parameters
    ----------
    instances
        What `particles` returned.
    shape
        Its height and width [px].
    """
    area = float(np.prod(shape))
    covered = instances["area_px"].to_numpy(float)
    return {
        "count": float(len(instances)),
        "log_count": float(np.log1p(len(instances))),
        "covered": float(covered.sum() / area),
        "largest_share": float(covered.max() / max(covered.sum(), 1)) if covered.size else 0.0,
        "interior_share": float(interior(instances, shape).mean()) if len(instances) else 0.0,
    }


def size_statistics(diameters: FloatArray, side: float) -> dict[str, float]:
    """Return the distribution of equivalent diameters.

    Parameters
    ----------
    diameters
        Those of instances within the frame [px].
    side
        Square root of the picture's area [px].
    """
    if diameters.size < 3:
        return dict.fromkeys(_SIZES, _NOTHING)
    logs = np.log(diameters)
    q = np.quantile(diameters, [0.05, 0.16, 0.5, 0.84, 0.95])
    deviation = float(logs.std())
    separation, ratio, share = _split(logs)
    middle = np.abs(logs - np.median(logs)) <= np.quantile(np.abs(logs - np.median(logs)), 0.9)
    kept = diameters[middle]
    values = (
        q[2] / side,
        diameters.std() / diameters.mean(),
        (q[3] - q[1]) / (2 * q[2]),
        deviation,
        float(np.mean((logs - logs.mean()) ** 3) / max(deviation, 1e-3) ** 3),
        np.mean(diameters > 2 * q[2]),
        q[4] / q[2],
        q[0] / q[2],
        separation,
        ratio,
        share,
        kept.std() / kept.mean(),
    )
    return dict(zip(_SIZES, map(float, values), strict=True))


def _split(logs: FloatArray) -> tuple[float, float, float]:
    """Best division in two: share of the variance it explains, ratio of sizes, share of large."""
    ordered = np.sort(logs)
    n, below = ordered.size, np.arange(1, ordered.size)
    sums = np.cumsum(ordered)
    low, high = sums[:-1] / below, (sums[-1] - sums[:-1]) / (n - below)
    between = below * (n - below) / n**2 * (high - low) ** 2
    best = int(np.argmax(between))
    explained = between[best] / max(float(ordered.var()), 1e-6)
    return float(explained), float(high[best] - low[best]), float((n - below[best]) / n)


def outline_statistics(labels: LabelMask, instances: pd.DataFrame) -> dict[str, float]:
    """Return quantiles of the shapes of instances, large ones first.

    Parameters
    ----------
    labels
        Label mask, shape (H, W).
    instances
        What `particles` returned.
    """
    rows = instances[interior(instances, labels.shape)]
    if len(rows) < 3:  # better cut outlines than none
        rows = instances
    minor = np.maximum(rows["minor_axis_px"].to_numpy(float), 1.0)
    found: dict[str, FloatArray] = {
        "aspect": rows["major_axis_px"].to_numpy(float) / minor,
        "circularity": rows["circularity"].to_numpy(float),
        "solidity": rows["solidity"].to_numpy(float),
    }
    largest = rows.nlargest(_OUTLINES, "area_px")
    named = zip(largest["label"].tolist(), largest["bbox"].tolist(), strict=True)
    outlines = [_outline(labels, label, box) for label, box in named]
    table = np.array([values for values in outlines if values is not None]).reshape(-1, 10)
    names = ["extent", "polygon", "corners", *(f"harmonic_{k}" for k in _HARMONICS)]
    found |= {name: table[:, place] for place, name in enumerate(names)}
    summary = {}
    for name, values in found.items():
        values = values[np.isfinite(values)]
        for share in (0.25, 0.5, 0.75):
            key = f"{name}_{round(100 * share)}"
            summary[key] = float(np.quantile(values, share)) if values.size else _NOTHING
    aspects = found["aspect"]
    summary["elongated_share"] = float(np.mean(aspects > 1.8)) if aspects.size else _NOTHING
    summary["very_long_share"] = float(np.mean(aspects > 8)) if aspects.size else _NOTHING
    return summary


def _outline(labels: LabelMask, label: int, box: object) -> list[float] | None:
    """Extent, area and corners of the polygon through it, and harmonics of one outline."""
    x0, y0, x1, y1 = (int(edge) for edge in np.asarray(box))
    mask = np.pad((labels[y0:y1, x0:x1] == label).astype(np.uint8), 1)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=len)
    area, length = cv2.contourArea(contour), cv2.arcLength(contour, True)
    if area < 12 or len(contour) < 8:
        return None
    (_, (wide, tall), _) = cv2.minAreaRect(contour)
    polygon = cv2.approxPolyDP(contour, 0.035 * length, True)
    points = contour[:, 0, :].astype(np.float64)
    moments = cv2.moments(contour)
    centre = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    away = points - centre
    angles, radii = np.arctan2(away[:, 1], away[:, 0]), np.hypot(*away.T)
    order = np.argsort(angles)
    grid = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
    profile = np.interp(grid, angles[order], radii[order], period=2 * np.pi)
    spectrum = np.abs(np.fft.rfft(profile)) / (_ANGLES * profile.mean())
    return [
        area / max(wide * tall, 1.0),
        cv2.contourArea(polygon) / area,
        float(len(polygon)),
        *(float(spectrum[k]) for k in _HARMONICS),
    ]
