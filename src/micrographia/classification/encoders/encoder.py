"""What an encoder is, and how a picture of any size and type becomes its input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from micrographia.arrays import Float32Array, FloatImage
from micrographia.io.images import to_unit

#: Pictures at once where a set is embedded.
BATCH = 16
#: Long side over the short one above which a picture is seen in squares, and most squares.
_LONG, _MOST_SQUARES = 1.5, 4
#: Below this a picture counts as even: what is left is rounding.
_EVEN = 1e-6


@dataclass(frozen=True)
class Encoder:
    """A frozen network.

    Attributes
    ----------
    name
        By which settings and tables call it.
    side
        Side of the square picture that it takes [px].
    size
        Length of its vectors.
    sha256
        Digest of its weights: vectors of other weights are not comparable.
    network
        Takes pictures of shape (n, 1, side, side), each of mean 0 and deviation 1; returns
        vectors of shape (n, size).
    maps
        Takes the same; returns the last feature maps, shape (n, channels, rows, columns), and
        their vectors, with gradients. For heat maps; None where the network has no such maps.
    attention
        Takes the same; returns the attention of each layer, shape (n, tokens, tokens), the class
        token first. For heat maps; None where there is none.
    """

    name: str
    side: int
    size: int
    sha256: str
    network: Callable[[torch.Tensor], torch.Tensor]
    maps: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]] | None = None
    attention: Callable[[torch.Tensor], list[torch.Tensor]] | None = None

    def prepare(self, pixels: NDArray[Any]) -> FloatImage:
        """Return a grey picture as the encoder's inputs, shape (squares, side, side).

        A long picture is seen in several squares, see `windows`, each as `z_scored` makes it.
        """
        parts = [pixels[window] for window in windows(*pixels.shape)]
        return np.stack([z_scored(part, self.side) for part in parts])

    def encode(self, batch: FloatImage) -> Float32Array:
        """Return the vectors of prepared pictures.

        Parameters
        ----------
        batch
            Shape (n, side, side).

        Returns
        -------
        ndarray
            Shape (n, size).
        """
        inputs = torch.from_numpy(np.ascontiguousarray(batch, dtype=np.float32))[:, None]
        with torch.inference_mode():
            vectors = self.network(inputs)
        return np.asarray(vectors.float().numpy(), dtype=np.float32)


def windows(height: int, width: int) -> list[tuple[slice, slice]]:
    """Return the parts in which a picture is seen: all of it, or squares along a long one.

    Scaled to one square, a strip would show everything squeezed.

    Parameters
    ----------
    height, width
        [px]

    Examples
    --------
    >>> windows(200, 300)
    [(slice(0, 200, None), slice(0, 300, None))]
    >>> [part.start for part, _ in windows(500, 200)]
    [0, 150, 300]
    """
    short, long = sorted((height, width))
    if long <= _LONG * short:
        return [(slice(0, height), slice(0, width))]
    count = min(-(-long // short), _MOST_SQUARES)
    starts = [round(place * (long - short) / (count - 1)) for place in range(count)]
    along = [slice(start, start + short) for start in starts]
    across = slice(0, short)
    return [(part, across) if height > width else (across, part) for part in along]


def z_scored(pixels: NDArray[Any], side: int) -> FloatImage:
    """Return a picture as a square of mean 0 and standard deviation 1.

    Both sides are scaled to `side`, by means over areas where the picture shrinks. An even
    picture becomes 0 everywhere.

    Parameters
    ----------
    pixels
        Grey picture, two-dimensional; of any type that `read_micrograph` returns.
    side
        [px]
    """
    import cv2

    # Grey levels as real numbers: means over areas lie between them.
    plain = pixels.astype(np.float32) if pixels.dtype == np.uint8 else to_unit(pixels)
    shrinks = min(plain.shape) > side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = cv2.resize(plain, (side, side), interpolation=how)
    small -= small.mean()
    deviation = float(small.std())
    if deviation <= _EVEN:
        return np.zeros_like(small)
    return np.asarray(small / np.float32(deviation), dtype=np.float32)
