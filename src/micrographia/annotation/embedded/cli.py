"""`micrographia annotation learn`: train an embedded annotator."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, non_negative, positive


def register(verbs: Subparsers) -> None:
    """Add the verb `learn`."""
    parser = verbs.add_parser(
        "learn", help="train 'measured' or 'texture' on pictures whose attributes are known"
    )
    parser.add_argument("--kind", required=True, choices=("measured", "texture"))
    parser.add_argument(
        "--pictures",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="of `synthesis micrographs`",
    )
    parser.add_argument(
        "--segmentations",
        type=Path,
        nargs="*",
        default=[],
        metavar="DIR",
        help="of `segmentation predict`, of the first folders of pictures; for 'measured'",
    )
    parser.add_argument("--seed", type=non_negative, default=1665)
    parser.add_argument("--jobs", type=positive, default=1, help="processes at once")
    parser.add_argument("--out", type=Path, required=True, metavar="SAFETENSORS")
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
