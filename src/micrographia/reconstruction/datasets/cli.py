"""Verbs `real` and `ranked` of `micrographia reconstruction`: tables of pictures in."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from micrographia.commandline import Subparsers, add_settings
from micrographia.config import Reconstruction
from micrographia.reconstruction.options import add_time_limit, limited_settings

if TYPE_CHECKING:
    from ase import Atoms

    from micrographia.io.datasets.answers import Answer

logger = logging.getLogger(__name__)


def register(verbs: Subparsers) -> None:
    """Add the verbs."""
    real = verbs.add_parser("real", help="find the crystals in a table of real pictures")
    real.add_argument(
        "table", type=Path, metavar="CSV",
        help="columns name, picture, elements, pixel_size or field_of_view [Å], truth, note",
    )  # fmt: skip
    real.add_argument(
        "--pictures", type=Path, default=None, metavar="FOLDER",
        help="where the table's paths begin; default: beside the table",
    )  # fmt: skip
    real.add_argument("--out", type=Path, required=True, help="folder to write")
    add_time_limit(real)
    add_settings(real, Reconstruction)
    real.set_defaults(run=_real)
    ranked = verbs.add_parser(
        "ranked", help="answer a data set of pictures with ranked crystals; writes JSON lines"
    )
    ranked.add_argument(
        "dataset", type=Path, metavar="DATASET", help="table of pictures, or the folder with it"
    )
    ranked.add_argument("--out", type=Path, required=True, metavar="JSONL", help="file to write")
    ranked.add_argument(
        "--count", type=int, default=5, help="most crystals for each picture; default: 5"
    )
    ranked.add_argument(
        "--oracle", action="store_true",
        help="take the true projections instead of solving, to judge the heights alone",
    )  # fmt: skip
    ranked.add_argument(
        "--proposals", type=Path, default=None, metavar="JSONL",
        help="answers of others to the same pictures, such as those of `language ranked`: they "
        "are compared with what the search finds, and lend heights to it",
    )  # fmt: skip
    add_time_limit(ranked)
    add_settings(ranked, Reconstruction)
    ranked.set_defaults(run=_ranked)


def _real(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.datasets.real_pictures import read_real_pictures
    from micrographia.io.schemas import REAL_PICTURES, RECONSTRUCTIONS
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp
    from micrographia.reconstruction.datasets.real import read_real

    settings = limited_settings(arguments)
    pictures = read_real_pictures(arguments.table, arguments.pictures)
    with atomic_directory(arguments.out, [arguments.table]) as folder:
        found = list(read_real(pictures, settings, folder))
        rows = [row for row, _ in found]
        used = [row for _, row in found]
        write_table(rows, folder / "reconstructions.parquet", RECONSTRUCTIONS, stamp(settings))
        write_table(used, folder / "pictures.parquet", REAL_PICTURES, stamp(settings))
    failed = sum(row["failure"] is not None for row in rows)
    print(f"{arguments.out}: {len(rows) - failed} crystals, {failed} failed")
    return 0


def _ranked(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.datasets.answers import read_answers, write_answers
    from micrographia.io.datasets.ranked import find_table, read_dataset
    from micrographia.reconstruction.datasets.ranked import answer_pictures

    settings = limited_settings(arguments)
    others = [] if arguments.proposals is None else [arguments.proposals]
    refuse_inputs([arguments.out], [find_table(arguments.dataset), *others])
    items = read_dataset(arguments.dataset)
    given = {} if arguments.proposals is None else read_answers(arguments.proposals)
    proposals = {picture: list(_layers(answer)) for picture, answer in given.items()}
    rows = []
    count = max(1, arguments.count)
    for row in answer_pictures(items, settings, count, arguments.oracle, proposals):
        logger.info(
            "%s: %s, %.1f s", row["picture"], row.get("failure", "answered"), row["seconds"]
        )
        rows.append(row)
    write_answers(arguments.out, rows)
    failed = sum("failure" in row for row in rows)
    print(f"{arguments.out}: {len(rows) - failed} answers, {failed} refusals")
    return 0


def _layers(answer: Answer) -> Iterator[Atoms]:
    """The proposals that are layers; of others the log says why they are left out."""
    from micrographia.errors import StructureError
    from micrographia.io.structures import orient_layer

    for number, atoms in enumerate(answer.crystals, 1):
        if atoms is None:
            continue
        try:
            yield orient_layer(atoms)
        except StructureError as error:
            logger.warning("%s, proposal %d is left out: %s", answer.picture, number, error)
