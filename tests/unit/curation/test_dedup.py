"""Groups of copies against the definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.curation import dedup
from micrographia.curation.dedup import groups, mark_duplicates, near_pairs
from micrographia.io.schemas import MICROGRAPHS


def _brute_force(hashes: list[int], radius: int) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if bin(hashes[i] ^ hashes[j]).count("1") <= radius
    ]


#: Few distinct bits, so that near hashes are common.
HASHES = st.lists(
    st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63), st.just(2**64 - 1)), max_size=40
)


@settings(max_examples=100, deadline=None)
@given(hashes=HASHES, radius=st.integers(0, 8), block=st.sampled_from([1, 3, 7, 1448]))
def test_pairs_are_those_of_brute_force(hashes: list[int], radius: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedup, "_BLOCK", block)
        found = near_pairs(np.array(hashes, dtype=np.uint64), radius)
    assert [tuple(pair) for pair in found.tolist()] == _brute_force(hashes, radius)


@settings(max_examples=50, deadline=None)
@given(hashes=HASHES, radius=st.integers(0, 8))
def test_groups_are_connected_parts(hashes: list[int], radius: int) -> None:
    numbers = groups(np.array(hashes, dtype=np.uint64), radius)
    parent = list(range(len(hashes)))

    def root(i: int) -> int:
        return i if parent[i] == i else root(parent[i])

    for i, j in _brute_force(hashes, radius):
        parent[root(i)] = root(j)
    for i in range(len(hashes)):
        for j in range(len(hashes)):
            assert (numbers[i] == numbers[j]) == (root(i) == root(j))


def _table(*rows: dict[str, object]) -> pd.DataFrame:
    base = dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "width": 10, "sharpness": 1.0}
    return pd.DataFrame([{**base, "height": 10, **row} for row in rows], columns=MICROGRAPHS.names)


def test_the_largest_then_the_sharpest_stays() -> None:
    table = _table(
        {"path": "d", "image_id": "D", "phash": "ff00000000000000"},
        {"path": "c", "image_id": "C", "phash": "0000000000000001", "width": 12},
        {"path": "b", "image_id": "B", "phash": "0000000000000003", "width": 12, "sharpness": 2.0},
        {"path": "a", "image_id": "A", "phash": "0000000000000000", "sharpness": 9.0},
        {"path": "e", "image_id": "B", "phash": "0000000000000003", "width": 12, "sharpness": 2.0},
    )
    marked = mark_duplicates(table, 2).set_index("path")
    assert list(marked.index) == ["a", "b", "c", "d", "e"]
    assert list(marked["status"]) == ["rejected", "kept", "rejected", "kept", "rejected"]
    assert list(marked["duplicate_of"].fillna("-")) == ["B", "-", "B", "-", "B"]
    assert marked["reason"]["a"] == "near copy (2 of 64 bits differ) of b"
    assert marked["reason"]["e"] == "exact copy of b"


def test_the_bits_that_differ_are_counted_in_full_precision() -> None:
    table = _table(
        {"path": "a", "image_id": "A", "phash": "fedcba9876543211"},
        {"path": "b", "image_id": "B", "phash": "fedcba9876543212"},
    )
    marked = mark_duplicates(table, 2)
    assert marked["reason"][1] == "near copy (2 of 64 bits differ) of a"


def test_rejected_rows_take_no_part() -> None:
    blurred = {"status": "rejected", "reason": "blurred", "width": 99}
    table = _table(
        {"path": "a", "image_id": "A", "phash": "0" * 16, **blurred},
        {"path": "b", "image_id": "B", "phash": "0" * 16},
        {"path": "c", "status": "rejected", "reason": "unreadable", "width": None},
    )
    marked = mark_duplicates(table, 2)
    assert list(marked["status"]) == ["rejected", "kept", "rejected"]
    assert marked["reason"][0] == "blurred"
    assert pd.isna(marked["reason"][1])
    assert marked["reason"][2] == "unreadable"


def test_no_rows() -> None:
    assert len(mark_duplicates(_table(), 2)) == 0
    assert len(near_pairs(np.empty(0, np.uint64), 3)) == 0
