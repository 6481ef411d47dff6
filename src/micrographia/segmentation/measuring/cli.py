"""`micrographia segmentation measurements`: tables, size distributions and exports of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, above_zero


def register(verbs: Subparsers) -> None:
    """Add the verbs `measurements` and `measure-masks`."""
    parser = verbs.add_parser(
        "measurements",
        help="export measurements of segmented instances: CSV, size distribution with a "
        "log-normal fit, COCO JSON",
        description="Join the output folders of `predict` and write instances.parquet and .csv, "
        "sizes.parquet and .csv, figures/sizes.png, .svg and .pdf, and coco.json; with "
        "--pictures also ImageJ regions of interest and overlays. Masks that were changed since "
        "are measured again.",
    )
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="output folders of `predict`"
    )
    parser.add_argument(
        "--pictures", action="store_true", help="also write rois/ (ImageJ) and overlay/"
    )
    parser.add_argument(
        "--masks", type=Path, metavar="DIR",
        help="folder of corrected masks by the names of those of `predict`: they take their place",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.set_defaults(run=_measurements)
    masks = verbs.add_parser(
        "measure-masks", help="measure the instances of label masks that are there already"
    )
    masks.add_argument("pictures", type=Path, metavar="DIR", help="folder of pictures")
    masks.add_argument(
        "--masks", type=Path, required=True, metavar="DIR",
        help="folder of label masks by the names of the pictures",
    )  # fmt: skip
    masks.add_argument(
        "--pixel-size", type=above_zero, default=None, metavar="NM",
        help="side of a pixel of all pictures [nm]; default: sizes in px alone",
    )  # fmt: skip
    masks.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    masks.set_defaults(run=_measure_masks)


def _measurements(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.provenance import stamp
    from micrographia.segmentation.measuring.export import write_measurements, write_pictures

    with atomic_directory(arguments.out, arguments.folders) as out:
        write_measurements(arguments.folders, out, stamp(), arguments.masks)
        if arguments.pictures:
            write_pictures(arguments.folders, out, corrected=arguments.masks)
    return 0


def _measure_masks(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import INSTANCES
    from micrographia.io.tables import write_batches
    from micrographia.provenance import stamp
    from micrographia.segmentation.measuring.given import given_instances

    refuse_inputs([arguments.out], [arguments.pictures, arguments.masks])
    batches = given_instances(arguments.pictures, arguments.masks, arguments.pixel_size)
    write_batches(batches, arguments.out, INSTANCES, stamp())
    return 0
