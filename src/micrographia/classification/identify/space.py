"""The space in which vectors are compared: each feature centred, scaled and clipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray

#: Standard deviations at which a feature is cut: one odd feature decides nothing alone.
_CLIP = 5.0
_EVEN = 1e-9


@dataclass(frozen=True)
class Space:
    """Centre and scale of each feature, from a set without need of its labels.

    Attributes
    ----------
    centre, scale
        Shape (d,).
    """

    centre: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, vectors: FloatArray) -> Space:
        """Return the space of a set, shape (n, d)."""
        deviation = vectors.std(axis=0)
        return cls(vectors.mean(axis=0), np.where(deviation > _EVEN, deviation, 1.0))

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """Return vectors, shape (n, d), in this space: of mean squared length about 1."""
        plain = np.clip((vectors - self.centre) / self.scale, -_CLIP, _CLIP)
        return plain / np.sqrt(plain.shape[1])


def unit(vectors: FloatArray) -> FloatArray:
    """Return vectors, shape (n, d), of length 1; those of length 0 stay.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
