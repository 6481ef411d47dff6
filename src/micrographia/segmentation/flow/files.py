"""Flow fields as files: three planes of a TIFF, or a picture for the eye."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from micrographia.arrays import ColourImage, FloatImage
from micrographia.errors import ImageError
from micrographia.io.atomic import atomic_path


def write_field(path: str | os.PathLike[str], field: FloatImage, foreground: FloatImage) -> None:
    """Write the planes y, x and foreground as a 32-bit TIFF, atomically.

    Raises
    ------
    ImageError
        The suffix is not that of a TIFF.
    """
    file = Path(path)
    if file.suffix.lower() not in (".tif", ".tiff"):
        raise ImageError(
            f"A flow field cannot be written as {file.name}",
            seen=file.suffix,
            allowed=".tif or .tiff (32-bit)",
        )
    planes = np.concatenate([field, foreground[None]]).astype(np.float32)
    with atomic_path(file) as temporary:
        tifffile.imwrite(
            temporary, planes, photometric="minisblack", metadata=None, software=False
        )


def read_field(path: str | os.PathLike[str]) -> tuple[FloatImage, FloatImage]:
    """Return field, shape (2, H, W), and foreground, shape (H, W), of a TIFF of three planes.

    Raises
    ------
    ImageError
        The file is absent, damaged, or holds no three planes of finite real numbers.
    """
    file = Path(path)
    remedy = "Give a TIFF written by `micrographia segmentation field`"
    if not file.is_file():
        raise ImageError(f"Flow field {file} does not exist", remedy="Check the path")
    try:
        planes = np.asarray(tifffile.imread(file))
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise ImageError(f"Flow field {file.name} cannot be read", remedy=remedy) from error
    if planes.ndim != 3 or len(planes) != 3 or planes.dtype.kind != "f":
        raise ImageError(
            f"{file.name} is not a flow field",
            seen=f"shape {planes.shape}, type {planes.dtype}",
            allowed="three planes of real numbers: y, x, foreground",
            remedy=remedy,
        )
    if not np.isfinite(planes).all():
        raise ImageError(
            f"Flow field {file.name} contains values that are not finite numbers", remedy=remedy
        )
    planes = planes.astype(np.float32)
    return planes[:2], planes[2]


def colours(field: FloatImage) -> ColourImage:
    """Return the directions of a field as colours, shape (H, W, 3); no direction is black.

    Red leads right, yellow-green up, cyan left, violet down; short vectors are dark.
    """
    angle = np.arctan2(-field[0], field[1]) / np.pi * 3 % 6
    ramp = [np.clip(np.abs((angle + shift) % 6 - 3) - 1, 0, 1) for shift in (0, 4, 2)]
    length = np.clip(np.hypot(*field), 0, 1)
    return np.asarray(np.stack(ramp, axis=-1) * length[..., None] * 255).astype(np.uint8)


def draw_field(path: str | os.PathLike[str], field: FloatImage) -> None:
    """Write `colours` as PNG, atomically."""
    with atomic_path(path) as temporary:
        Image.fromarray(colours(field)).save(temporary, format="PNG")
