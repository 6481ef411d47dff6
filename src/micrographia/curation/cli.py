"""`micrographia curation`: list, ingest, merge; or all of it in one run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import Subparsers, add_settings, non_negative, positive, settings_of
from micrographia.config import Curation
from micrographia.curation.scale import cli as scale
from micrographia.curation.text import cli as text

_SOURCE = "folder, glob, .zip or .tar archive, or CSV file with a column 'path'"


def register(verbs: Subparsers) -> None:
    """Add the verbs `list`, `ingest`, `merge`, `run`, and those of text regions."""
    text.register(verbs)
    scale.register(verbs)
    listing = verbs.add_parser("list", help="list images and split the list into shards")
    listing.add_argument("sources", nargs="*", metavar="SOURCE", help=_SOURCE)
    _add_origin(listing)
    listing.add_argument("--shards", type=int, default=1, help="number of shards (default: 1)")
    listing.add_argument(
        "--out", type=Path, required=True, help="table to write, manifest.parquet"
    )
    listing.set_defaults(run=_list)

    ingest = verbs.add_parser(
        "ingest", help="read the images of one shard and check their quality"
    )
    ingest.add_argument("--manifest", type=Path, required=True, help="table written by `list`")
    ingest.add_argument(
        "--shard", type=non_negative, default=0, help="index of this shard, from 0"
    )
    ingest.add_argument("--out", type=Path, required=True, help="table to write")
    _add_jobs(ingest)
    add_settings(ingest, Curation)
    ingest.set_defaults(run=_ingest)

    merge = verbs.add_parser("merge", help="join the tables of all shards and reject duplicates")
    merge.add_argument(
        "tables", nargs="+", type=Path, metavar="TABLE", help="tables written by `ingest`"
    )
    merge.add_argument("--out", type=Path, required=True, help="table to write")
    add_settings(merge, Curation)
    merge.set_defaults(run=_merge)

    run = verbs.add_parser(
        "run", help="run all steps of curation at once, including text regions and scale bars"
    )
    run.add_argument("sources", nargs="+", metavar="SOURCE", help=_SOURCE)
    _add_origin(run)
    _add_jobs(run)
    run.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write micrographs.parquet, summary.json and quarantine.csv to",
    )
    add_settings(run, Curation)
    run.set_defaults(run=_run)


def _add_origin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--masks", help="folder of label masks with the same file names as the images"
    )
    parser.add_argument(
        "--licence",
        default="unknown",
        help="licence of the images, stored with every row (default: unknown)",
    )


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        type=positive,
        default=1,
        metavar="N",
        help="number of parallel processes (default: 1)",
    )


def _list(arguments: argparse.Namespace) -> int:
    from micrographia.curation.intake.listing import list_micrographs
    from micrographia.errors import ConfigError
    from micrographia.io.schemas import MANIFEST
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    if not arguments.sources:
        raise ConfigError(
            "There is no source of micrographs",
            remedy="In the workflow: set data.micrographs.source, which is 'none'",
        )
    if arguments.shards < 1:
        raise ConfigError("--shards is out of range", seen=arguments.shards, allowed=">= 1")
    rows = list_micrographs(
        arguments.sources, arguments.masks, shards=arguments.shards, licence=arguments.licence
    )
    write_table(rows, arguments.out, MANIFEST, stamp())
    return 0


def _ingest(arguments: argparse.Namespace) -> int:
    from micrographia.curation.intake.ingest import ingest_table
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import MANIFEST
    from micrographia.io.tables import read_table

    refuse_inputs([arguments.out], [arguments.manifest])
    manifest = read_table(arguments.manifest, MANIFEST)
    mine = manifest[manifest["shard"] == arguments.shard].to_dict(orient="records")
    ingest_table(mine, settings_of(arguments), arguments.out, arguments.jobs)
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs

    refuse_inputs([arguments.out], arguments.tables)
    _merged(arguments.tables, arguments.out, settings_of(arguments))
    return 0


def _merged(tables: list[Path], out: Path, settings: Curation) -> None:
    """Join tables of `ingest`, reject copies, and write the result."""
    from micrographia.curation.copies.dedup import mark_duplicates
    from micrographia.io.copies.fingerprint import INGESTED
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import read_tables, write_table
    from micrographia.provenance import stamp

    marked = mark_duplicates(read_tables(tables, INGESTED), settings)
    write_table(marked[MICROGRAPHS.names], out, MICROGRAPHS, stamp(settings))


def _run(arguments: argparse.Namespace) -> int:
    import sys
    import tempfile

    from tqdm import tqdm

    from micrographia.curation.intake.ingest import ingest_table
    from micrographia.curation.intake.listing import list_micrographs

    settings = settings_of(arguments)
    listed = list_micrographs(arguments.sources, arguments.masks, licence=arguments.licence)
    progress = tqdm(listed, unit="image", disable=not sys.stderr.isatty())
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".ingest.") as folder:
        ingested, merged = (Path(folder) / f"{step}.parquet" for step in ("ingested", "merged"))
        ingest_table(progress, settings, ingested, arguments.jobs)
        _merged([ingested], merged, settings)
        left_out = _complete(merged, arguments.out / "micrographs.parquet", settings)
    _write_summary(arguments.out)
    for sentence in left_out:
        print(sentence)
    return 0


def _complete(merged: Path, out: Path, settings: Curation) -> list[str]:
    """Read what is burnt into the pictures of a merged table; return what was not read."""
    import sys

    import cv2
    from tqdm import tqdm

    from micrographia.curation.burnt_in import load_readers, read_burnt_in
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    def progress(rows: Any, what: str) -> Any:
        return tqdm(rows, what, unit="image", disable=not sys.stderr.isatty())

    cv2.setNumThreads(1)
    readers = load_readers(settings)
    found = read_burnt_in(read_rows(merged, MICROGRAPHS), readers, settings, progress)
    write_table(found.rows, out, MICROGRAPHS, stamp(settings))
    return readers.left_out


def _write_summary(out: Path) -> None:
    import json

    from micrographia.curation.intake.ingest import summarise
    from micrographia.io.atomic import write_text
    from micrographia.io.schemas import MICROGRAPHS
    from micrographia.io.tables import read_table

    table = read_table(out / "micrographs.parquet", MICROGRAPHS)
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
