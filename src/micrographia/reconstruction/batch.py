"""Many images to many crystals; a failure is a row, never a missing row."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia import __version__
from micrographia.config import Reconstruction
from micrographia.errors import MicrographiaError, SolveError
from micrographia.io.atomic import atomic_path
from micrographia.io.stem_images import read_stem_image
from micrographia.io.structures import to_cif
from micrographia.reconstruction.solve import Solution, solve

logger = logging.getLogger(__name__)

METHOD = "analysis"


def reconstruct(
    images: Sequence[Mapping[str, Any]], source: Path, settings: Reconstruction, folder: Path
) -> Iterator[dict[str, Any]]:
    """Solve each image of a table.

    Parameters
    ----------
    images
        Rows with `image_id`, `path` (relative to `source`), `elements`, `failure`; nothing of
        the truth.
    source
        Folder of the images.
    settings
        Limits of the search.
    folder
        `cells/<image_id>.npz` (averaged cell and columns) are written there.

    Yields
    ------
    Rows of schema RECONSTRUCTIONS.
    """
    for record in images:
        row: dict[str, Any] = {
            "image_id": record["image_id"],
            "method": METHOD,
            "track": "given",
            "template": None,
            **dict.fromkeys(("cif", "a", "b", "gamma", "confidence", "failure")),
            "alternatives": [],
        }
        started = time.perf_counter()
        try:
            if record["failure"]:
                raise SolveError(f"There is no image: {record['failure']}")
            image = read_stem_image(source / record["path"])
            solution = solve(image, record["elements"], settings)
            cell = solution.atoms.cell.cellpar()
            row.update(
                cif=to_cif_text(solution, str(record["image_id"])),
                a=cell[0],
                b=cell[1],
                gamma=cell[5],
                confidence=solution.confidence,
                alternatives=solution.alternatives,
            )
            _save_cell(solution, folder / "cells" / f"{record['image_id']}.npz")
        except MicrographiaError as error:
            logger.warning("%s: %s", record["image_id"], error)
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row


def to_cif_text(solution: Solution, name: str) -> str:
    """CIF of a solution, with a comment on what is measured and what is nominal."""
    comments = [
        f"Read from a STEM image by Micrographia {__version__}.",
        f"Confidence {solution.confidence:.3f}.",
        "Cell and in-plane positions are measured; heights are nominal (one projection).",
    ]
    comments += [f"Alternative: {text}" for text in solution.alternatives]
    return to_cif(solution.atoms, comments=comments, data_name=name)


def _save_cell(solution: Solution, path: Path) -> None:
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            average=solution.average,
            cell=solution.cell,
            xy=solution.xy,
            numbers=solution.numbers,
            counts=solution.counts,
        )
