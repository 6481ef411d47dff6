"""Instances of label masks that are there already, such as those of drawn pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micrographia.errors import TableError
from micrographia.io.images import image_id, read_labels, read_micrograph
from micrographia.io.label_masks import separated
from micrographia.io.pictures.kinds import pictures_among
from micrographia.segmentation.measuring.shapes import measure


def given_instances(
    pictures: Path, masks: Path, pixel_size_nm: float | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Yield the instances of each picture of a folder as rows of `schemas.INSTANCES`.

    Parameters
    ----------
    pictures
        Folder of pictures.
    masks
        Folder with a label mask for each, by its name with any ending. A binary mask is
        separated into its connected parts.
    pixel_size_nm
        Side of a pixel [nm]; None leaves the columns in nm empty.

    Raises
    ------
    TableError
        There is no such folder, no picture in it, or a picture has no mask.
    ImageError
        A picture or a mask cannot be read.
    """
    names = sorted(path.name for path in pictures.glob("*")) if pictures.is_dir() else []
    found = pictures_among(names)
    if not found:
        raise TableError(f"{pictures} holds no pictures", remedy="Give a folder of pictures")
    by_name = {path.stem: path for path in sorted(masks.glob("*"))}
    for name in found:
        mask = by_name.get(Path(name).stem)
        if mask is None:
            raise TableError(
                f"{name} has no mask in {masks}", remedy="Give a mask by the name of each picture"
            )
        path = pictures / name
        labels, _ = separated(read_labels(mask))
        pixels = read_micrograph(path).pixels
        if pixels.shape != labels.shape:
            raise TableError(
                f"{mask.name} has another size than its picture",
                seen=f"{labels.shape} and {pixels.shape}",
                remedy="Give the mask of this picture",
            )
        table = measure(labels, image_id(pixels), pixel_size_nm, path=str(path))
        yield table.to_dict("records")
