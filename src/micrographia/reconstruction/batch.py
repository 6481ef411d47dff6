"""Reconstruct a table of images; a failure is a row, never a missing row."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.config import Reconstruction
from micrographia.errors import MicrographiaError, SolveError
from micrographia.io.atomic import atomic_path
from micrographia.io.schemas import RECONSTRUCTIONS
from micrographia.io.schemas.rows import (
    HeightsRow,
    ReconstructionRow,
    blank,
)
from micrographia.io.stem_images import read_stem_image
from micrographia.io.structures import from_cif, to_cif
from micrographia.reconstruction.answer.solution import Solution, average_cell
from micrographia.reconstruction.crystal import (
    KNOWN_HEIGHTS,
    describe_template,
    symmetric_layer,
    to_cif_text,
)
from micrographia.reconstruction.solve import solve
from micrographia.reconstruction.templates.consult import Consulted, solve_with_templates
from micrographia.reconstruction.templates.library import Library
from micrographia.reconstruction.templates.placing import heights_on

logger = logging.getLogger(__name__)

METHOD = "analysis"
TEMPLATES = "analysis+templates"

_HEIGHTS = 3  # templates whose heights are written for an answer


def reconstruct(
    images: Sequence[Mapping[str, Any]],
    source: Path,
    settings: Reconstruction,
    folder: Path,
    library: Library | None = None,
    track: str = "given",
) -> Iterator[tuple[ReconstructionRow, list[HeightsRow]]]:
    """Solve each image of a table.

    Parameters
    ----------
    images
        Rows with `image_id`, `path` (relative to `source`), `elements`, `failure`; nothing of
        the truth, but `structure_id` where that crystal must be held out of the library.
    source
        Folder of the images.
    settings
        Limits of the search.
    folder
        `cells/<image_id>.npz` (averaged cell, what the columns make of it, and the columns) are
        written there.
    library
        Known crystals; None for none. The blind track does not use them.
    track
        'given': the solver is told the elements; 'blind': it infers them.

    Yields
    ------
    A row of schema RECONSTRUCTIONS, and rows of schema HEIGHTS.
    """
    for record in images:
        row: ReconstructionRow = blank(RECONSTRUCTIONS)
        row["image_id"], row["track"], row["alternatives"] = record["image_id"], track, []
        row["method"] = METHOD if library is None else TEMPLATES
        heights: list[HeightsRow] = []
        started = time.perf_counter()
        try:
            if record["failure"]:
                raise SolveError(f"There is no image: {record['failure']}")
            image = read_stem_image(source / record["path"])
            if library is None:
                told = None if track == "blind" else record["elements"]
                solution = solve(image, told, settings)
                row["cif"] = to_cif_text(solution, str(record["image_id"]), settings)
            else:
                known, use = _known(library, record, settings)
                found = solve_with_templates(image, record["elements"], settings, known)
                solution = found.solution
                row["template"] = found.template and f"{use}:{found.template}"
                row["cif"] = to_cif_text(
                    solution,
                    str(record["image_id"]),
                    settings,
                    note=describe_template(found, use),
                )
                heights = _height_rows(found, str(record["image_id"]), use, settings)
            cell = from_cif(row["cif"]).cell.cellpar()
            row.update(
                {
                    "a": cell[0],
                    "b": cell[1],
                    "gamma": cell[5],
                    "confidence": solution.confidence,
                    "sure": solution.confidence >= settings.min_confidence,
                    "alternatives": solution.alternatives,
                }
            )
            _save_cell(solution, folder / "cells" / f"{record['image_id']}.npz")
        except MicrographiaError as error:
            logger.warning("%s: %s", record["image_id"], error)
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row, heights


def _known(
    library: Library, record: Mapping[str, Any], settings: Reconstruction
) -> tuple[Library, str]:
    """What of the library may be used for an image, and how that is called."""
    if not settings.templates.leave_one_out:
        return library, "in-library"
    known = library.without(str(record["structure_id"]), settings.templates.same_crystal)
    return known, "held-out" if len(known.rows) < len(library.rows) else "in-library"


def _height_rows(
    found: Consulted, image_id: str, use: str, settings: Reconstruction
) -> list[HeightsRow]:
    """The answer's layer with the heights of each template; the answer's own come first."""
    if not found.heights:
        return []
    plane = symmetric_layer(found.solution, settings.symmetry, KNOWN_HEIGHTS).atoms
    rows: list[HeightsRow] = []
    for match in found.heights:
        heights = heights_on(found.heights[0].placed, match.placed, found.solution.cell)
        if heights is None or len(rows) == _HEIGHTS:
            continue
        layer = plane.copy()
        layer.positions[:, 2] = heights - (heights.max() + heights.min()) / 2
        layer.positions[:, 2] += layer.cell[2, 2] / 2
        note = f"Heights of {match.template.name} ({use}) on the plane of image {image_id}."
        rows.append(
            {
                "image_id": image_id,
                "rank": len(rows) + 1,
                "template": f"{use}:{match.template.name}",
                "renamed": match.renamed,
                "displacement": match.placed.displacement,
                "deficit": found.evidence - match.evidence,
                "cif": to_cif(layer, [note], f"{image_id}-{len(rows) + 1}"),
            }
        )
    return rows


def _save_cell(solution: Solution, path: Path) -> None:
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            average=solution.average,
            model=average_cell(replace(solution.problem.fit, coefficients=solution.coefficients)),
            cell=solution.cell,
            xy=solution.xy,
            numbers=solution.numbers,
            counts=solution.counts,
        )
