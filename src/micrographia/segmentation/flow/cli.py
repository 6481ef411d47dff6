"""`micrographia segmentation field` and `follow`: the flow representation, one file at a time."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, positive


def register(verbs: Subparsers) -> None:
    """Add the verbs `field` and `follow`."""
    parser = verbs.add_parser(
        "field", help="compute the flow field that a network learns from a label mask"
    )
    parser.add_argument("mask", type=Path, help="label mask (PNG or TIFF)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="TIFF",
        help="TIFF to write: planes y, x and foreground, 32-bit",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="PNG",
        help="picture to write: direction of the flow as hue",
    )
    _add_threads(parser)
    parser.set_defaults(run=_field)

    parser = verbs.add_parser("follow", help="compute the label mask of a flow field")
    parser.add_argument("field", type=Path, help="TIFF of three planes, written by `field`")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="MASK", help="label mask to write (PNG or TIFF)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="minimum foreground probability of an instance pixel, 0 to 1",
    )
    parser.add_argument(
        "--min-area", type=positive, default=1, help="minimum area of an instance [px]"
    )
    parser.add_argument(
        "--max-flow-error", type=float, help="maximum flow error of an instance, 0 to 4"
    )
    _add_threads(parser)
    parser.set_defaults(run=_follow)


def _add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads", type=positive, default=1, help="number of threads; does not change the result"
    )


def _field(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.images import read_labels
    from micrographia.segmentation.flow.field import flow_field
    from micrographia.segmentation.flow.files import draw_field, write_field

    outputs = [path for path in (arguments.out, arguments.picture) if path]
    refuse_inputs(outputs, [arguments.mask])
    flow = flow_field(read_labels(arguments.mask), arguments.threads)
    write_field(arguments.out, flow.field, flow.foreground)
    if arguments.picture:
        draw_field(arguments.picture, flow.field)
    log = logging.getLogger(__name__)
    for label, areas in flow.split.items():
        log.warning(
            "instance %d has %d parts of %s px: `follow` makes an instance of each part",
            label,
            len(areas),
            ", ".join(map(str, areas)),
        )
    return 0


def _follow(arguments: argparse.Namespace) -> int:
    import logging

    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.images import write_labels
    from micrographia.segmentation.flow.files import read_field
    from micrographia.segmentation.flow.follow import follow

    refuse_inputs([arguments.out], [arguments.field])
    followed = follow(
        *read_field(arguments.field),
        threshold=arguments.threshold,
        min_area=arguments.min_area,
        max_flow_error=arguments.max_flow_error,
        threads=arguments.threads,
    )
    write_labels(arguments.out, followed.labels)
    log = logging.getLogger(__name__)
    log.info("%d instances in %s", len(followed.instances), arguments.out)
    for row in followed.dropped.itertuples():
        log.warning("dropped at x %d, y %d (%d px): %s", row.x, row.y, row.area_px, row.reason)
    return 0
