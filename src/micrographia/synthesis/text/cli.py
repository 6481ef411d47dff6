"""`micrographia synthesis text-pictures`: training pictures of the text detector."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import TextTraining


def register(verbs: Subparsers) -> None:
    """Add the verb `text-pictures`."""
    pictures = verbs.add_parser(
        "text-pictures", help="generate micrographs with burnt-in text and its exact boxes"
    )
    pictures.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write the pictures and regions.parquet to; an existing folder is replaced",
    )
    pictures.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the whole set"
    )
    add_settings(pictures, TextTraining)
    pictures.set_defaults(run=_text_pictures)


def _text_pictures(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import TEXT_PICTURES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.synthesis.text.dataset import make_set

    settings = settings_of(arguments)
    with atomic_directory(arguments.out, settings.backgrounds) as folder:
        rows = make_set(folder, settings, arguments.seed)
        provenance = stamp(settings, arguments.seed)
        write_table(rows, folder / "regions.parquet", TEXT_PICTURES, provenance)
    return 0
