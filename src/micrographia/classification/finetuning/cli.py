"""Verb `finetune`: train the ImageNet encoder further on pictures with classes."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Classification

LOG = logging.getLogger(__name__)


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "finetune", help="train the ImageNet encoder further on pictures with classes"
    )
    parser.add_argument(
        "source", type=Path, help="folder with one folder for each class, or table of labels"
    )
    parser.add_argument("--seed", type=non_negative, default=0, help="random seed (default: 0)")
    parser.add_argument(
        "--licences", nargs="+", default=[], metavar="NAME", help="of the pictures, for the card"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="encoder to write, .safetensors"
    )
    add_settings(parser, Classification)
    parser.set_defaults(run=_finetune)


def _finetune(arguments: argparse.Namespace) -> int:
    from micrographia.classification.finetuning.train import finetune, sub_kinds_of
    from micrographia.io.datasets.labelled import read_labelled

    settings = settings_of(arguments).finetuning
    found = read_labelled(arguments.source)
    for note in found.notes:
        LOG.warning("%s", note)
    kinds = sub_kinds_of(arguments.source)
    progress, failures = finetune(
        found.rows, kinds, settings, arguments.out, arguments.seed, arguments.licences
    )
    for failure in failures:
        LOG.warning("%s", failure)
    print_json({"encoder": str(arguments.out), "failed": len(failures), **progress.best})
    return 0
