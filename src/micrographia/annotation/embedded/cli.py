"""`micrographia annotation learn`: train an embedded annotator."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, non_negative, positive
from micrographia.method_names import TRAINED_ANNOTATOR_KINDS


def register(verbs: Subparsers) -> None:
    """Add the verb `learn`."""
    parser = verbs.add_parser(
        "learn",
        help="train an embedded annotator on pictures with known attributes",
    )
    parser.add_argument(
        "--kind", required=True, choices=TRAINED_ANNOTATOR_KINDS, help="annotator to train"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="folders written by `synthesis micrographs`",
    )
    parser.add_argument(
        "--segmentations",
        type=Path,
        nargs="*",
        default=[],
        metavar="DIR",
        help="for 'measured': output folders of `segmentation predict` for the first folders "
        "of --pictures, in the same order",
    )
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the training"
    )
    parser.add_argument("--jobs", type=positive, default=1, help="number of parallel processes")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="SAFETENSORS",
        help="weights to write; the .json card is written beside them",
    )  # fmt: skip
    parser.set_defaults(run=_learn)


def _learn(arguments: argparse.Namespace) -> int:
    import json
    import logging

    from micrographia.annotation.embedded.examples import read_examples
    from micrographia.annotation.embedded.heads import save_heads
    from micrographia.annotation.embedded.train import learn

    examples = read_examples(
        arguments.kind, arguments.pictures, arguments.segmentations, arguments.jobs
    )
    card, tensors = learn(arguments.kind, examples, arguments.seed)
    save_heads(arguments.out, card, tensors)
    logging.getLogger(__name__).info("%s", json.dumps(card["metrics"], indent=1))
    return 0
