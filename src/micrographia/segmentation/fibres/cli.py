"""`micrographia segmentation fibres`: centre lines, widths and order of fibres."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, above_zero, add_settings, settings_of
from micrographia.config import Segmentation


def register(verbs: Subparsers) -> None:
    """Add the verb `fibres`."""
    parser = verbs.add_parser(
        "fibres",
        help="measure fibres, wires and tubes that cross: length, width, curvature, order",
        description="Trace centre lines through crossings and write fibres.parquet and .csv, "
        "pictures.parquet and .csv (with the order parameter), layers.parquet (each fibre whole), "
        "coco.json, label masks, ImageJ regions and overlays. Lengths are in px and, where the "
        "pixel size is known, in nm.",
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMG", help="images or folders")
    parser.add_argument(
        "--masks", type=Path, metavar="DIR",
        help="folder of foregrounds or label masks by the names of the images; default: the "
        "foreground that the network sees",
    )  # fmt: skip
    parser.add_argument(
        "--pixel-size", type=above_zero, metavar="NM",
        help="side of a pixel of all images [nm]; default: as the file says",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_fibres)


def _fibres(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.commandline import exit_status
    from micrographia.io.atomic import atomic_directory
    from micrographia.provenance import stamp
    from micrographia.segmentation.fibres.run import run
    from micrographia.segmentation.predict import jobs_of_paths

    settings = settings_of(arguments)
    jobs = jobs_of_paths(arguments.images, arguments.pixel_size)
    sources = [*arguments.images, *([arguments.masks] if arguments.masks else [])]
    with atomic_directory(arguments.out, sources) as out:
        failed = run(jobs, out, settings, arguments.masks, stamp(settings))
    log = logging.getLogger(__name__)
    log.info("%d of %d pictures done; see %s", len(jobs) - failed, len(jobs), arguments.out)
    return exit_status(failed, len(jobs))
