"""`micrographia curation`: list, ingest, merge; or all of it in one run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Curation
from micrographia.curation import text_cli

if TYPE_CHECKING:
    import pandas as pd


def register(verbs: Subparsers) -> None:
    """Add the verbs `list`, `ingest`, `merge`, `run`, and those of text regions."""
    text_cli.register(verbs)
    listing = verbs.add_parser("list", help="list the images of folders, split into shards")
    listing.add_argument("sources", nargs="+", metavar="SOURCE", help="folder of images")
    _add_origin(listing)
    listing.add_argument("--shards", type=int, default=1, help="how many shards there are")
    listing.add_argument("--out", type=Path, required=True, help="manifest.parquet")
    listing.set_defaults(run=_list)

    ingest = verbs.add_parser("ingest", help="read and judge the images of one shard")
    ingest.add_argument("--manifest", type=Path, required=True, help="table made by `list`")
    ingest.add_argument(
        "--shard", type=non_negative, default=0, help="number of this shard, from 0"
    )
    ingest.add_argument("--out", type=Path, required=True, help="table of this shard")
    add_settings(ingest, Curation)
    ingest.set_defaults(run=_ingest)

    merge = verbs.add_parser("merge", help="join the shards and reject copies")
    merge.add_argument("tables", nargs="+", type=Path, metavar="TABLE", help="made by `ingest`")
    merge.add_argument("--out", type=Path, required=True, help="table of all shards")
    add_settings(merge, Curation)
    merge.set_defaults(run=_merge)

    run = verbs.add_parser("run", help="a folder of images becomes a clean table, in one go")
    run.add_argument("folder", metavar="FOLDER", help="folder of images")
    _add_origin(run)
    run.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for micrographs.parquet, summary.json and quarantine.csv",
    )
    add_settings(run, Curation)
    run.set_defaults(run=_run)


def _add_origin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--masks", help="folder of masks with the images' names")
    parser.add_argument("--licence", default="unknown", help="licence of the images")


def _list(arguments: argparse.Namespace) -> int:
    from micrographia.curation.listing import list_micrographs
    from micrographia.errors import ConfigError
    from micrographia.io.schemas import MANIFEST
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    if arguments.shards < 1:
        raise ConfigError("--shards is out of range", seen=arguments.shards, allowed=">= 1")
    rows = list_micrographs(
        arguments.sources, arguments.masks, shards=arguments.shards, licence=arguments.licence
    )
    write_table(rows, arguments.out, MANIFEST, stamp())
    return 0


def _ingest(arguments: argparse.Namespace) -> int:
    from micrographia.curation.ingest import ingest
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import MANIFEST, MICROGRAPHS
    from micrographia.io.tables import read_table, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.manifest])
    manifest = read_table(arguments.manifest, MANIFEST)
    mine = manifest[manifest["shard"] == arguments.shard].to_dict(orient="records")
    rows = list(ingest(mine, settings))
    write_table(rows, arguments.out, MICROGRAPHS, stamp(settings))
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.curation.dedup import mark_duplicates
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import read_table, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], arguments.tables)
    rows = [
        row
        for path in arguments.tables
        for row in read_table(path, MICROGRAPHS).to_dict(orient="records")
    ]
    table = pd.DataFrame(rows, columns=MICROGRAPHS.names)
    marked = mark_duplicates(table, settings.duplicate_radius)
    write_table(marked, arguments.out, MICROGRAPHS, stamp(settings))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    import sys

    import pandas as pd
    from tqdm import tqdm

    from micrographia.curation.dedup import mark_duplicates
    from micrographia.curation.ingest import ingest
    from micrographia.curation.listing import list_micrographs
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    listed = list_micrographs([arguments.folder], arguments.masks, licence=arguments.licence)
    progress = tqdm(listed, unit="image", disable=not sys.stderr.isatty())
    table = pd.DataFrame(ingest(progress, settings), columns=MICROGRAPHS.names)
    table = mark_duplicates(table, settings.duplicate_radius)
    write_table(table, arguments.out / "micrographs.parquet", MICROGRAPHS, stamp(settings))
    _write_summary(table, arguments.out)
    return 0


def _write_summary(table: pd.DataFrame, out: Path) -> None:
    import json

    from micrographia.curation.ingest import summarise
    from micrographia.io.atomic import write_text

    counts = summarise(table)
    write_text(out / "summary.json", json.dumps(counts, indent=2, sort_keys=True) + "\n")
    rejected = table.loc[table["status"] == "rejected", ["path", "reason"]]
    write_text(out / "quarantine.csv", rejected.to_csv(index=False, lineterminator="\n"))
    print(
        f"{counts['n_files']} files: {counts['n_kept']} kept "
        f"({counts['n_kept_with_mask']} with a mask, {counts['n_kept_with_pixel_size']} with a "
        f"pixel size), {counts['n_unreadable']} unreadable, {counts['n_duplicates']} copies, "
        f"{counts['n_poor_quality']} of poor quality; {counts['n_masks_dropped']} masks dropped. "
        f"Reasons are in {out / 'quarantine.csv'}."
    )
