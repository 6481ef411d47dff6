"""Parts to learn from and parts held out: whole groups, by a digest of seed and name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence


def split_groups(groups: Sequence[str], test: float, validation: float, seed: int) -> list[str]:
    """Give each case the side of its group: train, validation or test.

    Groups are ranked by a digest of seed and name and held out in this order until the shares
    are reached, so that a group that is added changes few others.

    Parameters
    ----------
    groups
        Group of each case.
    test, validation
        Shares of the cases, 0 to 1.
    seed
        Of the digest.
    """
    members: dict[str, int] = defaultdict(int)
    for group in groups:
        members[group] += 1
    ranked = sorted(members, key=lambda name: hashlib.sha256(f"{seed}|{name}".encode()).digest())
    sides: dict[str, str] = {}
    given, first = 0, round(test * len(groups))
    both = first + round(validation * len(groups))
    for name in ranked:
        sides[name] = "test" if given < first else "validation" if given < both else "train"
        given += members[name]
    return [sides[name] for name in groups]
