"""Flow field to label mask on the device that holds the field: `flow_follow`, in torch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import pad

from micrographia.segmentation.flow.basins import REACH
from micrographia.segmentation.flow.follow import Followed, check_shapes, sorted_out
from micrographia.segmentation.flow.march import STEPS
from micrographia.segmentation.flow.torch_field import PIECE, components, flow_field

Tensor = torch.Tensor

#: Below float's own step from 0.25 on; 2^53 of them are 4 on 33 million pixels.
_UNIT = 2.0**-26


@torch.no_grad()
def follow(
    field: Tensor,
    probability: Tensor,
    *,
    threshold: float = 0.5,
    min_area: int = 1,
    max_flow_error: float | None = None,
    parting: float = 0.25,
) -> Followed:
    """Return the instances of a flow field: those that `flow_follow.follow` finds.

    Labels and tables are on the CPU in the end; nothing else leaves the device. Where a part of
    an instance has two equally short ways, its flow error may be another one than there.

    Parameters
    ----------
    field
        Vectors (y, x), shape (2, H, W), on any device.
    probability
        Foreground probability, shape (H, W), on the same device.
    threshold, min_area, max_flow_error, parting
        As in `flow_follow.follow`.

    Raises
    ------
    ValueError
        The shapes do not fit.

    Examples
    --------
    >>> labels = torch.tensor([[7, 7, 2, 2, 0, 2]])
    >>> follow(flow_field(labels), (labels > 0).float()).labels
    array([[1, 1, 2, 2, 0, 3]], dtype=int32)
    """
    check_shapes(field.shape, probability.shape)
    field = field.float()
    labels, table = _instances(field, probability > threshold, parting)
    table["probability"] = _means(labels, probability, len(table))
    table["flow_error"] = np.nan
    if max_flow_error is not None:
        difference = (flow_field(labels) - field).square_()
        table["flow_error"] = _means(labels, difference[0] + difference[1], len(table))
    return sorted_out(labels.cpu().numpy(), table, min_area, max_flow_error)


def _instances(field: Tensor, inside: Tensor, parting: float) -> tuple[Tensor, pd.DataFrame]:
    """Return the label mask, and `y`, `x`, `area_px` of each instance."""
    width = inside.shape[1] + 2
    inside = pad(inside, (1, 1, 1, 1))
    pixels = inside.ravel().nonzero().ravel()
    target = _targets(field, inside, pixels)
    basin, ends = _basins(target)
    area = torch.bincount(basin, minlength=len(ends))
    y, x = pixels[ends] // width - 1, pixels[ends] % width - 1
    declared = (field[:, y, x] == 0).all(0)
    instance = _joined(*_partings(target, basin, pixels, inside), declared, parting)
    count = int(instance.max()) + 1 if len(instance) else 0
    # The end of the largest basin stands for the instance; of equally large ones the first.
    largest = torch.zeros_like(area).scatter_reduce_(0, instance, area, "amax")
    candidates = (area == largest[instance]).nonzero().ravel()
    first = torch.full((count,), len(area), device=area.device)
    first.scatter_reduce_(0, instance[candidates], candidates, "amin")
    whole = torch.zeros_like(area[:count]).index_add_(0, instance, area)
    columns = {"y": y[first], "x": x[first], "area_px": whole}
    labels = torch.zeros(inside.shape, dtype=torch.int32, device=inside.device)
    labels.ravel()[pixels] = (instance[basin] + 1).to(torch.int32)
    table = pd.DataFrame({name: column.cpu().numpy() for name, column in columns.items()})
    return labels[1:-1, 1:-1].contiguous(), table


def _targets(field: Tensor, inside: Tensor, pixels: Tensor) -> Tensor:
    """Return the number, among the foreground's pixels, of the one that each points to.

    See `flow_basins.point`; `inside` is framed and `pixels` are the flat indices of what is true.
    """
    width = inside.shape[1]
    steps = torch.from_numpy(STEPS).to(field.device)
    step = (steps[:, 0] * width + steps[:, 1])[:, None]
    scale = torch.ones((8, 1), dtype=torch.double, device=field.device)
    scale[1::2] = float(np.float32(0.70710678))
    place = inside.ravel().cumsum(0) - 1
    target = torch.empty_like(pixels)
    for piece in torch.split(pixels, PIECE):
        v, u = field[:, piece // width - 1, piece % width - 1].double()
        along = (v * steps[:, :1] + u * steps[:, 1:]) * scale
        there = piece + step
        # Whatever is not a number leads nowhere.
        along = torch.where(inside.ravel()[there] & (along > 0), along, 0)
        best = along.argmax(0)
        moves = along.gather(0, best[None])[0] > 0
        target[place[piece]] = place[torch.where(moves, piece + step[best, 0], piece)]
    return target


def _basins(target: Tensor) -> tuple[Tensor, Tensor]:
    """Follow all pointers to where nothing moves, or around a circle.

    Pointers are doubled: `far` leads 2, 4, 8… steps on, and `least` is the least pixel on the way.

    Returns
    -------
    basin, ends
        Number of each pixel's basin, from 0 on in order of the first pixel; the pixel where each
        ends: of a circle the one at which the basin's first pixel comes upon it.
    """
    here = torch.arange(len(target), device=target.device)
    far, least = target, here
    while True:
        mark = least[far]
        if torch.equal(mark, mark[target]):  # it is the same in all of a basin, and on its circle
            break
        far, least = far[far], torch.minimum(least, mark)
    still = torch.zeros_like(target, dtype=torch.bool)
    still[far[far]] = True  # that far, every pixel has passed its mark
    first = torch.full_like(target, len(target)).scatter_reduce_(0, mark, here, "amin")[mark]
    begins = first == here
    basin = (begins.cumsum(0) - 1)[first]
    ends = far[far][begins]
    circles = (target[ends] != ends).nonzero().ravel()
    walk = first[begins][circles]
    while not bool(still[walk].all()):
        walk = torch.where(still[walk], walk, target[walk])
    ends[circles] = walk
    return basin, ends


def _partings(
    target: Tensor, basin: Tensor, pixels: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return how far the flow parts at each place where two basins touch.

    See `flow_basins.partings`. Pixels are told by their number among the foreground's, whose flat
    index is in `pixels`; `inside` is framed.
    """
    width = inside.shape[1]
    place = inside.ravel().cumsum(0) - 1
    pairs = []
    for step in (1, width):
        one = inside.ravel()[pixels + step].nonzero().ravel()
        two = place[pixels[one] + step]
        apart = basin[one] != basin[two]
        pairs.append((one[apart], two[apart]))
    one, two = (torch.cat(side) for side in zip(*pairs, strict=True))
    ahead, a = _walk(target, one, pixels, width)
    behind, b = _walk(target, two, pixels, width)
    growth = _distance(pixels[a], pixels[b], width) - 1
    sides = torch.minimum(basin[one], basin[two]), torch.maximum(basin[one], basin[two])
    return *sides, growth.float(), (ahead + behind).float()


def _walk(target: Tensor, start: Tensor, pixels: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Follow pixels for `REACH` steps; return the length of their ways [px] and where they are."""
    length = torch.zeros(len(start), dtype=torch.double, device=start.device)
    here = start
    for _ in range(REACH):
        there = target[here]
        length += _distance(pixels[here], pixels[there], width)
        here = there
    return length, here


def _distance(a: Tensor, b: Tensor, width: int) -> Tensor:
    down, right = a // width - b // width, a % width - b % width
    return (down * down + right * right).double().sqrt_()


def _joined(
    smaller: Tensor,
    larger: Tensor,
    growth: Tensor,
    way: Tensor,
    declared: Tensor,
    parting: float,
) -> Tensor:
    """Return the instance, from 0 on in reading order, that each basin belongs to.

    The sums are the same in whatever order a GPU adds: floats of a few pixels leave a double
    room for 10⁸ of them without rounding.
    """
    count = len(declared)
    borders, border = torch.unique(smaller * count + larger, return_inverse=True)
    sums = torch.zeros((2, len(borders)), dtype=torch.double, device=declared.device)
    sums[0].index_add_(0, border, growth.double())
    sums[1].index_add_(0, border, way.double())
    one, two = borders // max(count, 1), borders % max(count, 1)
    together = (sums[0] <= parting * sums[1]) & ~(declared[one] & declared[two])
    group = components(one[together], two[together], count)
    least = group == torch.arange(count, device=group.device)
    return (least.cumsum(0) - 1)[group]


def _means(labels: Tensor, values: Tensor, count: int) -> np.ndarray:
    """Mean of `values`, 4 at most, over each label 1...count.

    Rounded to `_UNIT` they sum to a double without further rounding, so it does not matter in
    which order a GPU adds.
    """
    flat = labels.ravel().long()
    units = (values.ravel().double() / _UNIT).round_()
    sums = torch.zeros(count + 1, dtype=torch.double, device=flat.device).index_add_(
        0, flat, units
    )
    area = torch.bincount(flat, minlength=count + 1)
    return np.asarray((sums * _UNIT / area)[1:].cpu().numpy())
