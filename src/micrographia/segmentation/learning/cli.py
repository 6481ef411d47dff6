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
        help="train a network; an interrupted training resumes from its last saved state",
        description="Train the network of settings.training on its real pictures and on folders "
        "of procedural pictures. Beside the checkpoint, write its card (.json), "
        "-pictures.parquet, -history.parquet and -curves.png, and in states/ the states "
        "from which a later call resumes.",
    )
    parser.add_argument(
        "--procedural", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders written by `synthesis micrographs`",
    )  # fmt: skip
    parser.add_argument(
        "--pictures", type=Path, metavar="FILE",
        help="split into training and held-out pictures to use, written by `pictures` or by "
        "another training; default: make a new split",
    )  # fmt: skip
    parser.add_argument(
        "--pseudo", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders written by `pseudo-label`, used for training only, never for validation",
    )  # fmt: skip
    parser.add_argument(
        "--seed",
        type=non_negative,
        default=1665,
        help="random seed of the split, the weights and the samples",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        help="number of threads of torch; 0 for the default of torch",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="checkpoint to write (.safetensors)",
    )
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_train)


def _register_pictures(verbs: Subparsers) -> None:
    parser = verbs.add_parser(
        "pictures",
        help="list the pictures and split them into training and held-out pictures",
        description="List the real pictures of settings.training and folders of procedural "
        "pictures, and split them by article into training and held-out pictures. `train` does "
        "the same if it is given no such table.",
    )
    parser.add_argument(
        "--procedural", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders written by `synthesis micrographs`",
    )  # fmt: skip
    parser.add_argument("--seed", type=non_negative, default=1665, help="random seed of the split")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="table to write (.parquet)"
    )
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_pictures)


def _register_subset(verbs: Subparsers) -> None:
    parser = verbs.add_parser(
        "subset",
        help="reduce the number of training pictures in a table of `pictures`",
        description="Take whole articles with about N real pictures from a table of `pictures`. "
        "Subsets of the same seed are nested: a larger one contains every smaller one. "
        "Held-out pictures stay held out.",
    )
    parser.add_argument(
        "--pictures", type=Path, required=True, metavar="FILE", help="table written by `pictures`"
    )
    parser.add_argument(
        "--real",
        type=non_negative,
        metavar="N",
        help="approximate number of real training pictures; default: all",
    )
    parser.add_argument(
        "--procedural", action="store_true", help="keep the procedural pictures too"
    )
    parser.add_argument(
        "--seed",
        type=non_negative,
        default=1665,
        help="random seed of the order in which articles are taken",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="table to write (.parquet)"
    )
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
    logging.getLogger(__name__).info("%d training pictures", learned)
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
    logging.getLogger(__name__).info("best scores of %s: %s", out, progress.best)
    return 0
