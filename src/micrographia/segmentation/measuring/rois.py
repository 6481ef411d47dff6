"""Label masks as ImageJ regions of interest: a zip that ImageJ's ROI manager opens."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence

import numpy as np
from roifile import ROI_TYPE, ImagejRoi

from micrographia.arrays import Float32Array, IntArray, LabelMask
from micrographia.io.atomic import atomic_path
from micrographia.segmentation.measuring.layers import Layer, instances_of
from micrographia.segmentation.measuring.outlines import outlines

#: A polygon in ImageJ numbers its corners with 16 bits.
_MOST_CORNERS = 60_000
_MOVE, _LINE, _CLOSE = 0, 1, 4


def write_rois(
    path: str | os.PathLike[str], labels: LabelMask, layers: Sequence[Layer] | None = None
) -> None:
    """Write every instance as a region named by its label, atomically.

    A region holds the same pixels as the instance: polygons run along the edges of pixels, and
    what has holes or several parts is a composite region. A mask without instances is an empty
    zip.

    Parameters
    ----------
    path
        Where to write, `.zip`.
    labels
        Label mask, shape (H, W).
    layers
        The same instances whole, where they lie on one another; None if they do not.
    """
    most = max((layer.label for layer in layers or ()), default=int(labels.max(initial=0)))
    digits = len(str(most))
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for label, _, x, y, mask in instances_of(labels, layers):
            polygons = [polygon + np.array([x, y]) for polygon in outlines(mask)]
            name = f"{label:0{digits}d}"
            # Without a date the same mask gives the same bytes.
            entry = zipfile.ZipInfo(f"{name}.roi", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, region(polygons, name).tobytes())


def region(polygons: list[IntArray], name: str) -> ImagejRoi:
    """Return polygons as one region of ImageJ, named."""
    if len(polygons) == 1 and len(polygons[0]) <= _MOST_CORNERS:
        roi = ImagejRoi.frompoints(polygons[0], name=name)
        roi.roitype = ROI_TYPE.TRACED
    else:
        roi = ImagejRoi()
        roi.roitype, roi.name = ROI_TYPE.RECT, name
        roi.multi_coordinates = _path(polygons)
        roi.shape_roi_size = len(roi.multi_coordinates)
    corners = np.concatenate(polygons)
    roi.left, roi.top = (int(edge) for edge in corners.min(axis=0))
    roi.right, roi.bottom = (int(edge) for edge in corners.max(axis=0))
    return roi


def _path(polygons: list[IntArray]) -> Float32Array:
    """Steps of a Java path: move to the first corner, lines to the others, close."""
    steps: list[float] = []
    for polygon in polygons:
        orders = [_MOVE] + [_LINE] * (len(polygon) - 1)
        steps += np.column_stack([orders, polygon]).ravel().tolist()
        steps.append(_CLOSE)
    return np.array(steps, dtype=np.float32)
