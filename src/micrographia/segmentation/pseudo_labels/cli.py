"""`micrographia segmentation pseudo-label` and `rounds`: training with pseudo-labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, add_shard, settings_of
from micrographia.config import Segmentation


def register(verbs: Subparsers) -> None:
    """Add the verbs `pseudo-label` and `rounds`."""
    parser = verbs.add_parser(
        "pseudo-label",
        help="make pseudo-labels: use reliable predictions of a network as training masks",
        description="Predict instances and keep the reliable ones (settings.rounds) as pseudo-"
        "labels. The pixels of the other instances are ignored in training; pictures with too "
        "many of them are rejected. Correct masks with the help of drafts/ and overlay/: "
        "masks in the folder settings.rounds.corrections replace those of the network.",
    )
    parser.add_argument("images", nargs="*", type=Path, metavar="IMG", help="images or folders")
    parser.add_argument(
        "--micrographs", type=Path, help="table of micrographs; the kept rows are labelled"
    )
    add_shard(parser)
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="checkpoint of the network, instead of settings.network.checkpoint",
    )
    parser.add_argument(
        "--known", type=Path, metavar="FILE",
        help="-pictures.parquet of a training; its pictures already have masks and are left out",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_pseudo_label)

    parser = verbs.add_parser(
        "rounds",
        help="plot the scores over the rounds of pseudo-labelling; writes parquet and PNG",
    )
    parser.add_argument(
        "checkpoints",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="checkpoints written by `train`, from round 0 on",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="table to write (.parquet)"
    )
    parser.set_defaults(run=_rounds)


def _pseudo_label(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.errors import MicrographiaError
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import MICROGRAPHS, TRAINING_PICTURES
    from micrographia.io.tables import read_rows, read_table
    from micrographia.segmentation.predict import jobs_of_paths, jobs_of_table
    from micrographia.segmentation.pseudo_labels.run import label_pictures

    if bool(arguments.images) == bool(arguments.micrographs):
        raise MicrographiaError(
            "Exactly one kind of input must be given",
            remedy="Give either images or --micrographs TABLE",
        )
    settings = settings_of(arguments)
    if arguments.checkpoint:
        network = settings.network.model_copy(update={"checkpoint": arguments.checkpoint})
        settings = settings.model_copy(update={"network": network})
    if arguments.micrographs:
        table = read_table(arguments.micrographs, MICROGRAPHS)
        jobs = jobs_of_table(table, arguments.shard, arguments.shards)
    else:
        jobs = jobs_of_paths(arguments.images)
    known = read_rows(arguments.known, TRAINING_PICTURES) if arguments.known else []
    sources = [*(job.path for job in jobs), settings.rounds.corrections]
    with atomic_directory(arguments.out, [source for source in sources if source]) as out:
        rows = label_pictures(jobs, out, settings, known)
    kept = sum(row["status"] == "kept" for row in rows)
    log = logging.getLogger(__name__)
    log.info("%d of %d pictures got pseudo-labels: %s", kept, len(rows), arguments.out)
    return 0


def _rounds(arguments: argparse.Namespace) -> int:
    from micrographia.io.schemas import ROUNDS
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.segmentation.pseudo_labels.rounds import draw_curve, learning_curve

    rows = learning_curve(arguments.checkpoints)
    write_table(rows, arguments.out, ROUNDS, stamp())
    draw_curve(rows, arguments.out.with_suffix(".png"))
    return 0
