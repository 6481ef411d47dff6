"""Near neighbours among hashes against the definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from micrographia.io.copies import neighbours
from micrographia.io.copies.neighbours import groups, near_pairs

#: Few distinct bits, so that near hashes are common.
HASHES = st.lists(
    st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63), st.just(2**64 - 1)), max_size=40
)


def _brute_force(hashes: NDArray[np.uint64], radius: int) -> NDArray[np.int64]:
    found = []
    for start in range(0, len(hashes), 500):
        distance = np.bitwise_count(hashes[start : start + 500, None] ^ hashes[None])
        one, other = np.nonzero(distance <= radius)
        found.append(np.column_stack([one + start, other])[one + start < other])
    return np.concatenate([np.empty((0, 2), dtype=np.int64), *found])


def _connected(pairs: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (size, size))
    return connected_components(links, directed=False)[1]


def _same(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two numberings part a set alike."""
    both = np.unique(np.column_stack([one, other]), axis=0)
    return len(both) == len(np.unique(one)) == len(np.unique(other))


def _clustered(size: int, seed: int, flips: int) -> NDArray[np.uint64]:
    """Half random hashes, half copies of these with some bits flipped, some bits never set."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, size, dtype=np.uint64)
    hashes[size // 2 :] = hashes[: size - size // 2]
    for _ in range(flips):
        bits = rng.integers(0, 64, size - size // 2).astype(np.uint64)
        hashes[size // 2 :] ^= np.uint64(1) << bits
    return hashes & ~np.uint64(0b1010000)


@settings(max_examples=60, deadline=None)
@given(hashes=HASHES, radius=st.integers(0, 33), chunks=st.integers(1, 5))
def test_pairs_and_groups_of_few_hashes(hashes: list[int], radius: int, chunks: int) -> None:
    values = np.array(hashes, dtype=np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        # So few are compared one by one; here they are put through every kind of table.
        patch.setattr(neighbours, "_plan", lambda bits, *_: _tables_for(bits, radius, chunks))
        pairs, numbers = near_pairs(values, radius), groups(values, radius)
    expected = _brute_force(values, radius)
    assert pairs.tolist() == expected.tolist()
    assert _same(numbers, _connected(expected, len(values)))


def _tables_for(bits: int, radius: int, chunks: int) -> tuple[int, int]:
    wanted = min(radius + chunks, bits)
    return (wanted, wanted - radius) if radius < wanted <= 8 else (1, 0)


@pytest.mark.parametrize("radius", [0, 3, 6, 10, 14])
def test_twenty_thousand_hashes_against_brute_force(radius: int) -> None:
    hashes = _clustered(20_000, 1, 5)
    expected = _brute_force(hashes, radius)
    assert len(expected) >= (0, 0, 9_000, 9_000, 9_000)[(0, 3, 6, 10, 14).index(radius)]
    assert np.array_equal(near_pairs(hashes, radius), expected)
    assert _same(groups(hashes, radius), _connected(expected, len(hashes)))


def test_groups_are_numbered_by_their_first_member() -> None:
    hashes = np.array([9 << 40, 7, 9 << 40, 6], dtype=np.uint64)
    assert groups(hashes, 1).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("value", [0, 2**64 - 1, 0xF0F0F0F0F0F0F0F0])
def test_equal_hashes_are_one_group_without_their_pairs(value: int) -> None:
    """Five billion pairs: listing them would take hours and 80 GB."""
    hashes = np.full(100_000, value, dtype=np.uint64)
    hashes[-1] ^= np.uint64(2**40 - 1)
    numbers = groups(hashes, 6)
    assert numbers[:-1].max() == 0 and numbers[-1] == 1


def test_a_dense_ball_with_outsiders() -> None:
    """Buckets whose most frequent group is put last must still meet every outsider."""
    rng = np.random.default_rng(4)
    ball = np.zeros(3000, dtype=np.uint64)
    for _ in range(3):
        ball ^= np.uint64(1) << rng.integers(0, 64, 3000).astype(np.uint64)
    near = ball[:300].copy()
    for bit in (1, 2, 4, 8, 16, 32, 63):  # 7 bits off one member, at times nearer to another
        near ^= np.uint64(1) << np.uint64(bit)
    hashes = rng.permutation(np.concatenate([ball, near]))
    for radius in (2, 3, 4, 6):
        expected = _connected(_brute_force(hashes, radius), len(hashes))
        assert _same(groups(hashes, radius), expected)


def test_turned_pictures_meet_plain_ones_only() -> None:
    """Of two ways, the second of one picture may be near the first of another."""
    plain = np.array([1, 2**20, 2**40, 2**60 + 2**50], dtype=np.uint64) * np.uint64(7)
    turned = np.array([2**40, 5, 2**33, 5], dtype=np.uint64) * np.uint64(7)
    # Turned 0 is plain 2; turned 1 and turned 3 are equal, which says nothing of 1 and 3.
    assert groups(np.stack([plain, turned]), 0).tolist() == [0, 1, 0, 2]


def test_nothing_and_one() -> None:
    assert len(near_pairs(np.empty(0, np.uint64), 3)) == 0
    assert len(groups(np.empty(0, np.uint64), 3)) == 0
    assert groups(np.array([5], np.uint64), 3).tolist() == [0]
