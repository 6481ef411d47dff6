"""`micrographia reconstruction`: STEM images in, crystals out."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from micrographia.commandline import Subparsers, add_settings, print_json, settings_of
from micrographia.config import Reconstruction
from micrographia.reconstruction.options import add_known, add_time_limit, limited_settings

if TYPE_CHECKING:
    from micrographia.arrays import BoolArray

logger = logging.getLogger(__name__)

#: Exit status of `solve` where a crystal was written whose confidence is below the least asked
#: for; 0: it is sure; 2: the input is wrong, or there is no crystal.
UNSURE = 3


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    from micrographia.reconstruction.datasets import cli as datasets

    solve = verbs.add_parser(
        "solve",
        help="find the crystal in one STEM image",
        description="Find the crystal in one STEM image. Exit status: 0, it is written; 3, it is "
        "written but its confidence is below min_confidence; 2, the input is wrong, or there is "
        "no crystal that can be stated.",
    )
    solve.add_argument("image", type=Path, help="TIFF or other image file")
    solve.add_argument("--out", type=Path, required=True, help="CIF to write")
    add_known(solve)
    solve.add_argument(
        "--picture",
        type=Path,
        default=None,
        metavar="FILE",
        help="also draw what was found: measured, model, residual, crystal; PNG, SVG or PDF",
    )
    add_time_limit(solve)
    add_settings(solve, Reconstruction)
    solve.set_defaults(run=_solve)
    batch = verbs.add_parser("batch", help="find the crystal in every image of a table")
    batch.add_argument("folder", type=Path, help="folder that holds images.parquet")
    batch.add_argument("--out", type=Path, required=True, help="folder to write")
    batch.add_argument(
        "--track",
        choices=("given", "blind"),
        default="given",
        help="given: the elements are known to the solver; blind: they are not, and no "
        "template library is used",
    )
    add_time_limit(batch)
    add_settings(batch, Reconstruction)
    batch.set_defaults(run=_batch)
    datasets.register(verbs)
    _register_library(verbs)


def _register_library(verbs: Subparsers) -> None:
    """Add the verbs of known crystals: `library` and `match`."""
    library = verbs.add_parser("library", help="build a template library from known crystals")
    library.add_argument(
        "--structures", type=Path, required=True, help="structures.parquet, the known crystals"
    )
    library.add_argument("--out", type=Path, required=True, help="parquet file to write")
    add_settings(library, Reconstruction)
    library.set_defaults(run=_library)
    match = verbs.add_parser("match", help="list the known crystals that fit one STEM image")
    match.add_argument("image", type=Path, help="TIFF or other image file")
    match.add_argument(
        "--library", type=Path, required=True, help="template library written by `library`"
    )
    add_known(match)
    match.add_argument(
        "--without",
        type=str,
        default=None,
        metavar="NAME",
        help="known crystal to hold out, by structure_id",
    )
    add_settings(match, Reconstruction)
    match.set_defaults(run=_match)


def _solve(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.stem_images import read_stem_image
    from micrographia.reconstruction.crystal import check_cif_name, doubt, read_crystal

    settings = limited_settings(arguments)
    check_cif_name(arguments.out)
    outputs = [arguments.out]
    if arguments.picture is not None:
        from micrographia.drawing.files import check_figure_name

        check_figure_name(arguments.picture)
        outputs.append(arguments.picture)
    inputs = [arguments.image] if arguments.mask is None else [arguments.image, arguments.mask]
    refuse_inputs(outputs, inputs)
    elements = None if arguments.elements is None else _symbols(arguments.elements)
    composition, mask = _sample_and_mask(arguments)
    image = read_stem_image(arguments.image, arguments.pixel_size)
    crystal = read_crystal(image, elements, settings, arguments.image.stem, composition, mask)
    crystal.write(arguments.out)
    if arguments.picture is not None:
        from micrographia.drawing.files import write_figure
        from micrographia.reconstruction.picture import draw_answer

        write_figure(draw_answer(crystal, image, arguments.image.name), arguments.picture)
    print_json(
        {
            "cif": str(arguments.out),
            "formula": crystal.formula,
            "a": round(crystal.a, 4),
            "b": round(crystal.b, 4),
            "gamma": round(crystal.gamma, 3),
            "confidence": round(crystal.confidence, 4),
            "sure": crystal.sure,
            "alternatives": crystal.alternatives,
            "template": crystal.template,
            "notes": crystal.notes,
        }
    )
    if crystal.sure:
        return 0
    logger.warning("%s: %s", arguments.out, doubt(crystal.confidence, crystal.min_confidence))
    return UNSURE


def _sample_and_mask(
    arguments: argparse.Namespace,
) -> tuple[dict[str, int] | None, BoolArray | None]:
    """Composition and mask, each None where the command line states none."""
    from micrographia.reconstruction.unstated.sample import parse_composition, read_mask

    formula, mask = arguments.composition, arguments.mask
    return (
        None if formula is None else parse_composition(formula),
        None if mask is None else read_mask(mask),
    )


def _symbols(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _library(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import LIBRARY, STRUCTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.reconstruction.templates.library import library_rows

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.structures])
    structures = read_rows(arguments.structures, STRUCTURES)
    rows = list(library_rows(structures, settings.symmetry.tolerance))
    write_table(rows, arguments.out, LIBRARY, stamp(settings))
    return 0


def _match(arguments: argparse.Namespace) -> int:
    from micrographia.errors import SolveError
    from micrographia.io.stem_images import read_stem_image
    from micrographia.reconstruction.deadline import Deadline, OutOfTimeError
    from micrographia.reconstruction.solve import elements_of, solve
    from micrographia.reconstruction.templates.consult import (
        can_be_laid_on,
        describe,
        match_templates,
        problem_of,
    )
    from micrographia.reconstruction.templates.library import read_library

    settings = limited_settings(arguments)
    composition, mask = _sample_and_mask(arguments)
    library = read_library(arguments.library)
    if arguments.without is not None:
        library = library.without(arguments.without, settings.templates.same_crystal)
    stated = None if arguments.elements is None else _symbols(arguments.elements)
    elements = elements_of(stated, composition) or []
    image = read_stem_image(arguments.image, arguments.pixel_size)
    deadline = Deadline(settings.time_limit)
    try:
        solution = solve(
            image, elements, settings, deadline=deadline, composition=composition, mask=mask
        )
        problem, answer = solution.problem, solution.atoms
    except OutOfTimeError:
        raise  # whether there is an answer must not depend on the machine
    except SolveError:
        if mask is not None or not can_be_laid_on(image, settings):
            raise
        problem, answer = problem_of(image, elements, settings, deadline=deadline), None
    matches = match_templates(problem, answer, library, settings.templates)
    print_json(
        {"analysis": describe(problem, answer), "templates": [m.summary() for m in matches]}
    )
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import HEIGHTS, RECONSTRUCTIONS, STEM_IMAGES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.reconstruction.batch import reconstruct
    from micrographia.reconstruction.templates.library import read_library

    settings = limited_settings(arguments)
    table = read_rows(arguments.folder / "images.parquet", STEM_IMAGES)
    # The solver is told nothing of the crystal but its elements, and blind not even these.
    told = ["image_id", "path", "failure"]
    if arguments.track == "given":
        told.append("elements")
    if settings.templates.leave_one_out:
        told.append("structure_id")  # for the library, which must not hold it
    images = [{name: row[name] for name in told} for row in table]
    known = settings.templates.library
    library = None if known is None or arguments.track == "blind" else read_library(known)
    with atomic_directory(arguments.out, [arguments.folder]) as folder:
        found = list(
            reconstruct(images, arguments.folder, settings, folder, library, arguments.track)
        )
        rows = [row for row, _ in found]
        write_table(rows, folder / "reconstructions.parquet", RECONSTRUCTIONS, stamp(settings))
        if library is not None:
            starts = [row for _, heights in found for row in heights]
            write_table(starts, folder / "heights.parquet", HEIGHTS, stamp(settings))
    return 0
