"""`micrographia segmentation`: instance masks and measurements of micrographs."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, add_shard, settings_of
from micrographia.config import Segmentation
from micrographia.segmentation import flow_cli, train_cli


def register(verbs: Subparsers) -> None:
    """Add the verbs `predict`, `train`, `field` and `follow`."""
    train_cli.register(verbs)
    flow_cli.register(verbs)
    parser = verbs.add_parser(
        "predict", help="label masks, predictions.parquet and instances.parquet of micrographs"
    )
    parser.add_argument("images", nargs="*", type=Path, metavar="IMG", help="images or folders")
    parser.add_argument(
        "--micrographs", type=Path, help="table of micrographs; its kept rows are segmented"
    )
    add_shard(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--method",
        default="watershed",
        help="segmenter: watershed, or a network: unet-small, unet-large, vit-b",
    )
    parser.add_argument("--overlays", action="store_true", help="draw outlines too: DIR/overlay")
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_predict)


def _predict(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.errors import MicrographiaError
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import read_table
    from micrographia.segmentation.predict import jobs_of_paths, jobs_of_table, predict

    if bool(arguments.images) == bool(arguments.micrographs):
        raise MicrographiaError(
            "It is not clear what to segment", remedy="Name either images or --micrographs TABLE"
        )
    settings = settings_of(arguments)
    options = (settings, arguments.method, arguments.overlays)
    if arguments.micrographs:
        table = read_table(arguments.micrographs, MICROGRAPHS)
        jobs = jobs_of_table(table, arguments.shard, arguments.shards)
        # A shard's folder is one output of the workflow: whole or absent.
        sources = [arguments.micrographs, *(job.path for job in jobs)]
        with atomic_directory(arguments.out, sources) as out:
            failed = predict(jobs, out, *options)
    else:
        jobs = jobs_of_paths(arguments.images)
        failed = predict(jobs, arguments.out, *options)
    log = logging.getLogger(__name__)
    log.info("segmented %d of %d images into %s", len(jobs) - failed, len(jobs), arguments.out)
    if failed:
        log.warning("%d failed; see 'failure' in predictions.parquet", failed)
    # In the workflow a shard of nothing but broken images is a result, not an end of the run.
    return int(bool(jobs) and failed == len(jobs) and not arguments.micrographs)
