"""Rows of the tables of fibres, of their pictures and of their layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.shape import (
    alignment,
    curvature,
    direction_deg,
    persistence_px,
)
from micrographia.segmentation.measuring.layers import Layer, cropped, hidden

#: Why a fibre has no equivalent diameter.
NO_DIAMETER = "a fibre: the disc of its area is no size of it; see length and width"


def fibre_row(
    fibre: Fibre, label: int, image_id: str, path: str | None, pixel_size_nm: float | None
) -> dict[str, Any]:
    """Return a row of `schemas.FIBRES`.

    Parameters
    ----------
    fibre
        With at least one known width.
    label
        Of its layer.
    image_id, path
        Of the picture.
    pixel_size_nm
        Side of a pixel [nm]; None leaves the columns in nm null.
    """
    widths = fibre.widths[fibre.known]
    low, high = np.percentile(widths, (16, 84))
    mean, most = curvature(fibre)
    lengths: dict[str, float | None] = {
        "length": fibre.length,
        "width": float(np.median(widths)),
        "width_spread": float(high - low) / 2,
        "end_to_end": float(np.hypot(*(fibre.points[-1] - fibre.points[0]))),
        "persistence": persistence_px([fibre]),
    }
    scale = pixel_size_nm
    row: dict[str, Any] = {
        "image_id": image_id,
        "path": path,
        "label": label,
        "x": fibre.points[:, 0].tolist(),
        "y": fibre.points[:, 1].tolist(),
        "width_along": fibre.widths.tolist(),
        "measured": float(fibre.known.mean()),
        "curvature_mean_px": mean,
        "curvature_max_px": most,
        "orientation_deg": direction_deg(fibre),
        "cut": fibre.cut,
        "equivalent_diameter_px": None,
        "why_no_diameter": NO_DIAMETER,
        "curvature_mean_nm": None if scale is None else mean / scale,
        "curvature_max_nm": None if scale is None else most / scale,
    }
    return row | in_both_units(lengths, scale)


def in_both_units(lengths: dict[str, float | None], scale: float | None) -> dict[str, Any]:
    """Return lengths in px as columns in px and in nm.

    Examples
    --------
    >>> in_both_units({"width": 4.0}, 0.5)
    {'width_px': 4.0, 'width_nm': 2.0}
    """
    pixels = {f"{name}_px": value for name, value in lengths.items()}
    known = scale is not None
    return pixels | {
        f"{name}_nm": value * scale if known and value is not None and scale is not None else None
        for name, value in lengths.items()
    }


def picture_columns(fibres: Sequence[Fibre], pixel_size_nm: float | None) -> dict[str, Any]:
    """Return what all fibres of a picture say together: columns of `schemas.FIBRE_PICTURES`."""
    s2, direction = alignment(fibres) if fibres else (None, None)
    widths = [float(np.median(fibre.widths[fibre.known])) for fibre in fibres]
    lengths: dict[str, float | None] = {
        "length": sum(fibre.length for fibre in fibres),
        "width": float(np.median(widths)) if widths else None,
        "persistence": persistence_px(fibres),
    }
    counted = {"n_fibres": len(fibres), "s2": s2, "direction_deg": direction}
    return counted | in_both_units(lengths, pixel_size_nm)


def layer_rows(
    layers: Sequence[Layer], shape: tuple[int, int], image_id: str, path: str | None
) -> list[dict[str, Any]]:
    """Return rows of `schemas.LAYERS`.

    Parameters
    ----------
    layers
        Of one picture.
    shape
        Its height and width.
    image_id, path
        Of the picture.
    """
    rows = []
    for layer, under in zip(layers, hidden(layers, shape), strict=True):
        whole = cropped(layer, shape)
        rows.append(
            {
                "image_id": image_id,
                "path": path,
                "label": layer.label,
                "depth": layer.depth,
                "height": shape[0],
                "width": shape[1],
                "runs": layer.runs,
                "area_px": 0 if whole is None else int(np.count_nonzero(whole.mask)),
                "hidden_px": int(under),
            }
        )
    return rows
