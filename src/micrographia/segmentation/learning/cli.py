"""`micrographia segmentation train`, `pictures`, `subset`: learning from pictures with masks."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Segmentation


def register(verbs: Subparsers) -> None:
    """Add the verbs `train`, `pictures` and `subset`."""
    _register_pictures(verbs)
    _register_subset(verbs)
    parser = verbs.add_parser(
        "train",
        help="train a network; a training that was cut off goes on where it was",
        description="Train the network of settings.training on its real pictures and on folders "
        "of procedural ones. Beside the checkpoint: its card (.json), -pictures.parquet, "
        "-history.parquet, -curves.png, and in states/ what a later call goes on from.",
    )
    parser.add_argument(
        "--procedural", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders that `synthesis micrographs` wrote",
    )  # fmt: skip
    parser.add_argument(
        "--pictures", type=Path, metavar="FILE",
        help="a division made before, by `pictures` or another training, instead of a new one",
    )  # fmt: skip
    parser.add_argument(
        "--pseudo", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders that `pseudo-label` wrote: learned from, never judged on",
    )  # fmt: skip
    parser.add_argument("--seed", type=non_negative, default=1665, help="seed of it all")
    parser.add_argument(
        "--threads", type=int, default=0, help="threads of torch; 0 for what it takes by itself"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="checkpoint, .safetensors"
    )
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_train)


def _register_pictures(verbs: Subparsers) -> None:
    parser = verbs.add_parser(
        "pictures",
        help="the table that says which pictures are learned from and which held out",
        description="Lists the real pictures of settings.training and folders of procedural ones, "
        "and divides them by article. `train` does the same without being given such a table.",
    )
    parser.add_argument(
        "--procedural", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders that `synthesis micrographs` wrote",
    )  # fmt: skip
    parser.add_argument("--seed", type=non_negative, default=1665, help="seed of the division")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="table, .parquet")
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_pictures)


def _register_subset(verbs: Subparsers) -> None:
    parser = verbs.add_parser(
        "subset",
        help="the same table with fewer pictures to learn from",
        description="Of a table of `pictures`, whole articles with about so many real pictures, "
        "those of a smaller number among those of a larger one. What is held out stays.",
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="FILE", help="the table")
    parser.add_argument(
        "--real", type=non_negative, metavar="N", help="real pictures to learn from; all if absent"
    )
    parser.add_argument(
        "--procedural", action="store_true", help="keep the procedural pictures, too"
    )
    parser.add_argument("--seed", type=non_negative, default=1665, help="seed of the order")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="table, .parquet")
    parser.set_defaults(run=_subset)


def _pictures(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.io.schemas import TRAINING_PICTURES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.segmentation.samples.pictures import collect

    settings, seed = settings_of(arguments), arguments.seed
    training = settings.training
    rows = collect(training.real, arguments.procedural, training.validation, seed)
    write_table(rows, arguments.out, TRAINING_PICTURES, stamp(settings, seed))
    apart = sum(row["split"] == "validation" for row in rows)
    logging.getLogger(__name__).info("%d pictures, %d of them held out", len(rows), apart)
    return 0


def _subset(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import TRAINING_PICTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.segmentation.samples.subset import subset

    real, procedural, seed = arguments.real, arguments.procedural, arguments.seed
    refuse_inputs([arguments.out], [arguments.pictures])
    rows = subset(read_rows(arguments.pictures, TRAINING_PICTURES), real, procedural, seed)
    told = stamp({"real": real, "procedural": procedural}, seed)
    write_table(rows, arguments.out, TRAINING_PICTURES, told)
    learned = sum(row["split"] == "train" for row in rows)
    logging.getLogger(__name__).info("%d pictures to learn from", learned)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    import logging

    import torch

    from micrographia.io.schemas import TRAINING_HISTORY, TRAINING_PICTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp
    from micrographia.segmentation.learning.train import train
    from micrographia.segmentation.pseudo_labels.select import training_rows
    from micrographia.segmentation.samples.pictures import collect
    from micrographia.training.history import draw_history

    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    settings, seed, out = settings_of(arguments), arguments.seed, arguments.out
    training = settings.training
    rows = (
        read_rows(arguments.pictures, TRAINING_PICTURES)
        if arguments.pictures
        else collect(training.real, arguments.procedural, training.validation, seed)
    )
    rows += training_rows(arguments.pseudo)
    provenance = stamp(settings, seed)
    beside = out.parent / out.stem
    write_table(rows, f"{beside}-pictures.parquet", TRAINING_PICTURES, provenance)
    progress = train(rows, training, settings.network, out, seed)
    write_table(progress.history, f"{beside}-history.parquet", TRAINING_HISTORY, provenance)
    draw_history(
        progress.history, f"{training.architecture}, {len(rows)} pictures", f"{beside}-curves.png"
    )
    logging.getLogger(__name__).info("best of %s: %s", out, progress.best)
    return 0
