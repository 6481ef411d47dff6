"""`micrographia stem`: crystals in, STEM images out."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    settings_of,
)
from micrographia.config import Stem
from micrographia.method_names import ENGINES, SLOW_ENGINES
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.crystals import cli as crystals


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    crystals.register(verbs)
    _register_simulate(verbs)
    images = verbs.add_parser("images", help="simulate noiseless images of one shard of crystals")
    images.add_argument("--structures", type=Path, required=True, help="structures.parquet")
    images.add_argument("--out", type=Path, required=True, help="folder to write")
    images.add_argument(
        "--seed", type=non_negative, default=0, help="random seed of rotations and conditions"
    )
    images.add_argument(
        "--engine",
        choices=ENGINES,
        default="phase-object",
        help="simulation engine; multislice and prism simulate only the crystals chosen by the "
        "settings multislice and multislice_sample",
    )
    add_shard(images)
    add_settings(images, Stem)
    images.set_defaults(run=_images)
    expose = verbs.add_parser(
        "expose", help="add shot noise to noiseless images, for every dose of the settings"
    )
    expose.add_argument("folder", type=Path, help="folder written by `stem images`")
    expose.add_argument("--out", type=Path, required=True, help="folder to write")
    expose.add_argument("--seed", type=non_negative, default=0, help="random seed of the noise")
    add_settings(expose, Stem)
    expose.set_defaults(run=_expose)
    engines = verbs.add_parser(
        "engines", help="compare the phase-object engine with abTEM's multislice"
    )
    engines.add_argument("--structures", type=Path, required=True, help="structures.parquet")
    engines.add_argument("--out", type=Path, required=True, help="table to write")
    engines.add_argument(
        "--pictures", type=Path, required=True, help="folder to write the pictures to"
    )
    add_settings(engines, Stem)
    engines.set_defaults(run=_engines)


def _register_simulate(verbs: Subparsers) -> None:
    parser = verbs.add_parser("simulate", help="simulate the STEM image of one crystal")
    parser.add_argument("structure", type=Path, help="CIF, POSCAR or other structure file")
    parser.add_argument("--out", type=Path, required=True, help="TIFF to write")
    parser.add_argument(
        "--engine", choices=ENGINES, default="phase-object", help="simulation engine"
    )
    parser.add_argument(
        "--pixel-size", type=float, default=0.1, help="pixel size [Å] (default: 0.1)"
    )
    parser.add_argument(
        "--field",
        type=float,
        default=48.0,
        help="side of the square field of view [Å] (default: 48)",
    )
    parser.add_argument(
        "--dose",
        type=float,
        default=30_000.0,
        help="electron dose [e/Å²]; 0 for a noiseless image (default: 30000)",
    )
    parser.add_argument(
        "--rotation", type=float, default=0.0, help="rotation of the crystal [degree] (default: 0)"
    )
    parser.add_argument("--seed", type=non_negative, default=0, help="random seed of the noise")
    add_settings(parser, ImagingConditions)
    parser.set_defaults(run=_simulate)


def _simulate(arguments: argparse.Namespace) -> int:
    from micrographia.io.stem_images import write_stem_image
    from micrographia.io.structures import orient_layer, read_structure
    from micrographia.stem.simulate import View, simulate

    conditions = settings_of(arguments)
    atoms = orient_layer(read_structure(arguments.structure))
    view = View(arguments.pixel_size, arguments.field, arguments.rotation)
    image = simulate(
        atoms,
        conditions,
        view,
        engine=arguments.engine,
        dose=arguments.dose or None,
        seed=arguments.seed,
    )
    write_stem_image(arguments.out, image)
    rows, columns = image.pixels.shape
    print(f"{arguments.out}: {columns}×{rows} px, {atoms.get_chemical_formula('metal')}")
    return 0


def _images(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import STEM_IMAGES, STRUCTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.stem.images import clean_images
    from micrographia.stem.sample import slow_sample

    settings = settings_of(arguments)
    table = read_rows(arguments.structures, STRUCTURES)
    kept = [row for row in table if row["status"] == "kept"]
    if arguments.engine in SLOW_ENGINES:
        kept = slow_sample(kept, settings, arguments.seed)
    mine = kept[arguments.shard :: arguments.shards]
    with atomic_directory(arguments.out) as folder:
        rows = clean_images(mine, settings, arguments.seed, folder, arguments.engine)
        write_table(rows, folder / "images.parquet", STEM_IMAGES, stamp(settings, arguments.seed))
    return 0


def _expose(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import STEM_IMAGES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.stem.images import exposures

    settings = settings_of(arguments)
    images = read_rows(arguments.folder / "images.parquet", STEM_IMAGES)
    with atomic_directory(arguments.out, [arguments.folder]) as folder:
        rows = list(exposures(images, arguments.folder, settings, arguments.seed, folder))
        write_table(rows, folder / "images.parquet", STEM_IMAGES, stamp(settings, arguments.seed))
    return 0


def _engines(arguments: argparse.Namespace) -> int:
    import numpy as np

    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import ENGINES, STRUCTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.stem.images import engine_comparison

    settings = settings_of(arguments)
    table = read_rows(arguments.structures, STRUCTURES)
    rows = []
    with atomic_directory(arguments.pictures) as folder:
        for row, pictures in engine_comparison(table, settings):
            rows.append(row)
            if pictures:
                np.savez_compressed(
                    folder / f"{row['structure_id']}-{row['detector']}.npz", **pictures
                )
    write_table(rows, arguments.out, ENGINES, stamp(settings))
    return 0
