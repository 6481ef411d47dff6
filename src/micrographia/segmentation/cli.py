"""`micrographia segmentation`: instance masks and measurements of micrographs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import Subparsers, add_settings, add_shard, settings_of
from micrographia.config import Segmentation
from micrographia.method_names import SEGMENTERS
from micrographia.segmentation.editing import cli as editing
from micrographia.segmentation.fibres import cli as fibres
from micrographia.segmentation.flow import cli as flow
from micrographia.segmentation.importing import cli as importing
from micrographia.segmentation.learning import cli as learning
from micrographia.segmentation.measuring import cli as measuring
from micrographia.segmentation.pseudo_labels import cli as pseudo_labels


def register(verbs: Subparsers) -> None:
    """Add the room's verbs: `predict`, and those of its other command lines."""
    for part in (learning, flow, measuring, fibres, importing, editing, pseudo_labels):
        part.register(verbs)
    parser = verbs.add_parser(
        "predict",
        help="segment micrographs into label masks and measure the instances",
        description="Write label masks, predictions.parquet and instances.parquet. For images "
        "named on the command line, also write the output of `measurements --pictures`, unless "
        "--masks-only is given.",
    )
    parser.add_argument("images", nargs="*", type=Path, metavar="IMG", help="images or folders")
    parser.add_argument(
        "--micrographs", type=Path, metavar="TABLE",
        help="table of micrographs: the kept rows are segmented; with IMG, only these pictures "
        "are, with the pixel sizes and text regions that the table knows",
    )  # fmt: skip
    parser.add_argument(
        "--pixel-size", type=float, metavar="NM",
        help="with IMG: side of a pixel of all pictures [nm]; default: as the table or the file "
        "says",
    )  # fmt: skip
    parser.add_argument(
        "--held-out", type=Path, metavar="FILE",
        help="table written by `pictures`; its held-out pictures are segmented",
    )  # fmt: skip
    add_shard(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    _add_choices(parser)
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_predict)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Add how pictures are segmented, and what is written beside the masks."""
    parser.add_argument(
        "--method",
        help="segmenter to use instead of the one in the settings (default unet-small): "
        + ", ".join(SEGMENTERS),
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="weights of the network, instead of those in the settings",
    )
    parser.add_argument(
        "--overlays",
        action="store_true",
        help="with --micrographs: also draw the outlines, into DIR/overlay",
    )
    parser.add_argument(
        "--masks-only",
        action="store_true",
        help="with IMG: write only the masks and the two tables",
    )
    parser.add_argument(
        "--keep-text",
        action="store_true",
        help="segment text that is burnt into the images as if it were sample",
    )


def _predict(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import MICROGRAPHS, TRAINING_PICTURES
    from micrographia.io.tables import read_table
    from micrographia.segmentation.predict import (
        jobs_held_out,
        jobs_of_paths,
        jobs_of_table,
        predict,
    )

    _refuse_unclear(arguments)
    settings = settings_of(arguments)
    if arguments.checkpoint:
        network = settings.network.model_copy(update={"checkpoint": arguments.checkpoint})
        settings = settings.model_copy(update={"network": network})
    if arguments.keep_text:
        settings = settings.model_copy(update={"text": "ignore"})
    exports = bool(arguments.images) and not arguments.masks_only
    method = arguments.method or settings.method
    options = (settings, method, arguments.overlays or exports)
    table = None if arguments.images else arguments.micrographs or arguments.held_out
    if table:
        jobs = (
            jobs_of_table(read_table(table, MICROGRAPHS), arguments.shard, arguments.shards)
            if arguments.micrographs
            else jobs_held_out(read_table(table, TRAINING_PICTURES))
        )
        # A shard's folder is one output of the workflow: whole or absent.
        sources = [table, *(job.path for job in jobs)]
        with atomic_directory(arguments.out, sources) as out:
            failed = predict(jobs, out, *options)
    else:
        known = arguments.micrographs and read_table(arguments.micrographs, MICROGRAPHS)
        jobs = jobs_of_paths(arguments.images, arguments.pixel_size, known)
        failed = predict(jobs, arguments.out, *options, _text_finder(arguments, settings))
        if exports:
            _export(arguments.out, settings)
    log = logging.getLogger(__name__)
    log.info("segmented %d of %d images into %s", len(jobs) - failed, len(jobs), arguments.out)
    if failed:
        log.warning("%d failed; see 'failure' in predictions.parquet", failed)
    # In the workflow a shard of nothing but broken images is a result, not an end of the run.
    return int(bool(jobs) and failed == len(jobs) and not table)


def _refuse_unclear(arguments: argparse.Namespace) -> None:
    """Refuse no input, or inputs that contradict each other."""
    from micrographia.errors import MicrographiaError

    tables = (arguments.micrographs, arguments.held_out)
    if sum(map(bool, tables)) + (bool(arguments.images) and not arguments.micrographs) != 1:
        raise MicrographiaError(
            "Exactly one kind of input must be given",
            remedy="Give either images, or --micrographs TABLE, or --held-out TABLE",
        )
    if arguments.pixel_size is not None and not arguments.images:
        raise MicrographiaError(
            "--pixel-size goes with images", remedy="A table states its own pixel sizes"
        )


def _text_finder(arguments: argparse.Namespace, settings: Segmentation) -> Any:
    """What finds the text of images, from the room that can; None where it shall stay."""
    import logging

    if settings.text == "ignore":
        return None
    find, reason = arguments.text_finder()
    if reason:
        logging.getLogger(__name__).warning(
            "Text in the images is not looked for: %s. Letters and bars may be taken for "
            "instances.",
            reason,
        )
    return find


def _export(out: Path, settings: Segmentation) -> None:
    from micrographia.provenance import stamp
    from micrographia.segmentation.measuring.export import write_measurements, write_pictures

    write_measurements([out], out, stamp(settings))
    write_pictures([out], out, overlays=False)  # they are drawn already
