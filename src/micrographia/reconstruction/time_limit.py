"""The limit of time of a picture, as an option of the verbs that solve."""

from __future__ import annotations

import argparse
import json

from micrographia.commandline import settings_of
from micrographia.config import Reconstruction, parse_section


def add_time_limit(parser: argparse.ArgumentParser) -> None:
    """Add the option `--time-limit`."""
    parser.add_argument(
        "--time-limit",
        type=float,
        default=None,
        metavar="SECONDS",
        help="refuse an image whose search takes longer; default: time_limit of the settings",
    )


def limited_settings(arguments: argparse.Namespace) -> Reconstruction:
    """Return the settings with the time limit of the command line, within the bounds of either."""
    settings: Reconstruction = settings_of(arguments)
    limit = getattr(arguments, "time_limit", None)
    if limit is None:
        return settings
    return parse_section(
        json.dumps(settings.model_dump(mode="json") | {"time_limit": limit}), Reconstruction
    )
