"""Objects of label arrays, as napari and others save them: TIFF, PNG, NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from scipy import ndimage

from micrographia.arrays import LabelMask
from micrographia.errors import MicrographiaError
from micrographia.io.images import MAX_PIXELS, read_labels
from micrographia.io.label_masks import separated
from micrographia.io.masks.shapes import Drawn, Shape
from micrographia.segmentation.importing.source import Drawing, DrawingError, Objects

#: What programs add to a picture's name for its labels.
_ENDINGS = ("_labels", "-labels", "_label", "_masks", "_mask", "-mask", "_cp_masks", "_seg")


def drawing(path: Path) -> Drawing:
    """Return what a file of labels holds; the picture has its name, with or without "_labels"."""
    names = [path.stem, *(path.stem.removesuffix(ending) for ending in _ENDINGS)]
    return Drawing(
        str(path),
        "labels",
        tuple(name for name in dict.fromkeys(names) if name),
        None,
        lambda shape: _objects(path, shape),
    )


def _objects(path: Path, shape: Shape) -> Objects:
    labels = _array(path) if path.suffix.lower() == ".npy" else read_labels(path)
    if labels.shape != shape:
        raise DrawingError(
            f"{path.name} has another size than its picture",
            seen=labels.shape,
            allowed=str(shape),
        )
    labels, note = separated(labels)
    found = Objects(notes=[note] if note else [])
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            rows, columns = box
            found.drawn.append(Drawn(rows.start, columns.start, labels[box] == label, label))
    return found


def _array(path: Path) -> LabelMask:
    """Read whole numbers or truth values of two dimensions from NumPy's format, nothing else."""
    try:
        with path.open("rb") as stream:
            version = npy.read_magic(stream)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, kind = read(stream)
        fits = kind.kind in "bui" and int(np.prod(shape, dtype=object)) <= MAX_PIXELS
        values = np.squeeze(np.load(path, allow_pickle=False)) if fits else np.empty(0)
    except (OSError, ValueError, EOFError, MicrographiaError) as error:
        raise DrawingError(f"{path.name} cannot be read: {error}") from None
    most = np.iinfo(np.int32).max
    if values.ndim != 2 or not values.size or values.min() < 0 or values.max() > most:
        raise DrawingError(
            f"{path.name} is no label mask",
            seen=f"shape {shape}, type {kind}",
            allowed="two dimensions of whole numbers from 0",
        )
    return np.asarray(values, dtype=np.int32)
