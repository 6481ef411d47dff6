"""Options of command lines that depend on a job's wildcards and inputs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from micrographia.workflow.names import Wildcards

#: What the network that writes structures is compared with, and the options that make it.
TEXT_RUNS = {"no-picture": "--no-picture", "nearest": "--baseline nearest"}


def flag(name: str, value: str | None) -> str:
    """Return a command-line option, quoted for the shell; nothing where there is no value.

    Examples
    --------
    >>> flag("--masks", "my masks"), flag("--masks", None)
    ("--masks 'my masks'", '')
    """
    return f"{name} {shlex.quote(value)}" if value else ""


def learn_from(wildcards: Wildcards, input: Any) -> str:
    """Return the options with the training data, from the named inputs that exist."""
    return _options(input, ("procedural", "pictures", "pseudo"))


def checkpoint_option(wildcards: Wildcards, input: Any) -> str:
    """Return the checkpoint that predicts; none for the watershed."""
    return _options(input, ("checkpoint",))


def extra_option(wildcards: Wildcards, input: Any) -> str:
    """Return the option with embeddings to learn from in addition, if there are any."""
    return _options(input, ("extra",))


def split_share(wildcards: Wildcards) -> float:
    """Return the fraction that a split holds out: a tenth where it is the hardest one."""
    return 0.1 if wildcards.how == "hard" else 0.2


def text_run_option(wildcards: Wildcards) -> str:
    """Return the options of `language structures` for one of `TEXT_RUNS`."""
    return TEXT_RUNS[wildcards.run]


def words_option(name: str, words: Iterable[str]) -> str:
    """Return an option with words, quoted for the shell; nothing where there are none.

    Examples
    --------
    >>> words_option("--quality", ["clean", "very sure"]), words_option("--quality", [])
    ("--quality clean 'very sure'", '')
    """
    return " ".join([name, shlex.join(words)]) if words else ""


def answers_option(wildcards: Wildcards, input: Any) -> str:
    """Return the option with the answers to judge; none for annotators."""
    return _options(input, ("answers",))


def _options(named: Any, names: Iterable[str]) -> str:
    found = {name: _files(getattr(named, name, ())) for name in names}
    return " ".join(f"--{name} {shlex.join(files)}" for name, files in found.items() if files)


def _files(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str) else [str(item) for item in value]


def subset_of_run(wildcards: Wildcards) -> str:
    """Return the options of `subset` for one training of the learning curve."""
    kind, real = wildcards.run.split("-")
    return flag("--real", real.removeprefix("all")) + " --procedural" * (kind == "mixed")
