"""Near neighbours among 64-bit hashes: exact within a radius, by multi-index hashing.

Two hashes that differ in at most `radius` bits agree in at least `chunks - radius` of `chunks`
chunks of bits (pigeonhole; Manku, Jain & Sarma 2007, Norouzi, Punjani & Fleet 2012). Each choice
of that many chunks is a table; only hashes in the same bucket of a table are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numba
import numpy as np

from micrographia.arrays import BoolArray, GreyImage, Hashes, IntArray
from micrographia.io.copies.likeness import TRANSFORMS, alike

#: Hashes compared in one go, so that the loop over them is vectorised.
_BLOCK = 256
#: Buckets below this size are not worth a look at their groups.
_FEW = 64
#: Time of one comparison, and of sorting one hash into a table [ns]: they choose the tables.
_COMPARING, _SORTING = 0.12, 25.0
#: Most bits of a bucket's number, whatever the number of hashes.
_KEY_BITS = 22


@dataclass(frozen=True)
class _Layout:
    """How hashes are cut: the bits in a new order, the chunks' edges, the chunks that agree."""

    codes: Hashes
    edges: IntArray
    equal: int


class _Table(NamedTuple):
    """Hashes sorted into buckets by the chunks that agree; compiled code takes it as one.

    Attributes
    ----------
    codes
        Hashes, bucket by bucket, shape (n,).
    order
        The picture each is of, shape (n,).
    starts
        Where each bucket begins, and the last ends.
    edges
        Where each chunk begins, and the last ends [bit].
    chosen
        Numbers of the chunks that agree.
    """

    codes: Hashes
    order: IntArray
    starts: IntArray
    edges: IntArray
    chosen: IntArray


class _Look(NamedTuple):
    """What pictures with near hashes must pass besides, if `checked`: see `likeness.alike`.

    Two pictures that are both `apart` are not compared.
    """

    apart: BoolArray
    checked: bool
    thumbs: GreyImage
    transforms: IntArray
    correlation: float
    even: float


def near_pairs(hashes: Hashes, radius: int) -> IntArray:
    """Return all pairs i < j whose hashes differ in at most `radius` bits, shape (n, 2), sorted.

    Examples
    --------
    >>> near_pairs(np.array([0b1110, 0b0110, 0b1], dtype=np.uint64), 2).tolist()
    [[0, 1]]
    """
    layout = _cut(hashes, radius)
    found = [np.empty((0, 2), dtype=np.int64)]
    for table in _tables(layout):
        found.append(_collect(table, radius))
    pairs = np.concatenate(found)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def groups(
    hashes: Hashes,
    radius: int,
    thumbnails: GreyImage | None = None,
    correlation: float = 0.0,
    apart: BoolArray | None = None,
    even: float = 0.0,
) -> IntArray:
    """Return the number of every picture's group: the connected parts of the near pairs.

    Pairs are not listed: one that already is in one group is not looked at again, so that a
    million equal hashes take no more memory than a million different ones.

    Parameters
    ----------
    hashes
        Shape (n,), or (v, n) with the hash of each picture turned and mirrored in v ways, the
        picture itself first; a pair is near when one picture is near the other in any way.
    radius
        Most differing bits [bit].
    thumbnails
        Shape (n, side, side); a near pair must also be `likeness.alike`. None: hashes decide.
    correlation
        Least correlation of two thumbnails laid on one another.
    apart
        Shape (n,); pictures that are not compared with one another, only with all others.
    even
        Share of a thumbnail's variance that makes no difference; see `overlay`.

    Returns
    -------
    Numbers from 0 in the order of the groups' first pictures.
    """
    ways, size = np.atleast_2d(hashes).shape
    parents = np.arange(size, dtype=np.int64)
    thumbs = thumbnails if thumbnails is not None else np.zeros((1, 4, 4), dtype=np.uint8)
    alone = np.zeros(size, dtype=np.bool_) if apart is None else apart
    look = _Look(
        alone, thumbnails is not None, thumbs, TRANSFORMS[:ways], correlation, float(even)
    )
    for table in _tables(_cut(np.atleast_2d(hashes).ravel(), radius)):
        _link(table, size, radius, parents, look)
    roots = np.array([_find(parents, row) for row in range(size)], dtype=np.int64)
    _, first = np.unique(roots, return_inverse=True)
    return np.asarray(first, dtype=np.int64)


def _cut(hashes: Hashes, radius: int) -> _Layout:
    """Deal the bits out to chunks, the most telling ones evenly; bits that never vary go last."""
    hashes = np.ascontiguousarray(hashes, dtype=np.uint64)
    shares = np.array(
        [
            ((hashes >> np.uint64(bit)) & np.uint64(1)).mean() if len(hashes) else 0
            for bit in range(64)
        ]
    )
    unevenness = np.abs(shares - 0.5)
    bits = np.argsort(unevenness, kind="stable")
    telling = max(int((unevenness < 0.5).sum()), 1)
    chunks, equal = _plan(telling, len(hashes), radius)
    dealt = [bits[:telling][number::chunks] for number in range(chunks)]
    edges = np.cumsum([0, *map(len, dealt)]).astype(np.int64)
    order = np.concatenate([*dealt, bits[telling:]]).astype(np.int64)
    return _Layout(_permuted(hashes, order), edges, equal)


def _plan(bits: int, size: int, radius: int) -> tuple[int, int]:
    """Return how many chunks there are and how many must agree, by the least estimated time."""
    best = (0.5 * size**2 * _COMPARING, 1, 0)
    most = _key_bits(size)
    for chunks in range(radius + 1, min(radius + 6, bits) + 1):
        equal = chunks - radius
        key = min(bits * equal // chunks, most)
        tables = math.comb(chunks, equal)
        time = tables * (0.5 * size**2 / 2**key * _COMPARING + size * _SORTING)
        best = min(best, (time, chunks, equal))
    return best[1], best[2]


def _key_bits(size: int) -> int:
    """Most bits of a bucket's number: more buckets than hashes are of no use."""
    return min(max(size.bit_length(), 1), _KEY_BITS)


def _tables(layout: _Layout) -> Iterator[_Table]:
    """Yield a table for each choice of chunks that agree."""
    if not len(layout.codes):
        return
    for chosen in combinations(range(len(layout.edges) - 1), layout.equal):
        numbers = np.array(chosen, dtype=np.int64)
        width = min(int(np.diff(layout.edges)[numbers].sum()), _key_bits(len(layout.codes)))
        order, starts = _sorted(layout.codes, layout.edges, numbers, width)
        yield _Table(layout.codes[order], order, starts, layout.edges, numbers)


@numba.njit(cache=True)
def _permuted(hashes: Hashes, order: IntArray) -> Hashes:
    """Put bit `order[k]` of each hash at place k."""
    codes = np.zeros(hashes.size, dtype=np.uint64)
    for row in range(hashes.size):
        value = np.uint64(0)
        for place in range(64):
            bit = (hashes[row] >> np.uint64(order[place])) & np.uint64(1)
            value |= bit << np.uint64(place)
        codes[row] = value
    return codes


@numba.njit(cache=True)
def _sorted(
    codes: Hashes, edges: IntArray, chosen: IntArray, bits: int
) -> tuple[IntArray, IntArray]:
    """Sort by the last bits of the chosen chunks, by counting; equal keys keep their order."""
    keys = np.zeros(codes.size, dtype=np.int64)
    starts = np.zeros(2**bits + 1, dtype=np.int64)
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for row in range(codes.size):
        key = np.uint64(0)
        for number in chosen:
            width = np.uint64(edges[number + 1] - edges[number])
            chunk = (codes[row] >> np.uint64(edges[number])) & (
                (np.uint64(1) << width) - np.uint64(1)
            )
            key = (key << width) | chunk
        keys[row] = key & mask
        starts[keys[row] + 1] += 1
    starts = np.cumsum(starts)
    free = starts[:-1].copy()
    order = np.empty(codes.size, dtype=np.int64)
    for row in range(codes.size):
        order[free[keys[row]]] = row
        free[keys[row]] += 1
    return order, starts


@numba.njit(cache=True, inline="always")
def _bits(x: np.uint64) -> np.uint64:
    """Count the bits that are set; compilers know this form and use the machine's own word."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(cache=True)
def _hits(code: np.uint64, block: Hashes, radius: np.uint64) -> np.uint64:
    """Count the hashes of a block within the radius; no branch, so that it is vectorised."""
    count = np.uint64(0)
    for place in range(block.size):
        count += np.uint64(1) if _bits(code ^ block[place]) <= radius else np.uint64(0)
    return count


@numba.njit(cache=True)
def _is_first(difference: np.uint64, edges: IntArray, chosen: IntArray) -> bool:
    """Whether this is the first of the tables that bring a pair together."""
    wanted = 0
    for number in range(edges.size - 1):
        if wanted == chosen.size:
            return True
        width = np.uint64(edges[number + 1] - edges[number])
        mask = ((np.uint64(1) << width) - np.uint64(1)) << np.uint64(edges[number])
        if width == np.uint64(64):
            mask = ~np.uint64(0)
        if difference & mask == np.uint64(0):
            if chosen[wanted] != number:
                return False
            wanted += 1
    return wanted == chosen.size


@numba.njit(cache=True)
def _collect(table: _Table, radius: int) -> IntArray:
    """List the pairs of one table that no earlier table brought together."""
    codes, order, starts, edges, chosen = table
    found = [(np.int64(0), np.int64(0)) for _ in range(0)]
    limit = np.uint64(radius)
    for bucket in range(starts.size - 1):
        for one in range(starts[bucket], starts[bucket + 1]):
            for other in range(one + 1, starts[bucket + 1]):
                difference = codes[one] ^ codes[other]
                if _bits(difference) <= limit and _is_first(difference, edges, chosen):
                    pair = (min(order[one], order[other]), max(order[one], order[other]))
                    found.append(pair)
    pairs = np.empty((len(found), 2), dtype=np.int64)
    for number, (first, second) in enumerate(found):
        pairs[number] = first, second
    return pairs


@numba.njit(cache=True)
def _find(parents: IntArray, row: int) -> int:
    """Return the first picture of a group, and shorten the way to it."""
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


@numba.njit(cache=True)
def _link(table: _Table, size: int, radius: int, parents: IntArray, look: _Look) -> None:
    """Join the groups of all near pairs of one table.

    Of a large bucket the members of its most frequent group go last, and are not compared with
    one another; whenever a quarter of what is left was joined, they are sorted out anew. Entries
    from `size` on are pictures turned or mirrored, which are compared only with plain ones.
    """
    codes, order, starts, edges, chosen = table
    apart, checked, thumbs, transforms, correlation, even = look
    limit = np.uint64(radius)
    for bucket in range(starts.size - 1):
        place, high = starts[bucket], starts[bucket + 1]
        while place < high - 1 and order[place] < size:
            outside, plain, turned = _parted(codes, order, place, high, size, parents)
            joined = 0
            while place < plain and (joined < _FEW or 4 * joined < high - place):
                low, end = (place + 1, high) if place < outside else (plain, turned)
                for start in range(low, end, _BLOCK):
                    block = codes[start : min(start + _BLOCK, end)]
                    if _hits(codes[place], block, limit) == 0:
                        continue
                    for other in range(start, start + block.size):
                        difference = codes[place] ^ codes[other]
                        if _bits(difference) > limit or not _is_first(difference, edges, chosen):
                            continue
                        one, two = order[place] % size, order[other] % size
                        first, second = _find(parents, one), _find(parents, two)
                        if first == second or (apart[one] and apart[two]):
                            continue
                        if checked and not alike(
                            thumbs[one],
                            thumbs[two],
                            transforms[order[other] // size],
                            correlation,
                            even,
                        ):
                            continue
                        parents[max(first, second)] = min(first, second)
                        joined += 1
                place += 1


@numba.njit(cache=True)
def _parted(
    codes: Hashes, order: IntArray, low: int, high: int, size: int, parents: IntArray
) -> tuple[int, int, int]:
    """Sort a bucket into four: plain pictures outside the most frequent group, plain ones in it,
    turned ones outside, turned ones in it. Return the ends of the first three.
    """
    plain = low
    while plain < high and order[plain] < size:
        plain += 1
    if high - low < _FEW:
        return plain, plain, high
    most, votes = -1, 0  # majority by votes (Boyer and Moore)
    for place in range(low, high):
        root = _find(parents, order[place] % size)
        votes += 1 if root == most else -1
        if votes < 0:
            most, votes = root, 1
    outside = _members_last(codes, order, low, plain, size, parents, most)
    return outside, plain, _members_last(codes, order, plain, high, size, parents, most)


@numba.njit(cache=True)
def _members_last(
    codes: Hashes, order: IntArray, low: int, high: int, size: int, parents: IntArray, group: int
) -> int:
    """Move the members of a group to the end of a range; return where they begin."""
    end = high
    place = low
    while place < end:
        if _find(parents, order[place] % size) == group:
            end -= 1
            order[place], order[end] = order[end], order[place]
            codes[place], codes[end] = codes[end], codes[place]
        else:
            place += 1
    return end
