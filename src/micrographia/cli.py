"""`micrographia <room> <verb>`: parse, call, report errors as one sentence.

Each room's verbs live in `micrographia/<room>/cli.py`; only the room that was asked for is
imported, and its verbs import their libraries when they run, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from micrographia import __version__, log
from micrographia.errors import MicrographiaError, install_hint

ROOMS = {
    "measure": "measure the particles of a folder of micrographs, in nm: all in one command",
    "curation": "turn a folder of micrographs into a clean table",
    "synthesis": "generate synthetic micrographs with exact masks",
    "segmentation": "segment instances, measure them, train networks",
    "annotation": "describe micrographs by nine attributes, with several annotators",
    "stem": "simulate STEM images of 2D crystals",
    "reconstruction": "find the crystal structure in a STEM image",
    "energy": "relax crystals and compute their energies",
    "classification": "say what kind of nanomaterial a micrograph shows",
    "language": "write what a picture shows as text, such as a crystal structure",
    "benchmarks": "score predictions against the ground truth",
    "report": "write one self-contained HTML page of the results",
    "data": "list and download public data sets that the benchmarks use",
    "config": "write the default settings file, or check your own settings",
}
#: Rooms whose package has another name.
PACKAGES = {"config": "workflow", "measure": "measurement"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def build_parser(room: str | None) -> argparse.ArgumentParser:
    """Return the parser; only the given `room` gets its verbs, to keep the start fast."""
    parser = argparse.ArgumentParser(
        prog="micrographia",
        description="Turn electron micrographs into data, trained models and crystal structures.",
    )
    parser.add_argument("--version", action="version", version=f"micrographia {__version__}")
    parser.add_argument(
        "--log-level",
        type=str.upper,
        default="INFO",
        choices=LEVELS,
        help="lowest level of messages shown (default: INFO)",
    )
    rooms = parser.add_subparsers(dest="room", required=True, metavar="ROOM")
    for name, summary in ROOMS.items():
        room_parser = rooms.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + "."
        )
        if name == room:
            commands = importlib.import_module(f"micrographia.{PACKAGES.get(name, name)}.cli")
            if name == "measure":
                commands.register(room_parser)  # one command, no verbs
                continue
            verbs = room_parser.add_subparsers(dest="verb", required=True, metavar="VERB")
            commands.register(verbs)
            room_parser.set_defaults(text_finder=_text_finder, picture_tools=_picture_tools)
    return parser


def _text_finder() -> Any:
    """Let a room find text in pictures: rooms do not import one another, so it is handed in."""
    from micrographia.config import Text
    from micrographia.curation.text.finder import text_finder

    return text_finder(Text())


def _picture_tools(settings: Any) -> Any:
    """Let a room measure one picture by the tools of all others, handed in as above."""
    from micrographia.measurement.facts.picture import picture_tools

    return picture_tools(settings)


def program() -> NoReturn:
    """Run the command line as a process of its own, and end it.

    A verb imports libraries of hundreds of thousands of objects that live to the end. Looking
    through them for garbage while they are imported, and taking them apart one by one when all is
    done, took a third of a short command's time.
    """
    gc.set_threshold(100_000, 20, 20)
    status = main()
    # All that the interpreter does at its end, except for taking the libraries apart.
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever read the output has gone
        status = status or 1
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status (2: wrong input; 130: interrupted)."""
    words = list(sys.argv[1:] if argv is None else argv)
    room = next((word for word in words if word in ROOMS), None)
    arguments = build_parser(room).parse_args(words)
    log.setup(arguments.log_level)
    try:
        return int(arguments.run(arguments) or 0)
    except MicrographiaError as error:
        logging.getLogger("micrographia").error("%s", error)
    except ModuleNotFoundError as error:
        # A room's packages are optional; one that is absent is no fault of the program.
        if room in (None, "config") or (error.name or "").startswith("micrographia"):
            raise
        logging.getLogger("micrographia").error(
            "%s needs the package %s, which is not installed. %s.",
            *(room, error.name, install_hint(str(room))),
        )
    except OSError as error:
        logger = logging.getLogger("micrographia")
        # Of a rename the second name is the user's; the first is a temporary file.
        name = error.filename2 or error.filename
        reason = error.strerror or str(error)
        logger.error("%s.", f"{name}: {reason}" if name else reason)
        logger.debug("Where it happened:", exc_info=True)
    except KeyboardInterrupt:
        logging.getLogger("micrographia").error(
            "Interrupted; an output that was not complete was not written."
        )
        return 130  # as shells say of a command that was ended by SIGINT
    return 2
