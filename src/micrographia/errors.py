"""Errors a user can act on: what went wrong, what was seen, what is allowed, what to do."""

from __future__ import annotations


class MicrographiaError(Exception):
    """Base of every error that is the input's fault, not the program's.

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
    """A table does not keep its contract."""


class SolveError(MicrographiaError):
    """An image holds no crystal that can be stated with honesty."""


class EnergyError(MicrographiaError):
    """A crystal has no energy, or the calculator cannot be had."""


class CheckpointError(MicrographiaError):
    """Weights of a network are absent, damaged, or not those that were asked for."""
