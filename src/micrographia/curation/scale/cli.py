"""`micrographia curation scale`, `train-scale`: pixel sizes from scale bars."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Scale, Training

#: Length of the reader's training.
_TRAINING = {
    "steps": 6000,
    "batch": 32,
    "learning_rate": 2.5e-3,
    "average": 0.998,
    "validate_every": 500,
    "save_every": 500,
    "precision": "fp32",
    "device": "cpu",
}


def register(verbs: Subparsers) -> None:
    """Add the verbs `scale` and `train-scale`."""
    scale = verbs.add_parser("scale", help="read the pixel size from scale bars")
    scale.add_argument(
        "images", nargs="*", metavar="IMAGE", help="pictures to read; the results are printed"
    )
    scale.add_argument(
        "--micrographs", type=Path, help="table written by `merge`, instead of IMAGE"
    )
    scale.add_argument(
        "--text",
        type=Path,
        nargs="*",
        default=[],
        metavar="TABLE",
        help="tables written by `text`",
    )
    add_shard(scale)
    scale.add_argument("--out", type=Path, help="table to write")
    add_settings(scale, Scale)
    scale.set_defaults(run=_scale)

    train = verbs.add_parser(
        "train-scale", help="train the network that reads the labels of scale bars"
    )
    train.add_argument(
        "--fonts", nargs="+", default=["/usr/share/fonts/truetype"], help="folders of .ttf files"
    )
    train.add_argument(
        "--out",
        type=Path,
        required=True,
        help="reader.safetensors to write; its .json card is written beside it",
    )
    train.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the training"
    )
    train.add_argument(
        "--start", type=Path, help="weights of a reader to start from; default: random ones"
    )
    add_settings(train, Training)
    train.set_defaults(run=_train)


def _scale(arguments: argparse.Namespace) -> int:
    from micrographia.errors import ConfigError

    if bool(arguments.images) == bool(arguments.micrographs):
        raise ConfigError(
            "Give either pictures, or --micrographs with --out",
            seen=[*arguments.images, str(arguments.micrographs or "")],
        )
    return _print(arguments) if arguments.images else _table(arguments)


def _print(arguments: argparse.Namespace) -> int:
    from micrographia.curation.scale.measure import search
    from micrographia.curation.scale.readers.tools import load_tools

    settings = settings_of(arguments)
    entries = [{"image_id": None, "path": path} for path in arguments.images]
    print_json(list(search(entries, {}, load_tools(settings), settings)))
    return 0


def _table(arguments: argparse.Namespace) -> int:
    from micrographia.curation.scale.measure import search
    from micrographia.curation.scale.readers.tools import load_tools
    from micrographia.errors import ConfigError
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import MICROGRAPHS, SCALE, TEXT
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    if arguments.out is None or arguments.shard >= arguments.shards:
        raise ConfigError(
            "The pixel sizes of a shard need --out and a valid --shard",
            seen=f"--shard {arguments.shard} --shards {arguments.shards}",
            allowed="0 <= shard < shards",
        )
    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.micrographs, *arguments.text])
    table = read_rows(arguments.micrographs, MICROGRAPHS)
    kept = [row for row in table if row["status"] == "kept"][arguments.shard :: arguments.shards]
    texts = {row["image_id"]: row for path in arguments.text for row in read_rows(path, TEXT)}
    rows = list(search(kept, texts, load_tools(settings), settings))
    write_table(rows, arguments.out, SCALE, stamp(settings))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from micrographia.curation.scale.training import train
    from micrographia.errors import ConfigError

    if arguments.out.suffix != ".safetensors":
        raise ConfigError(
            "The reader cannot be written to this file",
            seen=arguments.out.name,
            allowed="*.safetensors",
        )
    given = settings_of(arguments)
    settings = Training(**(_TRAINING | given.model_dump(exclude_unset=True)))
    train(arguments.fonts, settings, arguments.out, arguments.seed, arguments.start)
    return 0
