"""`micrographia classification align`: keep generated pictures that show what was asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import Classification
from micrographia.method_names import JUDGES


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    align = verbs.add_parser(
        "align", help="keep generated pictures that show the class that was asked for"
    )
    align.add_argument(
        "generated", type=Path,
        help="embeddings of the generated pictures; their label is the class that was asked for",
    )  # fmt: skip
    align.add_argument(
        "--reference", type=Path, nargs="+", default=[], metavar="TABLE",
        help="embeddings of labelled pictures to judge by, such as real ones",
    )  # fmt: skip
    align.add_argument(
        "--judge", choices=JUDGES, default="reference",
        help="learn to judge from the reference alone (default), or from the generated pictures "
        "of other folds too",
    )  # fmt: skip
    align.add_argument(
        "--among", type=positive, default=1,
        help="how many of the most probable classes may be the one asked for (default: 1)",
    )  # fmt: skip
    align.add_argument("--seed", type=non_negative, default=0, help="random seed (default: 0)")
    align.add_argument(
        "--kept", type=Path, metavar="TABLE",
        help="also write the embeddings of the kept pictures, for `train` and `bench --extra`",
    )  # fmt: skip
    align.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    add_settings(align, Classification)
    align.set_defaults(run=_align)


def _align(arguments: argparse.Namespace) -> int:
    from micrographia.classification.alignment.align import align
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import ALIGNED, EMBEDDINGS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    inputs = [arguments.generated, *arguments.reference]
    refuse_inputs([arguments.out], inputs)
    if arguments.kept is not None:
        refuse_inputs([arguments.kept], [*inputs, arguments.out])
    generated = read_rows(arguments.generated, EMBEDDINGS)
    reference = [read_rows(table, EMBEDDINGS) for table in arguments.reference]
    rows = align(generated, reference, settings, arguments.seed, arguments.judge, arguments.among)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, arguments.out, ALIGNED, provenance)
    if arguments.kept is not None:
        kept = [one for one, row in zip(generated, rows, strict=True) if row["kept"]]
        write_table(kept, arguments.kept, EMBEDDINGS, provenance)
    asked = sorted({str(row["asked"]) for row in rows})
    share = {
        name: f"{sum(bool(row['kept']) for row in own)}/{len(own)}"
        for name in asked
        if (own := [row for row in rows if str(row["asked"]) == name])
    }
    kept_count = sum(bool(row["kept"]) for row in rows)
    print_json({"table": str(arguments.out), "kept": kept_count, "of": len(rows), **share})
    return 0
