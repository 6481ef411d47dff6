"""Errors that a user can fix: what is wrong, the value seen, allowed values, remedy."""

from __future__ import annotations

import sys
from pathlib import Path

#: Folder that holds the package: `src` of a checkout, or the environment's own packages.
_HOME = Path(__file__).resolve().parents[1]


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


class RetrievalError(MicrographiaError):
    """Public data cannot be downloaded, is not what it should be, or has to be asked for."""


class EnergyError(MicrographiaError):
    """An energy cannot be computed, or the calculator is not available."""


class EndpointError(MicrographiaError):
    """An endpoint gave no usable answer: the reason becomes the row's failure."""


class UnansweredError(EndpointError):
    """No answer this time: the row fails, and a later run asks again."""


class EndpointDownError(EndpointError):
    """An endpoint refuses all calls or is unreachable: the run ends, answers are kept."""


class CheckpointError(MicrographiaError):
    """Weights of a network are missing, damaged, or belong to another network."""


def install_hint(extra: str, home: Path = _HOME) -> str:
    """Say how to install the packages of an extra: the remedy of errors that miss one.

    Micrographia is on no package index. From a checkout the extra is installed with the versions
    of the lock; beside an installed wheel pip adds what the extra names. No absolute path is
    named, since such errors become reasons in tables.

    Parameters
    ----------
    extra
        Name of an extra of `pyproject.toml`, such as `formats`.
    home
        Folder that holds the package; the one that runs, unless a test says otherwise.

    Examples
    --------
    >>> install_hint("formats", Path("/usr/lib/python3/site-packages"))
    "Install it: `python -m pip install 'micrographia[formats]'`"
    """
    checkout = home.parent
    if home.name != "src" or not (checkout / "requirements.lock").is_file():
        return f"Install it: `python -m pip install 'micrographia[{extra}]'`"
    pip = ".venv/bin/pip" if Path(sys.prefix) == checkout / ".venv" else "python -m pip"
    command = f"{pip} install -c requirements.lock -e '.[{extra}]'"
    return f"Install it, in the folder of the checkout: `{command}`"
