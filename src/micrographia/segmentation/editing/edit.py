"""From a picture and its mask to the corrected mask and its measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from micrographia.config import Segmentation
from micrographia.errors import ImageError
from micrographia.io.images import image_id, read_labels, read_micrograph, to_unit, write_labels
from micrographia.io.microscopes.lengths import refuse_no_length
from micrographia.segmentation.editing.viewer import correct
from micrographia.segmentation.measuring.export import write_instances
from micrographia.segmentation.measuring.shapes import measure
from micrographia.segmentation.measuring.sizes import diameters
from micrographia.segmentation.predict import segmenter


def edit(
    image: Path, mask: Path | None, out: Path, pixel_size_nm: float | None, settings: Segmentation
) -> str:
    """Let somebody correct a mask; save and measure it; return a line on what was done.

    Parameters
    ----------
    image
        The picture.
    mask
        Its label mask; None to segment it first.
    out
        Where the corrected mask goes; the instances go beside it, `<name>-instances.csv`.
    pixel_size_nm
        Side of a pixel [nm]; None for what the file says.
    settings
        Of the segmentation.

    Raises
    ------
    ImageError
        Picture or mask cannot be read, or they have different sizes.
    """
    refuse_no_length(pixel_size_nm)
    micrograph = read_micrograph(image)
    size = pixel_size_nm or micrograph.pixel_size_nm
    picture = micrograph.pixels
    if mask is None:
        labels = segmenter(settings.method)(to_unit(picture), settings)
    else:
        labels = read_labels(mask)
    if labels.shape != picture.shape:
        raise ImageError(
            f"{mask} is no mask of {image.name}",
            seen=f"{labels.shape[1]} x {labels.shape[0]} px",
            allowed=f"{picture.shape[1]} x {picture.shape[0]} px",
        )
    corrected = correct(picture, np.asarray(labels, np.int32), size)
    write_labels(out, corrected)
    table = measure(corrected, image_id(picture), size, path=str(image))
    write_instances(table, out.with_name(f"{out.stem}-instances.csv"))
    unit = "px" if size is None else "nm"
    sizes, _ = diameters(table, unit)
    middle = f", median diameter {np.median(sizes):.4g} {unit}" if len(sizes) else ""
    what = "unchanged" if np.array_equal(corrected, labels) else "corrected"
    return f"{out}: {what}, {len(table)} instance{'' if len(table) == 1 else 's'}{middle}"
