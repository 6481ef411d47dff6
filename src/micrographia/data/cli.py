"""`micrographia data`: what public data there is, and how to get it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs `list` and `retrieve`."""
    listing = verbs.add_parser("list", help="list the public data sets: size, licence, needs")
    retrieve = verbs.add_parser(
        "retrieve", help="download public data sets, check and unpack them, and convert them"
    )
    retrieve.add_argument("names", nargs="+", metavar="NAME", help="data sets, as `list` says")
    for parser in (listing, retrieve):
        parser.add_argument(
            "--into",
            type=Path,
            default=Path("data"),
            metavar="FOLDER",
            help="folder of all public data (default: data)",
        )
        parser.add_argument(
            "--catalogue", type=Path, metavar="FILE", help="another catalogue than the shipped one"
        )
    listing.set_defaults(run=_list)
    retrieve.set_defaults(run=_retrieve)


def _list(arguments: argparse.Namespace) -> int:
    from micrographia.data.page import size_of
    from micrographia.data.retrieve import RECEIPT
    from micrographia.io.public.catalogue import SHIPPED, read_catalogue

    for name, entry in read_catalogue(arguments.catalogue or SHIPPED).sets.items():
        here = (arguments.into / name / RECEIPT).is_file()
        state = f"in {arguments.into / name}" if here else "not here"
        print(f"{name}: {entry.title} ({entry.version}), {size_of(entry)}, {state}")
        print(f"    licence: {entry.licence}")
        for need in (*entry.needs, *filter(None, [entry.request])):
            print(f"    needs: {need}")
    return 0


def _retrieve(arguments: argparse.Namespace) -> int:
    from micrographia.data.retrieve import retrieve
    from micrographia.io.public.catalogue import SHIPPED, read_catalogue

    catalogue = read_catalogue(arguments.catalogue or SHIPPED)
    for name in arguments.names:
        catalogue.find(name)  # a wrong name is said before hours of downloads
    for name in arguments.names:
        receipt = retrieve(catalogue, name, arguments.into, _bar)
        print(f"{arguments.into / name}: {receipt['title']}, {receipt['licence']}")
    return 0


def _bar(pieces: Iterator[bytes], total: int | None, what: str) -> Iterable[bytes]:
    """Show how much of a download is done and the time left, where there is a terminal."""
    from tqdm import tqdm

    with tqdm(
        total=total, desc=what, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
    ) as bar:
        for piece in pieces:
            bar.update(len(piece))
            yield piece
