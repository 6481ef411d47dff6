"""`micrographia language`: text about pictures."""

from __future__ import annotations

from micrographia.commandline import Subparsers
from micrographia.language.tuning import cli as tuning


def register(verbs: Subparsers) -> None:
    """Add the verbs of vision-language models."""
    tuning.register(verbs)
