"""`micrographia report`: write one self-contained page of the results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrographia.commandline import Subparsers, add_settings, settings_of
from micrographia.config import Report


def register(verbs: Subparsers) -> None:
    """Add the verbs `build` and `statistics`."""
    build = verbs.add_parser("build", help="write the HTML report of a results folder")
    build.add_argument("--results", type=Path, required=True, help="results folder of the run")
    build.add_argument("--out", type=Path, required=True, help="HTML file to write")
    build.add_argument(
        "--config-json",
        metavar="JSON|FILE",
        help="whole configuration of the run; it is shown on the page",
    )
    add_settings(build, Report)
    build.set_defaults(run=_build)
    numbers = verbs.add_parser(
        "statistics", help="count what a data set consists of; writes JSON and PNG"
    )
    numbers.add_argument("--results", type=Path, required=True, help="results folder of the run")
    numbers.add_argument(
        "--out", type=Path, required=True, help="JSON file to write; a PNG is written beside it"
    )
    numbers.add_argument(
        "--config-json",
        metavar="JSON|FILE",
        help="whole configuration of the run; it says which shards to count",
    )
    numbers.set_defaults(run=_statistics)


def _build(arguments: argparse.Namespace) -> int:
    from micrographia.report.build import build

    build(arguments.results, settings_of(arguments), _config(arguments), arguments.out)
    return 0


def _statistics(arguments: argparse.Namespace) -> int:
    from micrographia.report.collect import collect
    from micrographia.report.sections.attributes import write

    write(collect(arguments.results, _config(arguments)), arguments.out)
    return 0


def _config(arguments: argparse.Namespace) -> dict[str, Any] | None:
    from micrographia.config import WorkflowConfig, parse_section

    if arguments.config_json is None:
        return None
    config = parse_section(arguments.config_json, WorkflowConfig)
    return dict(config.model_dump(mode="json"))
