"""Verbs of the structure benchmark."""

from __future__ import annotations

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the structure benchmark's verbs."""
