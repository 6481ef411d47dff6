"""`micrographia synthesis kinds`: pictures of the ten classes of nanomaterials."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_shard, non_negative, positive


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
        "--per-class", type=positive, default=100, help="pictures of each class (default: 100)"
    )
    kinds.add_argument(
        "--classes", nargs="+", metavar="CLASS", help="draw only these classes (default: all ten)"
    )
    kinds.add_argument(
        "--size", type=positive, default=256, help="side of a picture [px] (default: 256)"
    )
    for name, default, what in (
        ("variety", 1.0, "spread within a class, from 0 to 1: sub-kinds, sizes, contrast, faults"),
        ("likeness", 0.3, "likeness between classes, from 0 to 1: shapes and contents they share"),
        ("annotated-share", 0.3, "share of pictures with a burnt-in scale bar, letter or banner"),
        (
            "transmitted-share",
            0.25,
            "share of transmission pictures among biological, nanowires, particles and powder",
        ),
    ):
        kinds.add_argument(
            f"--{name}", type=float, default=default, help=f"{what} (default: {default})"
        )
    kinds.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the whole set"
    )
    add_shard(kinds)
    kinds.set_defaults(run=_kinds)


def _kinds(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from micrographia.errors import ConfigError
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import KIND_PICTURES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.synthesis.kinds.dataset import make_set
    from micrographia.synthesis.kinds.picture import CLASSES, KindSettings

    if arguments.shard >= arguments.shards:
        raise ConfigError(
            "There is no such shard",
            seen=f"--shard {arguments.shard} --shards {arguments.shards}",
            allowed="0 <= shard < shards",
        )
    settings = KindSettings(
        size=arguments.size,
        variety=arguments.variety,
        likeness=arguments.likeness,
        annotated_share=arguments.annotated_share,
        transmitted_share=arguments.transmitted_share,
    )
    with atomic_directory(arguments.out) as folder:
        rows = make_set(
            folder,
            settings,
            arguments.per_class,
            arguments.seed,
            classes=list(dict.fromkeys(arguments.classes or CLASSES)),
            shard=arguments.shard,
            shards=arguments.shards,
        )
        provenance = stamp(asdict(settings), arguments.seed)
        write_table(rows, folder / "kinds.parquet", KIND_PICTURES, provenance)
    return 0
