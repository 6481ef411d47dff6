"""`micrographia measure`: from a folder of micrographs to sizes in nm, in one command."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micrographia.commandline import add_settings, positive, settings_of
from micrographia.config import WorkflowConfig
from micrographia.method_names import SEGMENTERS

_EPILOG = """Correct a mask in results/masks/ with ImageJ, napari or any program that keeps its
numbers, and run the same command again: the corrected mask stays, and is measured."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; this command has no verbs."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE",
        help="folder, picture, glob, .zip or .tar archive, or CSV file with a column 'path'",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--pixel-size", type=float, metavar="NM",
        help="side of a pixel of all pictures [nm]; default: as the file, its banner or its scale "
        "bar says",
    )  # fmt: skip
    parser.add_argument(
        "--masks", type=Path, metavar="DIR",
        help="folder of masks by the names of the pictures: they take the place of segmentation",
    )  # fmt: skip
    parser.add_argument(
        "--group-by", metavar="folder|COLUMN",
        help="compare the pictures by their folders, or by a column of the CSV file; default: by "
        "folder if there are several",
    )  # fmt: skip
    parser.add_argument(
        "--everything", action="store_true",
        help="also count copies, and pictures that curation takes for too small, blurred or empty",
    )  # fmt: skip
    parser.add_argument("--method", choices=SEGMENTERS, help="default: unet-small")
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
        help="number of parallel processes (default: all cores)",
    )  # fmt: skip
    add_settings(parser, WorkflowConfig)
    parser.set_defaults(run=_measure)


def _measure(arguments: argparse.Namespace) -> int:
    import sys

    from tqdm import tqdm

    from micrographia.measurement.results import conclusion, line_of, write_results
    from micrographia.measurement.run import Request, measure_pictures

    settings = settings_of(arguments)
    if arguments.method:
        chosen = settings.segmentation.model_copy(update={"method": arguments.method})
        settings = settings.model_copy(update={"segmentation": chosen})
    request = Request(
        arguments.sources,
        arguments.out,
        arguments.pixel_size,
        arguments.masks,
        arguments.group_by,
        arguments.everything,
        arguments.jobs,
        settings,
    )

    def progress(steps: Iterator[Any], total: int, what: str) -> Iterator[Any]:
        shown = sys.stderr.isatty()
        return iter(tqdm(steps, what, total, unit="picture", disable=not shown))

    pictures, instances = measure_pictures(request, progress)
    write_results(pictures, instances, request)
    for row in pictures.to_dict("records"):
        print(line_of(row, instances))
    print(conclusion(pictures, request.out))
    return 0 if pictures["failure"].isna().any() else 1
