"""Grammars of questions: files of topics and phrases, and how a text is made of them."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import yaml
from pydantic import ValidationError

from micrographia.arrays import IntArray
from micrographia.config.base import Section
from micrographia.errors import ConfigError
from micrographia.io.questions.themes import THEMES

Grammar = TypeVar("Grammar", bound=Section)


def read_grammar_of(model: type[Grammar], folder: Path, version: int) -> tuple[Grammar, str]:
    """Read `facts-<version>.yaml`; return the grammar and its version with digest.

    Parameters
    ----------
    model
        Form of the grammar.
    folder, version
        Which file.

    Raises
    ------
    ConfigError
        The file is absent or is no grammar.
    """
    path = folder / f"facts-{version}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
        grammar = model.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror})",
            allowed=", ".join(sorted(one.name for one in folder.glob("facts-*.yaml"))),
        ) from None
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path} is no grammar of questions: {error}") from None
    return grammar, f"v{version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def refuse_without(themes: Sequence[str], path: Path) -> None:
    """Refuse a grammar in which a theme has no topic.

    Raises
    ------
    ConfigError
        There is such a theme.
    """
    if missing := set(THEMES) - set(themes):
        raise ConfigError(f"{path} has no topic of {', '.join(sorted(missing))}")


def drawn_order(weights: Sequence[float], rng: np.random.Generator) -> IntArray:
    """Return the order of a weighted draw without replacement (Efraimidis & Spirakis, 2006)."""
    return np.argsort(rng.exponential(size=len(weights)) / np.array(weights, dtype=float))


def expand(
    text: str,
    phrases: Mapping[str, tuple[str, ...]],
    slots: Mapping[str, str],
    rng: np.random.Generator,
) -> str:
    """Return a text with its places filled, on one line.

    A place is filled from the picture, else by a phrase at random, which may have places too.

    Raises
    ------
    ConfigError
        A place is neither.
    """
    for _, name, _, _ in string.Formatter().parse(text):
        if name is None:
            continue
        if name in slots:
            value = slots[name]
        elif name in phrases:
            chosen = phrases[name][int(rng.integers(len(phrases[name])))]
            value = expand(chosen, phrases, slots, rng)
        else:
            raise ConfigError(
                f"The grammar of questions has no place {{{name}}}",
                allowed=", ".join(sorted({*slots, *phrases})),
            )
        text = text.replace(f"{{{name}}}", value, 1)
    return re.sub(r"\s+([,.?;:])", r"\1", " ".join(text.split()))


def sentence(text: str) -> str:
    """Return a text with capitals where sentences begin.

    Examples
    --------
    >>> sentence("it is open. one sees 5 nm. yes")
    'It is open. One sees 5 nm. Yes'
    """
    return re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)
