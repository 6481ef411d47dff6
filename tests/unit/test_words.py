"""Phrases that a stranger has to read twice, and what to say instead.

To ban one more, add a line to `RIDDLES`. Spelling is checked by codespell (`make lint`).
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Phrase, as a pattern that does not mind case, and what the field calls it.
RIDDLES = {
    r"ke(pt|eps?)[ _-]apart": "held out",
    r"(come|comes|came|coming) along": "shipped",
    r"fewer among the more": "nested subsets of N pictures",
    r"least that is told": "lowest level shown",
    r"(goes|go|went) on where it was": "resume",
    r"learned from and which held out": "which are for training and which are held out",
}
PATTERN = re.compile("|".join(f"(?:{phrase})" for phrase in RIDDLES), re.IGNORECASE)
FOLDERS = ("src", "docs", "rules", "studies", "profiles", "envs")
SUFFIXES = {".py", ".md", ".smk", ".rst", ".yaml", ".html", ".ipynb"}
FILES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")]
FILES += [ROOT / "Snakefile", ROOT / "workflow_config.yaml"]
FILES += sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if path.suffix in SUFFIXES and not {".ipynb_checkpoints", "__pycache__"} & set(path.parts)
)


def riddles_in(text: str, prose: bool) -> list[str]:
    """Banned phrases of a text, also where they run over a line's end or a string's.

    In prose, what stands between backticks is a name, which a changelog may have to repeat.
    """
    if prose:
        text = re.sub(r"`[^`\n]*`", " ", text)
    text = re.sub(r"[\s\"'#]+", " ", text)
    return [match[0] for match in PATTERN.finditer(text)]


def test_no_riddles() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {phrase!r}, say {better!r}"
        for path in FILES
        for phrase in riddles_in(path.read_text(encoding="utf-8"), path.suffix == ".md")
        for pattern, better in RIDDLES.items()
        if re.fullmatch(pattern, phrase, re.IGNORECASE)
    ]
    assert len(FILES) > 300 and not faults, "\n".join(faults)


def test_riddles_are_found_wherever_they_hide() -> None:
    assert riddles_in('help="the one that comes "\n    "along"', False) == ["comes along"]
    assert riddles_in("# pictures Kept\n    # apart", False) == ["Kept apart"]
    assert riddles_in("`--kept-apart` is `--held-out` now", True) == []
    assert riddles_in("`--kept-apart` is kept apart", True) == ["kept apart"]
    assert riddles_in("held out, and shipped along with", False) == []
