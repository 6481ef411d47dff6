"""Damaged files of every kind: none ends the program, each refusal says why.

A small part of `studies/fuzz_readers.py`, which reads a thousand and more.
"""

from __future__ import annotations

import numpy as np
import pytest
from fuzz_readers import damaged, families, fuzz
from fuzz_seeds import FAMILIES


def test_damaged_files_are_read_or_refused_with_a_cause() -> None:
    pytest.importorskip("rsciio")
    outcomes = list(fuzz(families(FAMILIES), files=90, seed=7, limit_s=60))
    failed = [outcome for outcome in outcomes if outcome.what not in ("read", "refused")]
    assert failed == []
    counts = [outcome.what for outcome in outcomes]
    assert len(counts) == 90
    assert counts.count("refused") > 20 and counts.count("read") > 5


def test_the_same_seed_makes_the_same_damage() -> None:
    content, other = bytes(range(256)) * 4, bytes(1024)
    made = [damaged(content, other, np.random.default_rng([3, number])) for number in range(40)]
    again = [damaged(content, other, np.random.default_rng([3, number])) for number in range(40)]
    assert made == again
    assert all(one != content for one in made[:5])
    assert len(set(made)) == 40


def test_seeds_are_valid(tmp_path) -> None:
    """Damage is what is tried: whole files are read, or hold no picture and say so."""
    from fuzz_readers import read
    from fuzz_seeds import BESIDE

    from micrographia.errors import MicrographiaError

    pytest.importorskip("rsciio")
    (tmp_path / BESIDE.name).write_bytes(BESIDE.content)
    refused = {}
    for seed in {seed.name: seed for seed in families(FAMILIES)}.values():
        path = tmp_path / seed.name
        path.write_bytes(seed.content)
        try:
            read(seed.kind, path)
        except MicrographiaError as error:
            refused[seed.name] = str(error)
    assert [name for name, words in refused.items() if "holds no picture" not in words] == []
