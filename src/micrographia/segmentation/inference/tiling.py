"""Apply a network to a picture of any size: overlapping tiles, blended by smooth weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from micrographia.arrays import Float32Array, FloatImage
from micrographia.training.devices import autocast

#: From this many pixels on, percentiles are taken of every n-th row and column only.
_SAMPLED = 4_000_000


def normalise(image: FloatImage) -> FloatImage:
    """Bring a picture's 1st and 99th percentile to -1 and 1; what lies beyond is kept to ±1.5.

    The network sees contrast, whatever the exposure was. A constant picture becomes 0.
    """
    stride = max(1, int(np.sqrt(image.size / _SAMPLED)))
    low, high = np.percentile(image[::stride, ::stride], (1, 99))
    if not high > low:
        return np.zeros(image.shape, np.float32)
    scaled = (image - np.float32(low)) * np.float32(2 / (high - low)) - np.float32(1)
    return np.clip(scaled, -1.5, 1.5, out=scaled)


def predict_field(
    network: nn.Module,
    image: FloatImage,
    *,
    tile: int = 1024,
    overlap: int = 256,
    precision: str = "fp32",
) -> FloatImage:
    """Return flow along y, along x, and the probability of foreground of every pixel.

    Parameters
    ----------
    network
        One of `networks.NETWORKS`, on the device on which it is to run.
    image
        What `normalise` returned, shape (H, W).
    tile
        Side of a tile [px]; a picture no larger is one tile.
    overlap
        How far neighbouring tiles overlap [px].
    precision
        'bf16' or 'fp32'.

    Returns
    -------
    array
        Shape (3, H, W), float32.
    """
    total = np.zeros((3, *image.shape), np.float32)
    _add_tiles(network, image, total, tile, overlap, precision)
    # In place: of a picture of 48 million pixels three channels are half a gigabyte.
    np.negative(total[2], out=total[2])
    np.exp(np.clip(total[2], -60, 60, out=total[2]), out=total[2])
    total[2] += 1
    np.reciprocal(total[2], out=total[2])
    return total


def _add_tiles(
    network: nn.Module,
    image: FloatImage,
    total: FloatImage,
    tile: int,
    overlap: int,
    precision: str,
) -> None:
    """Add the network's answer to `total`, tile by tile."""
    device = next(network.parameters()).device
    stride = int(network.stride)  # type: ignore[arg-type]
    rows = _places(image.shape[0], tile, overlap, stride)
    columns = _places(image.shape[1], tile, overlap, stride)
    with torch.inference_mode(), autocast(precision, device):
        for top, bottom, down in rows:
            for left, right, across in columns:
                part = image[top:bottom, left:right]
                answer = _run(network, part, stride, device)
                answer *= down[:, None]
                answer *= across
                total[:, top:bottom, left:right] += answer


def _run(network: nn.Module, part: FloatImage, stride: int, device: torch.device) -> FloatImage:
    """The network's answer on one tile."""
    height, width = part.shape
    answer = network(framed(part, stride, device))
    return np.asarray(answer[0, :, :height, :width].float().cpu().numpy())


def framed(part: FloatImage, stride: int, device: torch.device) -> torch.Tensor:
    """A tile as a network takes it: zeros added below and right to a multiple of `stride`."""
    height, width = part.shape
    whole = np.zeros((1, 1, -(-height // stride) * stride, -(-width // stride) * stride))
    whole[0, 0, :height, :width] = part
    given = torch.from_numpy(whole.astype(np.float32)).to(device)
    return given.contiguous(memory_format=torch.channels_last)


def _places(
    length: int, tile: int, overlap: int, stride: int
) -> list[tuple[int, int, Float32Array]]:
    """First pixel, last pixel + 1 and weights of the tiles along an axis.

    Tiles begin at multiples of `stride`, else the network would sample them at other places than
    the whole; the last one is up to `stride` longer. In the outer quarter of an overlap a tile,
    which does not see what lies beyond, counts for nothing; from there its weight rises
    linearly. The weights of every pixel sum to one, so that the blend needs no map of weights.

    Examples
    --------
    >>> [(first, last) for first, last, _ in _places(100, 60, 20, 4)]
    [(0, 60), (40, 100)]
    """
    if length <= tile:
        return [(0, length, np.ones(length, np.float32))]
    step = max(stride, tile - overlap)
    count = -(-(length - tile) // step) + 1
    gap = (length - tile) / (count - 1)
    firsts = [int(number * gap) // stride * stride for number in range(count)]
    spans = [(first, first + tile) for first in firsts[:-1]] + [(firsts[-1], length)]
    sums = np.zeros(length)
    ramps = []
    for first, last in spans:
        place = np.arange(last - first) + 0.5
        ramp = np.ones(last - first)
        if first > 0:
            ramp = np.minimum(ramp, 2 * place / overlap - 0.5)
        if last < length:
            ramp = np.minimum(ramp, 2 * (last - first - place) / overlap - 0.5)
        ramp = np.maximum(ramp, 1e-6)
        sums[first:last] += ramp
        ramps.append(ramp)
    return [
        (first, last, (ramp / sums[first:last]).astype(np.float32))
        for (first, last), ramp in zip(spans, ramps, strict=True)
    ]
