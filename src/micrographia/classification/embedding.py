"""Pictures to vectors: read, scaled, encoded batch by batch, in the order of the set."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import torch

from micrographia.arrays import FloatArray, FloatImage
from micrographia.classification.encoders.encoder import BATCH, Encoder
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.copies.fingerprint import perceptual_hash, thumbnail
from micrographia.io.images import image_id, read_micrograph
from micrographia.io.schemas import EMBEDDINGS

Row = dict[str, Any]

#: Shortest side of a picture [px].
_LEAST = 16


def embed(
    rows: Iterable[Mapping[str, Any]], encoder: Encoder, jobs: int = 1, mirrored: bool = False
) -> Iterator[Row]:
    """Yield one row of `schemas.EMBEDDINGS` for each row of `schemas.LABELLED`, in their order.

    Memory does not grow with the set: at most three batches for each thread are held.

    Parameters
    ----------
    rows
        The set; other columns are left out. A row with a failure is not read.
    encoder
        The frozen network.
    jobs
        Threads; each reads and encodes batches of its own, on one core.
    mirrored
        Encode each picture mirrored left to right too, at twice the time.
    """
    with _one_core_each(), ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[list[Row]]] = deque()
        for part in _parts(rows):
            waiting.append(pool.submit(_embed_part, part, encoder, mirrored))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def matrix(rows: Sequence[Mapping[str, Any]], column: str = "vector") -> FloatArray:
    """Return the vectors of rows, shape (n, size).

    Raises
    ------
    MicrographiaError
        The rows have no vectors, or vectors of several encoders.
    """
    encoders = {row["encoder"] for row in rows}
    if len(encoders) > 1:
        raise MicrographiaError(
            "The embeddings are of several encoders",
            seen=", ".join(sorted(map(str, encoders))),
            allowed="one",
            remedy="Embed all sets with the same encoder",
        )
    if not rows or any(row[column] is None for row in rows):
        raise MicrographiaError(
            f"The embeddings have no column '{column}' with a vector in every row",
            remedy="Run `micrographia classification embed` again, with --mirrored where mirrored "
            "pictures are used",
        )
    return np.array([row[column] for row in rows], dtype=np.float64)


def _embed_part(part: list[Row], encoder: Encoder, mirrored: bool) -> list[Row]:
    inputs: list[FloatImage] = []
    done = []
    for row in part:
        if row["failure"] is None:
            try:
                inputs.append(_read(row, encoder))
                done.append(row)
            except ImageError as error:
                row["failure"] = str(error)
    if done:
        batch = np.concatenate(inputs)
        # A long picture's vector is the mean of its squares'.
        counts = np.array([len(squares) for squares in inputs])
        first = np.cumsum(counts) - counts
        vectors = {"vector": encoder.encode(batch)}
        if mirrored:
            vectors["mirrored"] = encoder.encode(batch[:, :, ::-1])
        for column, values in vectors.items():
            means = np.add.reduceat(values, first, axis=0) / counts[:, None].astype(np.float32)
            for row, vector in zip(done, means, strict=True):
                row[column] = vector
    return part


def _read(row: Row, encoder: Encoder) -> FloatImage:
    """Read a picture, note what identifies it, and return the encoder's inputs.

    Raises
    ------
    ImageError
        It cannot be read, or shows nothing: an encoder would have an answer to that, too.
    """
    pixels = read_micrograph(row["path"]).pixels
    if min(pixels.shape) < _LEAST:
        raise ImageError(
            f"{row['path']} is too small to show what it is",
            seen=f"{pixels.shape[1]}×{pixels.shape[0]} px",
            allowed=f"at least {_LEAST} px along both sides",
        )
    inputs = encoder.prepare(pixels)
    if not inputs.any():
        raise ImageError(f"{row['path']} shows nothing: all of it has one grey level")
    small = thumbnail(pixels)
    row |= {
        "image_id": image_id(pixels),
        "phash": perceptual_hash(small),
        "thumbnail": small.tobytes(),
        "encoder": f"{encoder.name}@{encoder.sha256[:12]}",
    }
    return inputs


def _parts(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while part := list(islice(iterator, BATCH)):
        yield [{name: row.get(name) for name in EMBEDDINGS.names} for row in part]


@contextmanager
def _one_core_each() -> Iterator[None]:
    """Let torch use one core in each thread of ours: they share the cores among themselves."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
