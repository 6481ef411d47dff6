"""Shared parts of the command lines of all rooms: settings, shards, JSON output."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

from pydantic import BaseModel

from micrographia.config import parse_section

Subparsers = Any  # argparse keeps the type of its sub-parser action private


def add_settings(parser: argparse.ArgumentParser, model: type[BaseModel]) -> None:
    """Add `--settings`, a section of the configuration as JSON or as a file's path."""
    parser.add_argument(
        "--settings",
        type=str,
        default="{}",
        metavar="JSON|FILE",
        help="settings of this step, as JSON text or as a YAML or JSON file; names: "
        f"{', '.join(model.model_fields)}",
    )
    parser.set_defaults(settings_model=model)


def settings_of(arguments: argparse.Namespace) -> Any:
    """Return the validated section given by `--settings`, defaults filled in."""
    return parse_section(arguments.settings, arguments.settings_model)


def non_negative(text: str) -> int:
    """Parse an argument that is a whole number from 0, such as a random seed."""
    number = int(text) if text.strip().isdecimal() else -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"saw {text!r}; allowed: whole numbers from 0")
    return number


def positive(text: str) -> int:
    """Parse an argument that is a whole number from 1, such as a count."""
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"saw {text!r}; allowed: whole numbers from 1")
    return number


def above_zero(text: str) -> float:
    """Parse an argument that is a finite number above 0, such as a dose."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"saw {text!r}; allowed: numbers above 0")
    return number


def add_shard(parser: argparse.ArgumentParser) -> None:
    """Add `--shard I --shards N`: work on every row whose number modulo N is I."""
    parser.add_argument(
        "--shard", type=non_negative, default=0, help="index of this shard, from 0"
    )
    parser.add_argument("--shards", type=int, default=1, help="number of shards (default: 1)")


def exit_status(failed: int, count: int) -> int:
    """Return the exit status of a command that works through inputs: 1 where all of them failed.

    Examples
    --------
    >>> exit_status(2, 3), exit_status(3, 3), exit_status(0, 0)
    (0, 1, 0)
    """
    return int(count > 0 and failed == count)


def print_json(value: Any) -> None:
    """Print `value` as JSON to standard output; NaN becomes null."""
    json.dump(_plain(value), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
