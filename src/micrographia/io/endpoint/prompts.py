"""Prompts: versioned files with placeholders, some filled when read and some when asked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from micrographia.errors import EndpointError


@dataclass(frozen=True)
class Prompt:
    """One prompt file.

    Attributes
    ----------
    name, version
        As in its file name, `<name>-<version>.md`.
    text
        With what is the same for all questions filled in; other places still open.
    sha
        Version and digest of that text: what answers are recorded with.
    """

    name: str
    version: int
    text: str
    sha: str

    def fill(self, **values: str) -> str:
        """Return the text with its open places filled in."""
        return Template(self.text).safe_substitute(values)


def read_prompt(
    folder: Path,
    name: str,
    version: int,
    filled: Mapping[str, str],
    left_open: Collection[str],
    setting: str,
) -> Prompt:
    """Read `<name>-<version>.md`.

    Parameters
    ----------
    folder, name, version
        Which file.
    filled
        What its places say, by name.
    left_open
        Names of the places that each question fills.
    setting
        Section of the settings that names folder and version, for the remedy of errors.

    Raises
    ------
    EndpointError
        The file is absent, or has a place that nothing fills.
    """
    path = folder / f"{name}-{version}.md"
    try:
        raw = path.read_text(encoding="utf-8")
    except OSError as error:
        found = sorted(file.name for file in folder.glob("*.md"))
        raise EndpointError(
            f"Prompt {path} cannot be read ({error.strerror})",
            allowed=", ".join(found) or "no prompts",
            remedy=f"Check {setting}.prompts and {setting}.prompt_version",
        ) from None
    template = Template(raw)
    known = {*filled, *left_open}
    if not template.is_valid() or not set(template.get_identifiers()) <= known:
        raise EndpointError(
            f"Prompt {path} contains an unknown placeholder",
            seen=", ".join(sorted(set(template.get_identifiers()) - known)) or "a lone $",
            allowed=", ".join(f"${place}" for place in sorted(known)),
            remedy="Write $$ for a dollar sign",
        )
    text = template.safe_substitute(filled)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Prompt(name, version, text, f"v{version}-{digest}")
