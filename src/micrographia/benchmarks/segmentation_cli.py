"""`micrographia benchmarks segmentation` and its workflow form `score-segmentation`."""

from __future__ import annotations

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs `segmentation` and `score-segmentation`."""
