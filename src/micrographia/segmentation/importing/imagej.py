"""Objects of ImageJ: regions of interest, one in a .roi file, several in a .zip."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from roifile import ROI_TYPE, ImagejRoi

from micrographia.io.masks.shapes import Drawn, Shape, ellipse, fill
from micrographia.segmentation.importing.source import Drawing, DrawingError, Objects

#: Largest regions that are read, one and all of a zip together [byte].
_LARGEST, _LARGEST_ZIP = 20_000_000, 400_000_000
_AREAS = (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)


def drawing(path: Path) -> Drawing:
    """Return what a .roi file or a .zip of them holds; the picture has the file's name."""
    names = [path.stem]
    for ending in ("_RoiSet", "-RoiSet", "RoiSet_", "RoiSet-", "_rois", "-rois"):
        names.append(path.stem.removesuffix(ending).removeprefix(ending))
    return Drawing(
        str(path),
        "imagej",
        tuple(name for name in dict.fromkeys(names) if name),
        None,
        lambda shape: _objects(path, shape),
    )


def _objects(path: Path, shape: Shape) -> Objects:
    found = Objects()
    regions = list(_regions(path))
    for name, data in regions:
        try:
            found.drawn.append(_drawn(data, shape)._replace(label=_number(name)))
        except DrawingError as error:
            found.skipped.append(str(error))
    if not regions:
        found.notes.append("no region in the file")
    return found


def _number(name: str) -> int | None:
    """Return a name that is a whole number; our own exports name regions by their labels."""
    return int(name) if name.isdecimal() and 0 < int(name) < 2**31 else None


def _regions(path: Path) -> Iterable[tuple[str, bytes]]:
    if path.suffix.lower() == ".roi":
        yield path.stem, path.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
            sizes = [entry.file_size for entry in entries]
            if sum(sizes) > _LARGEST_ZIP or max(sizes, default=0) > _LARGEST:
                raise DrawingError(f"The regions of {path} are too large", seen=sum(sizes))
            for entry in entries:
                yield Path(entry.filename).stem, archive.read(entry)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise DrawingError(
            f"{path} cannot be read: {error}", remedy="Save it from ImageJ's ROI manager again"
        ) from None


def _drawn(data: bytes, shape: Shape) -> Drawn:
    try:
        roi = ImagejRoi.frombytes(data)
    except (
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        struct.error,
        UnicodeDecodeError,
    ) as error:
        raise DrawingError(f"a region that cannot be read ({error})") from None
    if roi.shape_roi_size > 0:
        # Parts and holes of a composite region; `coordinates()` alone is one of them.
        return fill(_finite(roi.coordinates(multi=True)), shape)
    if roi.roitype == ROI_TYPE.RECT:
        x0, y0, x1, y1 = _box(roi)
        return fill([np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])], shape)
    if roi.roitype == ROI_TYPE.OVAL:
        return ellipse(_box(roi), shape)
    if roi.roitype in _AREAS:
        return fill(_finite([roi.coordinates()]), shape)
    raise DrawingError(f"a region of type {ROI_TYPE(roi.roitype).name}, which has no area")


def _box(roi: Any) -> tuple[float, float, float, float]:
    if roi.subpixelrect:
        x, y, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
        if all(np.isfinite((x, y, width, height))) and width > 0 and height > 0:
            return float(x), float(y), float(x + width), float(y + height)
    return float(roi.left), float(roi.top), float(roi.right), float(roi.bottom)


def _finite(polygons: Iterable[Any]) -> list[np.ndarray]:
    kept = [np.asarray(one, dtype=np.float64) for one in polygons if len(one) >= 3]
    if not kept or not all(np.isfinite(one).all() for one in kept):
        raise DrawingError("a region of fewer than three points")
    return kept
