"""Size and shape of every instance, in pixels and, where the pixel size is known, in nm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree
from skimage.measure import regionprops_table

from micrographia.arrays import BoolArray, FloatArray, IntArray
from micrographia.io.schemas import INSTANCES
from micrographia.physics.moments import directions
from micrographia.segmentation.measuring.outlines import feret

_PROPERTIES = (
    "label",
    "area",
    "centroid",
    "bbox",
    "equivalent_diameter_area",
    "major_axis_length",
    "minor_axis_length",
    "orientation",
    "perimeter_crofton",
    "solidity",
    "image",
)


def measure(
    labels: NDArray[np.integer],
    image_id: str,
    pixel_size_nm: float | None,
    box: Sequence[int] | None = None,
    path: str | None = None,
) -> pd.DataFrame:
    """Measure every instance of a label mask.

    Parameters
    ----------
    labels
        Label mask, shape (H, W); gaps between labels are kept.
    image_id
        Identifier that every row carries.
    pixel_size_nm
        Side of a pixel [nm]; None leaves the columns in nm empty.
    box
        Part of the mask that was worked on: x0, y0, x1, y1, ends exclusive [px]; what touches
        its border is `cut`. None for all of it.
    path
        File of the picture, which every row carries.

    Returns
    -------
    DataFrame
        Columns of `micrographia.io.schemas.INSTANCES`, one row per instance in order of label.
        `centroid` is (x, y), `bbox` is (x0, y0, x1, y1) with x1 and y1 outside [px].
        `orientation_deg` runs counter-clockwise from the x axis to the major axis, 0 ≤ o < 180;
        NaN where the shape is round (`physics.moments.directions`). `circularity` is
        4π area / perimeter², at most 1, the perimeter after Crofton; NaN for a single pixel and
        for a straight line of pixels, which have no outline.
        `feret_max_px` and `feret_min_px` are what `outlines.feret` returns. `aspect` is the ratio
        of the axes of the ellipse, pixels taken as unit squares: at least 1, and finite for a
        line of pixels. `neighbour_px` is the distance of the nearest other centroid.

    Notes
    -----
    Axes are those of the ellipse with the same second moments (scikit-image `regionprops`).
    """
    table = regionprops_table(np.asarray(labels), properties=_PROPERTIES)
    area = table["area"].astype(np.float64)
    perimeter = table["perimeter_crofton"]
    scale = np.nan if pixel_size_nm is None else pixel_size_nm
    longest, least = np.array([feret(image) for image in table["image"]]).reshape(-1, 2).T
    major, minor = table["major_axis_length"], table["minor_axis_length"]
    # Crofton's perimeter of a single pixel, or of a line of them, is that of no outline.
    squared = np.where(minor > 0, perimeter, np.nan) ** 2
    nearest = _nearest(np.column_stack([table["centroid-1"], table["centroid-0"]]))
    height, width = labels.shape
    columns = {
        "image_id": [image_id] * len(area),
        "path": pd.Series([path] * len(area), dtype="str"),
        "label": table["label"].astype(np.int32),
        "area_px": area,
        "centroid": _rows(table, "centroid-1", "centroid-0"),
        "bbox": _rows(table, "bbox-1", "bbox-0", "bbox-3", "bbox-2"),
        "equivalent_diameter_px": table["equivalent_diameter_area"],
        "feret_max_px": longest,
        "feret_min_px": least,
        "major_axis_px": major,
        "minor_axis_px": minor,
        # The second moment of a unit square is 1/12, and an axis is four standard deviations.
        "aspect": np.sqrt((major**2 + 16 / 12) / (minor**2 + 16 / 12)),
        "orientation_deg": directions(table["orientation"], major, minor, area),
        "circularity": np.minimum(4 * np.pi * area / squared, 1.0),
        "solidity": table["solidity"],
        "neighbour_px": nearest,
        "cut": _cut(table, (0, 0, width, height) if box is None else box),
        "area_nm2": area * scale**2,
        "equivalent_diameter_nm": table["equivalent_diameter_area"] * scale,
        "feret_max_nm": longest * scale,
        "feret_min_nm": least * scale,
        "neighbour_nm": nearest * scale,
    }
    return pd.DataFrame(columns, columns=list(INSTANCES.names))


def _nearest(centroids: FloatArray) -> FloatArray:
    """Distance of each point from the nearest other one; NaN where there is none."""
    if len(centroids) < 2:
        return np.full(len(centroids), np.nan)
    return np.asarray(KDTree(centroids).query(centroids, k=2)[0][:, 1])


def _cut(table: dict[str, IntArray], box: Sequence[int]) -> BoolArray:
    """Whether instances touch the border of a box: more of them may lie outside."""
    x0, y0, x1, y1 = box
    low = (table["bbox-1"] <= x0) | (table["bbox-0"] <= y0)
    return np.asarray(low | (table["bbox-3"] >= x1) | (table["bbox-2"] >= y1))


def _rows(table: dict[str, NDArray[np.generic]], *names: str) -> list[list[float]]:
    """Join columns into one list per row."""
    rows: list[list[float]] = np.column_stack([table[name] for name in names]).tolist()
    return rows
