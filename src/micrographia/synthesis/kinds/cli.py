"""`micrographia synthesis kinds`: pictures of the ten classes of nanomaterials."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    positive,
    settings_of,
)
from micrographia.config import Kinds


def register(verbs: Subparsers) -> None:
    """Add the verb `kinds`."""
    kinds = verbs.add_parser(
        "kinds", help="generate pictures of ten classes of nanomaterials with exact labels"
    )
    kinds.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write <class>/<picture>.png and kinds.parquet to; an existing folder "
        "that this command made is replaced",
    )
    kinds.add_argument(
        "--classes",
        nargs="+",
        metavar="CLASS",
        help="draw only these classes (default: all ten); 'other': pictures of none of them",
    )
    for name, kind, what in (
        ("per-class", positive, "pictures of each class"),
        ("size", positive, "side of a picture [px]"),
        (
            "variety",
            float,
            "spread within a class, from 0 to 1: sub-kinds, sizes, contrast, faults",
        ),
        (
            "likeness",
            float,
            "likeness between classes, from 0 to 1: shapes and contents they share",
        ),
        (
            "annotated-share",
            float,
            "share of pictures with a burnt-in scale bar, letter or banner",
        ),
        (
            "transmitted-share",
            float,
            "share of transmission pictures among biological, nanowires, particles and powder",
        ),
    ):
        default = Kinds.model_fields[name.replace("-", "_")].default
        kinds.add_argument(f"--{name}", type=kind, help=f"{what} (default: {default})")
    kinds.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the whole set"
    )
    add_shard(kinds)
    add_settings(kinds, Kinds)
    kinds.set_defaults(run=_kinds)


def _chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings by name; an option of its own outweighs `--settings`."""
    found: dict[str, Any] = settings_of(arguments).model_dump()
    given = {name: getattr(arguments, name) for name in found}
    return found | {name: value for name, value in given.items() if value is not None}


def _kinds(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from micrographia.errors import ConfigError
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import KIND_PICTURES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.synthesis.kinds.dataset import make_set
    from micrographia.synthesis.kinds.picture import KindSettings

    if arguments.shard >= arguments.shards:
        raise ConfigError(
            "There is no such shard",
            seen=f"--shard {arguments.shard} --shards {arguments.shards}",
            allowed="0 <= shard < shards",
        )
    chosen = _chosen(arguments)
    per_class, classes = chosen.pop("per_class"), chosen.pop("classes")
    settings = KindSettings(**chosen)
    with atomic_directory(arguments.out) as folder:
        rows = make_set(
            folder,
            settings,
            per_class,
            arguments.seed,
            classes=list(dict.fromkeys(classes)),
            shard=arguments.shard,
            shards=arguments.shards,
        )
        provenance = stamp(asdict(settings), arguments.seed)
        write_table(rows, folder / "kinds.parquet", KIND_PICTURES, provenance)
    return 0
