"""Options of the verbs that solve: what is known of a picture, and its limit of time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import get_args

from micrographia.commandline import settings_of
from micrographia.config import Reconstruction, parse_section
from micrographia.physics.conditions import Detector


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
    """Return the settings with what the command line states, within the bounds of either."""
    settings: Reconstruction = settings_of(arguments)
    told = settings.model_dump(mode="json")
    for name in ("time_limit", "pixel_size_error"):
        if (value := getattr(arguments, name, None)) is not None:
            told[name] = value
    for name in type(settings.microscope).model_fields:
        if (value := getattr(arguments, name, None)) is not None:
            told["microscope"][name] = value
    return parse_section(json.dumps(told), Reconstruction)


def add_known(parser: argparse.ArgumentParser) -> None:
    """Add options for what may be known of a picture, its sample and its microscope."""
    parser.add_argument(
        "--pixel-size",
        type=float,
        default=None,
        help="pixel size [Å]; default: as stored in the image file",
    )
    parser.add_argument(
        "--pixel-size-error",
        type=float,
        default=None,
        metavar="FRACTION",
        help="relative error of the pixel size; default: pixel_size_error of the settings",
    )
    parser.add_argument(
        "--elements",
        type=str,
        default=None,
        help="elements of the sample, such as Mo,S; default: infer them, which works only for "
        "simulated images in radians",
    )
    parser.add_argument(
        "--composition",
        type=str,
        default=None,
        metavar="FORMULA",
        help="formula of the sample, such as MoS2, where it is known; says the elements, too",
    )
    _add_microscope(parser)
    parser.add_argument(
        "--mask",
        type=Path,
        default=None,
        metavar="FILE",
        help="picture of the same size that is black where the image counts, and not where it "
        "holds text, lines or borders",
    )


def _add_microscope(parser: argparse.ArgumentParser) -> None:
    """Add what may be known of the microscope; names are those of the settings' section."""
    parser.add_argument(
        "--detector",
        choices=get_args(Detector),
        default=None,
        help="signal: icom or segments (iDPC, centre of mass), haadf or abf; default: as the "
        "image file states, or else as its noise says",
    )
    known = (
        ("--voltage", "energy_keV", "KV", "acceleration voltage [kV]; with --semiangle"),
        ("--semiangle", "semiangle_mrad", "MRAD", "convergence semi-angle; with --voltage"),
        ("--defocus", "defocus", "ANGSTROM", "defocus [Å]; with --voltage and --semiangle"),
    )
    for flag, name, unit, text in known:
        parser.add_argument(
            flag, dest=name, type=float, default=None, metavar=unit, help=f"{text}; default: fit"
        )
