"""`micrographia reconstruction`: STEM images in, crystals out."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, print_json, settings_of
from micrographia.config import Reconstruction


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    solve = verbs.add_parser("solve", help="read a crystal from one STEM image")
    solve.add_argument("image", type=Path, help="TIFF or other picture")
    solve.add_argument("--out", type=Path, required=True, help="CIF to write")
    solve.add_argument("--pixel-size", type=float, default=None, help="Å per pixel")
    solve.add_argument(
        "--elements", type=str, default=None, help="elements of the sample, e.g. Mo,S"
    )
    add_settings(solve, Reconstruction)
    solve.set_defaults(run=_solve)
    batch = verbs.add_parser("batch", help="read a crystal from each image of a table")
    batch.add_argument("folder", type=Path, help="folder with images.parquet")
    batch.add_argument("--out", type=Path, required=True, help="folder to make")
    add_settings(batch, Reconstruction)
    batch.set_defaults(run=_batch)


def _solve(arguments: argparse.Namespace) -> int:
    from micrographia.errors import MicrographiaError
    from micrographia.io.atomic import refuse_inputs, write_text
    from micrographia.io.stem_images import read_stem_image
    from micrographia.reconstruction.batch import to_cif_text
    from micrographia.reconstruction.solve import solve

    settings = settings_of(arguments)
    if arguments.out.suffix.lower() != ".cif":
        raise MicrographiaError(
            f"The crystal cannot be written as {arguments.out}",
            allowed="names that end in .cif",
            remedy=f"Say --out {arguments.out.with_suffix('.cif')}",
        )
    refuse_inputs([arguments.out], [arguments.image])
    elements = [word.strip() for word in (arguments.elements or "").split(",") if word.strip()]
    image = read_stem_image(arguments.image, arguments.pixel_size)
    solution = solve(image, elements, settings)
    write_text(arguments.out, to_cif_text(solution, arguments.image.stem))
    a, b, _, _, _, gamma = solution.atoms.cell.cellpar()
    print_json(
        {
            "cif": str(arguments.out),
            "formula": solution.atoms.get_chemical_formula("metal"),
            "a": round(a, 4),
            "b": round(b, 4),
            "gamma": round(gamma, 3),
            "confidence": round(solution.confidence, 4),
            "alternatives": solution.alternatives,
        }
    )
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import RECONSTRUCTIONS, STEM_IMAGES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.reconstruction.batch import reconstruct

    settings = settings_of(arguments)
    table = read_rows(arguments.folder / "images.parquet", STEM_IMAGES)
    # The solver is told nothing of the crystal but its elements.
    told = ("image_id", "path", "elements", "failure")
    images = [{name: row[name] for name in told} for row in table]
    with atomic_directory(arguments.out, [arguments.folder]) as folder:
        rows = list(reconstruct(images, arguments.folder, settings, folder))
        write_table(rows, folder / "reconstructions.parquet", RECONSTRUCTIONS, stamp(settings))
    return 0
