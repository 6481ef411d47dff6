"""`micrographia segmentation import-masks`: label masks made of what other programs draw."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verb `import-masks`."""
    parser = verbs.add_parser(
        "import-masks",
        help="turn COCO JSON, LabelMe JSON, ImageJ regions and napari labels into label masks",
        description="Write a label mask for each picture, named after it, and a table, "
        "imported.parquet and .csv. `curation list --masks DIR` and `curation run --masks DIR` "
        "take the folder.",
    )
    parser.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="SOURCE",
        help="files or folders: .json (COCO, LabelMe), .zip and .roi (ImageJ), "
        ".tif, .png and .npy (labels)",
    )
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="folder of the pictures"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    import logging
    import sys

    from tqdm import tqdm

    from micrographia.io.atomic import atomic_directory
    from micrographia.provenance import stamp
    from micrographia.segmentation.importing.masks import drawings_in, import_masks, write_imported

    found = drawings_in(arguments.sources, arguments.images)
    with atomic_directory(arguments.out, [*arguments.sources, arguments.images]) as out:
        shown = tqdm(found, unit="picture", disable=not sys.stderr.isatty())
        rows = import_masks(shown, arguments.images, out)
        write_imported(rows, out, stamp())
    failed = [row for row in rows if row["failure"] is not None]
    log = logging.getLogger(__name__)
    for row in failed:
        log.warning("%s: %s", row["source"], row["failure"])
    done = len(rows) - len(failed)
    instances = sum(row["n_instances"] or 0 for row in rows)
    print(f"{done} of {len(rows)} masks written, {instances} instances; see imported.csv")
    return int(not done)
