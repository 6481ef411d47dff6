"""`micrographia synthesis`: make synthetic micrographs."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    settings_of,
)
from micrographia.config import Synthesis
from micrographia.synthesis.kinds import cli as kinds
from micrographia.synthesis.text import cli as text


def register(verbs: Subparsers) -> None:
    """Add the verb `micrographs`, and those of the text detector's pictures and of the classes."""
    text.register(verbs)
    kinds.register(verbs)
    micrographs = verbs.add_parser(
        "micrographs", help="generate procedural micrographs with exact instance masks"
    )
    micrographs.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write images/, masks/ and truth.parquet to; an existing folder is "
        "replaced",
    )
    micrographs.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the whole set"
    )
    add_shard(micrographs)
    add_settings(micrographs, Synthesis)
    micrographs.set_defaults(run=_micrographs)


def _micrographs(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from micrographia.errors import ConfigError
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.images import write_labels
    from micrographia.io.schemas import SYNTHETIC
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.synthesis.procedural.micrograph import make_micrograph

    if arguments.shard >= arguments.shards:
        raise ConfigError(
            "There is no such shard",
            seen=f"--shard {arguments.shard} --shards {arguments.shards}",
            allowed="0 <= shard < shards",
        )
    settings = settings_of(arguments)
    rows = []
    with atomic_directory(arguments.out) as folder:
        (folder / "images").mkdir()
        (folder / "masks").mkdir()
        for index in range(arguments.shard, settings.count, arguments.shards):
            pixels, labels, truth = make_micrograph(index, arguments.seed, settings)
            name = f"{truth['name']}.png"
            Image.fromarray(pixels).save(folder / "images" / name)
            write_labels(folder / "masks" / name, labels)
            rows.append(truth)
        provenance = stamp(settings, arguments.seed)
        write_table(rows, folder / "truth.parquet", SYNTHETIC, provenance)
    return 0
