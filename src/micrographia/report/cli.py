"""`micrographia report`: results become one self-contained page."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, settings_of
from micrographia.config import Report


def register(verbs: Subparsers) -> None:
    """Add the verb `build`."""
    build = verbs.add_parser("build", help="write the page of a results folder")
    build.add_argument("--results", type=Path, required=True, help="the run's results folder")
    build.add_argument("--out", type=Path, required=True, help="HTML file to write")
    build.add_argument(
        "--config-json", metavar="JSON|FILE", help="the whole configuration, shown on the page"
    )
    add_settings(build, Report)
    build.set_defaults(run=_build)


def _build(arguments: argparse.Namespace) -> int:
    from micrographia.config import WorkflowConfig, parse_section
    from micrographia.report.build import build

    config = None
    if arguments.config_json is not None:
        config = parse_section(arguments.config_json, WorkflowConfig).model_dump(mode="json")
    build(arguments.results, settings_of(arguments), config, arguments.out)
    return 0
