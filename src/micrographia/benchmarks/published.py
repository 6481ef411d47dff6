"""Figures that others published on STEM2Mat-Bench: theirs, not measured again here."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("published.csv")

#: What must be said wherever these figures stand beside ours.
NOTE = (
    "Published by their authors and not measured again here: on pictures of their own, with the "
    "elements, the pixel size and an unrotated cell known, and with a laxer S.S., whose released "
    "code ignores γ, has no periodic boundaries and cannot fail by distance."
)


def published_rows() -> list[dict[str, Any]]:
    """Return the published figures.

    Returns
    -------
    Rows of `system`, `group` (a tier), `metric` (named as ours), `value`, `low` and `high`
    (value less and plus the stated spread; None where none is stated) and `source`. Shares are
    0..1, lengths in Å, energies in meV per atom.
    """
    numbers = ("value", "low", "high")
    with _TABLE.open(encoding="utf-8", newline="") as stream:
        return [
            {
                key: (float(text) if text else None) if key in numbers else text
                for key, text in row.items()
            }
            for row in csv.DictReader(stream)
        ]
