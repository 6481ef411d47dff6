"""`micrographia segmentation edit`: correct the mask of a picture by hand."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, settings_of
from micrographia.config import Segmentation


def register(verbs: Subparsers) -> None:
    """Add the verb `edit`."""
    parser = verbs.add_parser(
        "edit",
        help="correct the mask of a picture in napari, and measure it",
        description="Open a picture and its label mask together in napari. When its window is "
        "closed, the mask is saved, and its instances are written beside it as CSV. Without "
        "--mask the picture is segmented first.",
    )
    parser.add_argument("image", type=Path, metavar="IMG", help="the picture")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="label mask to correct")
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="where to save the corrected mask, .png or .tif; default: over --mask",
    )  # fmt: skip
    parser.add_argument(
        "--pixel-size", type=float, metavar="NM",
        help="side of a pixel [nm]; default: as the file says",
    )  # fmt: skip
    add_settings(parser, Segmentation)
    parser.set_defaults(run=_edit)


def _edit(arguments: argparse.Namespace) -> int:
    import importlib.util

    from micrographia.errors import MicrographiaError, install_hint
    from micrographia.io.atomic import refuse_inputs
    from micrographia.segmentation.editing.edit import edit

    if importlib.util.find_spec("napari") is None:
        raise MicrographiaError("napari is not installed", remedy=install_hint("edit"))
    out = arguments.out or arguments.mask
    if out is None:
        raise MicrographiaError(
            "Nobody said where to save the mask", remedy="Give --mask FILE or --out FILE"
        )
    refuse_inputs([out], [arguments.image])
    print(edit(arguments.image, arguments.mask, out, arguments.pixel_size, settings_of(arguments)))
    return 0
