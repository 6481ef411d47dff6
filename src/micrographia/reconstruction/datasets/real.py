"""Read the crystals in a table of real pictures; a failure is a row."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.config import Reconstruction
from micrographia.drawing.files import write_figure
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.real_pictures import RealPicture
from micrographia.io.schemas import RECONSTRUCTIONS
from micrographia.io.schemas.rows import ReconstructionRow, blank
from micrographia.io.stem_images import StemImage, read_stem_image
from micrographia.io.structures import orient_layer, read_structure
from micrographia.physics.lattice import primitive_projection
from micrographia.reconstruction.crystal import read_crystal
from micrographia.reconstruction.datasets.scaling import pixel_size_of_area
from micrographia.reconstruction.picture import draw_answer

logger = logging.getLogger(__name__)

METHOD = "analysis"
#: Pixel size at which a picture is read before its own is known [Å].
_ANY = 0.1
#: Merges a buckled crystal's copies into its projected primitive cell [Å].
_PROJECTION = 0.1


def read_real(
    pictures: Sequence[RealPicture], settings: Reconstruction, folder: Path
) -> Iterator[tuple[ReconstructionRow, dict[str, Any]]]:
    """Solve each picture and draw the answer over it.

    Parameters
    ----------
    pictures
        From `read_real_pictures`. Of the truth the solver is told nothing; its area scales the
        pictures whose scale is not stated.
    settings
        Limits of the search.
    folder
        `overlays/<name>.png` are written there.

    Yields
    ------
    A row of schema RECONSTRUCTIONS and one of schema REAL_PICTURES.
    """
    for picture in pictures:
        row: ReconstructionRow = blank(RECONSTRUCTIONS)
        row["image_id"], row["track"], row["alternatives"] = picture.name, "given", []
        row["method"] = METHOD
        used: dict[str, Any] = {
            "image_id": picture.name,
            "picture": picture.picture.name,
            "pixel_size": None,
            "scale": picture.scale,
            "overlay": None,
        }
        started = time.perf_counter()
        try:
            image = open_real(picture)
            used["pixel_size"] = image.pixel_size
            crystal = read_crystal(image, picture.elements, settings, picture.name)
            row.update(
                {
                    "cif": crystal.cif,
                    "a": crystal.a,
                    "b": crystal.b,
                    "gamma": crystal.gamma,
                    "confidence": crystal.confidence,
                    "sure": crystal.sure,
                    "alternatives": crystal.alternatives,
                }
            )
            used["overlay"] = os.path.join("overlays", f"{picture.name}.png")
            write_figure(draw_answer(crystal, image, picture.name), folder / used["overlay"], 150)
        except MicrographiaError as error:
            logger.warning("%s: %s", picture.name, error)
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row, used


def open_real(picture: RealPicture) -> StemImage:
    """Read a picture at its scale: stated, from its field of view, or from the truth's area.

    Raises
    ------
    ImageError, StructureError
        Picture or truth cannot be read, or the pixel size cannot be.
    SolveError
        The picture has no cell to take the scale from.
    """
    image = read_stem_image(picture.picture, picture.pixel_size or _ANY)
    if picture.pixel_size is not None:
        return image
    if picture.field_of_view is not None:
        size = picture.field_of_view / image.pixels.shape[1]
    else:
        assert picture.truth is not None  # the table's reader has seen to it
        size = pixel_size_of_area(image.pixels, _area(picture.truth))
    return StemImage(image.pixels, size, image.metadata)


def _area(truth: Path) -> float:
    """Of the primitive projected cell of a crystal [Å²]."""
    layer = orient_layer(read_structure(truth))
    cell, _, _ = primitive_projection(
        layer.positions[:, :2], layer.numbers, np.asarray(layer.cell[:2, :2]), _PROJECTION
    )
    return abs(float(np.linalg.det(cell)))
