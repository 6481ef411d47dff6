"""Errors that a user can fix: what is wrong, the value seen, allowed values, remedy."""

from __future__ import annotations


class MicrographiaError(Exception):
    """Base of all errors that are caused by the input, not by the program.

    Parameters
    ----------
    what
        One sentence naming the file or field and what is wrong with it.
    seen
        The offending value, if there is one.
    allowed
        The valid choices or range.
    remedy
        What the user can do about it.
    """

    def __init__(
        self, what: str, *, seen: object = None, allowed: str = "", remedy: str = ""
    ) -> None:
        parts = [what.rstrip(".")]
        if seen is not None:
            parts.append(f"saw {seen!r}")
        if allowed:
            parts.append(f"allowed: {allowed}")
        message = "; ".join(parts) + "."
        if remedy:
            message += f" {remedy.rstrip('.')}."
        super().__init__(message)


class ConfigError(MicrographiaError):
    """The configuration is wrong; the message lists every fault."""


class ImageError(MicrographiaError):
    """An image cannot be read or must not be read."""


class StructureError(MicrographiaError):
    """A crystal structure cannot be read or is not usable."""


class TableError(MicrographiaError):
    """A table does not have the expected columns or types."""


class SolveError(MicrographiaError):
    """No crystal can be determined from an image."""


class EnergyError(MicrographiaError):
    """An energy cannot be computed, or the calculator is not available."""


class CheckpointError(MicrographiaError):
    """Weights of a network are missing, damaged, or belong to another network."""
