"""Size and shape of every instance, in pixels and, where the pixel size is known, in nm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from micrographia.io.schemas import INSTANCES

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
)


def measure(
    labels: NDArray[np.integer], image_id: str, pixel_size_nm: float | None
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

    Returns
    -------
    DataFrame
        Columns of `micrographia.io.schemas.INSTANCES`, one row per instance in order of label.
        `centroid` is (x, y), `bbox` is (x0, y0, x1, y1) with x1 and y1 outside [px].
        `orientation_deg` runs counter-clockwise from the x axis to the major axis, 0 ≤ o < 180.
        `circularity` is 4π area / perimeter², at most 1, the perimeter after Crofton.

    Notes
    -----
    Axes are those of the ellipse with the same second moments (scikit-image `regionprops`).
    """
    table = regionprops_table(np.asarray(labels), properties=_PROPERTIES)
    area = table["area"].astype(np.float64)
    perimeter = table["perimeter_crofton"]
    # One pixel has no outline that could be measured: its circularity stays undefined.
    squared = np.where(perimeter > 0, perimeter, np.nan) ** 2
    scale = np.nan if pixel_size_nm is None else pixel_size_nm
    columns = {
        "image_id": [image_id] * len(area),
        "label": table["label"].astype(np.int32),
        "area_px": area,
        "centroid": _rows(table, "centroid-1", "centroid-0"),
        "bbox": _rows(table, "bbox-1", "bbox-0", "bbox-3", "bbox-2"),
        "equivalent_diameter_px": table["equivalent_diameter_area"],
        "major_axis_px": table["major_axis_length"],
        "minor_axis_px": table["minor_axis_length"],
        # scikit-image measures from the downward axis; see its gallery on region properties.
        "orientation_deg": (np.degrees(table["orientation"]) + 90.0) % 180.0,
        "circularity": np.minimum(4 * np.pi * area / squared, 1.0),
        "solidity": table["solidity"],
        "area_nm2": area * scale**2,
        "equivalent_diameter_nm": table["equivalent_diameter_area"] * scale,
    }
    return pd.DataFrame(columns, columns=list(INSTANCES.names))


def _rows(table: dict[str, NDArray[np.generic]], *names: str) -> list[list[float]]:
    """Join columns into one list per row."""
    rows: list[list[float]] = np.column_stack([table[name] for name in names]).tolist()
    return rows
