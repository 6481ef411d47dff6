"""Label mask to flow field on the device that holds the mask: `flow_field`, in torch.

The equations are those of `flow_potential` and `flow_march`; what runs in order there runs for
all pixels at once here. A GPU's mask need not leave it, and nothing here is random: distances
and centres are found in whole numbers, and the order in which a GPU adds decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from micrographia.segmentation.flow.march import STEPS
from micrographia.segmentation.flow.potential import CORE

Tensor = torch.Tensor

#: Pixels worked on at a time; what each needs for a while only takes memory for so many.
PIECE = 1 << 20
#: Ways to a pixel: 0...3 by a diagonal neighbour, 4...7 by a straight one, 8...11 and 12...15 from
#: between a straight one and the diagonal one a turn further or a turn back.
_FROM = [1, 3, 5, 7, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6]
_TO = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7, 7, 1, 3, 5]


@torch.no_grad()
def flow_field(labels: Tensor) -> Tensor:
    """Return the flow field of a label mask, on the mask's device.

    Parameters
    ----------
    labels
        Label mask, shape (H, W), integers, 0 for background; see `flow_field.flow_field`, which
        also tells which instances are in several parts.

    Returns
    -------
    tensor
        Unit vectors (y, x) toward the centre of the instance, 0 at the centres and on the
        background; shape (2, H, W), float32. Where two ways are equally short it may lead
        another one than the field of `flow_field.flow_field`; T is the same.

    Raises
    ------
    ValueError
        The labels are no two-dimensional tensor of integers >= 0.

    Examples
    --------
    >>> flow_field(torch.tensor([[0, 5, 5, 5, 0]]))[1]
    tensor([[ 0.,  1.,  0., -1.,  0.]])
    """
    labels = _checked(labels)
    parts, count = number_parts(labels)
    cost = depths(parts)
    centre = centres(parts, cost, count)
    cost.reciprocal_()  # infinite on the background, where nothing looks
    links = links_within(parts)
    time = potential(links, cost.ravel(), centre, parts.shape[1])
    field = torch.zeros((2, parts.numel()), device=labels.device)
    for pixels in _inside(parts):
        field[:, pixels] = _directions(links, cost.ravel(), time, pixels, parts.shape[1])
    field[:, centre] = 0
    return field.view(2, *parts.shape)[:, 1:-1, 1:-1].contiguous()


def _checked(labels: Tensor) -> Tensor:
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if labels.dim() != 2 or not whole:
        raise ValueError(
            f"the labels have shape {tuple(labels.shape)} and type {labels.dtype}; "
            "allowed: two dimensions, integers"
        )
    # torch can do little with unsigned integers.
    labels = labels if labels.dtype == torch.int32 else labels.long()
    if labels.numel() and labels.min() < 0:
        raise ValueError(f"the labels hold {labels.min()}; allowed: 0 and above")
    return labels


def number_parts(labels: Tensor) -> tuple[Tensor, int]:
    """Number the connected parts of the labels; pixels touching at a corner belong together.

    Runs of one label along a row are the nodes of a graph; they are joined where they touch.

    Returns
    -------
    parts, count
        1...n in reading order with a frame of background, shape (H + 2, W + 2), int32; and n.
    """
    framed = pad(labels, (1, 1, 1, 1))
    width = framed.shape[1]
    flat = framed.ravel()
    begins = torch.ones_like(flat, dtype=torch.bool)
    begins[1:] = flat[1:] != flat[:-1]
    run = begins.cumsum(0) - 1
    one, two = _meetings(flat, begins, run, width)
    label = flat[begins]
    root = components(one, two, len(label))
    least = (root == torch.arange(len(root), device=root.device)) & (label > 0)
    number = torch.where(label > 0, least.cumsum(0)[root], 0).to(torch.int32)
    return number[run].view(framed.shape), int(least.sum())


def _meetings(flat: Tensor, begins: Tensor, run: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Pairs of runs of one label that touch, the lower one first; most of them only once."""
    ends = torch.ones_like(begins)
    ends[:-1] = begins[1:]
    first = width + 1  # the first pixel inside the frame
    here, above = flat[first:], flat[1 : len(flat) - width]
    straight = here == above
    # To the right of where two runs meet they only meet again.
    pairs = [(straight & (begins[first:] | begins[1 : len(flat) - width]), width)]
    corner = ~straight & begins[first:] & (here == flat[: len(flat) - first])
    pairs.append((corner, width + 1))
    corner = ~straight & ends[first:] & (here == flat[2 : len(flat) - width + 1])
    pairs.append((corner, width - 1))
    lower = [(meet & (here > 0)).nonzero().ravel() + first for meet, _ in pairs]
    upper = [pixels - back for pixels, (_, back) in zip(lower, pairs, strict=True)]
    return run[torch.cat(lower)], run[torch.cat(upper)]


def components(one: Tensor, two: Tensor, count: int) -> Tensor:
    """Return the least node that each of `count` nodes is connected with by edges (one, two).

    Every tree is hooked on the least one that it touches until none touch: Shiloach and Vishkin,
    J. Algorithms 3, 57 (1982).
    """
    root = torch.arange(count, device=one.device)
    while one.numel():
        high, low = torch.maximum(one, two), torch.minimum(one, two)
        root.scatter_reduce_(0, high, low, "amin")
        while not torch.equal(further := root[root], root):
            root = further
        one, two = root[one], root[two]
        apart = one != two
        one, two = one[apart], two[apart]
    return root


def depths(parts: Tensor) -> Tensor:
    """Return each pixel's distance to the nearest pixel of another part [px], 0 on the background.

    Vertical distances first; then each pixel looks left and right for as far as it may gain.

    Parameters
    ----------
    parts
        What `number_parts` returned.

    Returns
    -------
    tensor
        Same shape, float32.
    """
    square = _vertical_gaps(parts).square_().ravel()
    flat = parts.ravel()
    depth = torch.zeros(flat.shape, device=parts.device)
    for pixels in _inside(parts):
        least, mine, reach = square[pixels], flat[pixels], 1
        while pixels.numel():
            for there in (pixels - reach, pixels + reach):
                other = torch.where(flat[there] == mine, square[there], 0) + reach**2
                least = torch.minimum(least, other)
            depth[pixels] = _root(least)
            reach += 1
            more = least > reach**2  # none such is as near to the frame as `reach`
            pixels, least, mine = pixels[more], least[more], mine[more]
    return depth.view(parts.shape)


def _vertical_gaps(parts: Tensor) -> Tensor:
    """Vertical distance to the nearest pixel of another part [px]; of no use on the background."""
    rows = torch.arange(len(parts), device=parts.device)[:, None]
    changes = torch.ones_like(parts, dtype=torch.bool)
    changes[1:] = parts[1:] != parts[:-1]
    above = rows + 1 - torch.where(changes, rows, 0).cummax(0).values
    changes[:-1], changes[-1] = changes[1:].clone(), True
    last = torch.where(changes, rows, len(parts)).flip(0).cummin(0).values.flip(0)
    return torch.minimum(above, last + 1 - rows)


def centres(parts: Tensor, depth: Tensor, count: int) -> Tensor:
    """Return the flat index of the centre of parts 1...count, as `flow_potential.centres` does."""
    device, width = parts.device, parts.shape[1]
    pixels = parts.ravel().nonzero().ravel()
    part = parts.ravel()[pixels].long() - 1
    area = torch.bincount(part, minlength=count)
    middle = torch.zeros((2, count), dtype=torch.long, device=device)
    middle[0].index_add_(0, part, pixels // width)
    middle[1].index_add_(0, part, pixels % width)
    deepest = torch.zeros(count, device=device)
    deepest.scatter_reduce_(0, part, depth.ravel()[pixels], "amax")
    core = depth.ravel()[pixels] >= CORE * deepest[part]
    pixels, part = pixels[core], part[core]
    away = ((pixels // width) * area[part] - middle[0, part]).double().square_()
    away += ((pixels % width) * area[part] - middle[1, part]).double().square_()
    nearest = torch.full((count,), torch.inf, dtype=torch.double, device=device)
    nearest.scatter_reduce_(0, part, away, "amin")
    nearest_ones = away == nearest[part]
    centre = torch.full((count,), parts.numel(), device=device)
    return centre.scatter_reduce_(0, part[nearest_ones], pixels[nearest_ones], "amin")


def potential(links: Tensor, cost: Tensor, centre: Tensor, width: int) -> Tensor:
    """Solve |∇T| = cost within each part, T = 0 at its centre.

    Every pixel whose neighbours have changed is reached anew, all of them at once, until nothing
    changes: Jeong and Whitaker, SIAM J. Sci. Comput. 30, 2512 (2008), with nothing left to a
    tolerance. A T exceeds those that it comes from, hence there is one solution only, the one
    that fast marching finds. There are about as many rounds as pixels on the longest way.

    Parameters
    ----------
    links
        What `links_within` returned.
    cost
        Cost of a way [1/px], flat.
    centre
        Flat index of each part's centre.
    width
        Pixels in a row of the framed picture.

    Returns
    -------
    tensor
        T, flat, float32; infinite on the background.
    """
    step, bits = _steps(width, links.device)
    time = torch.full(cost.shape, torch.inf, device=cost.device)
    time[centre] = 0
    due = torch.zeros(cost.shape, dtype=torch.bool, device=cost.device)
    changed, lowest = centre, torch.zeros(len(centre), device=cost.device)
    while changed.numel():
        # What is no later than a pixel was, or is, does not come from it; centres never do.
        for pixels, low in zip(_pieces(changed), _pieces(lowest), strict=True):
            there = pixels + step
            due[there[((links[pixels] & bits) > 0) & (time[there] > low)]] = True
        again = due.nonzero().ravel()
        due[again] = False
        found: list[tuple[Tensor, Tensor]] = []
        for pixels in _pieces(again):
            new = arrivals(links, cost, time, pixels, width)[0].amin(0)
            old = time[pixels]
            moved = new != old
            time[pixels] = new
            found.append((pixels[moved], torch.minimum(old, new)[moved]))
        changed = torch.cat([pixels for pixels, _ in found])
        lowest = torch.cat([low for _, low in found])
    return time


def arrivals(
    links: Tensor, cost: Tensor, time: Tensor, pixels: Tensor, width: int
) -> tuple[Tensor, Tensor]:
    """T of some pixels by each of the sixteen ways, and the shares of the last eight.

    Of a way from between two neighbours the share is how far toward the diagonal one it leads.
    Each number is found by the same steps as in `flow_march._improve`, hence to the same bit.
    """
    step, bits = _steps(width, pixels.device)
    known = torch.where((links[pixels] & bits) > 0, time[pixels + step], torch.inf)
    straight, diagonal = known[::2], known[1::2]
    slope = cost[pixels]
    fall = torch.cat([straight - diagonal, straight - diagonal.roll(1, 0)])
    root = _root(slope * slope - fall * fall)
    between = torch.cat([straight, straight]) + root
    between[~((fall > 0) & (fall < slope * 0.5**0.5))] = torch.inf
    ways = torch.cat([diagonal + slope * 2**0.5, straight + slope, between])
    return ways, fall / root


def _directions(links: Tensor, cost: Tensor, time: Tensor, pixels: Tensor, width: int) -> Tensor:
    """Unit vectors (y, x) along the quickest way of each pixel; of equal ones the first."""
    ways, share = arrivals(links, cost, time, pixels, width)
    way = ways.argmin(0)
    share = share.gather(0, (way - 8).clamp(min=0)[None])[0]
    steps = torch.from_numpy(STEPS).to(pixels.device).float().T
    start, turn = steps[:, _FROM], steps[:, _TO] - steps[:, _FROM]
    vectors = torch.where(way < 8, start[:, way], start[:, way] + share * turn[:, way])
    y, x = vectors
    return vectors / _root(y * y + x * x)


def _root(square: Tensor) -> Tensor:
    """The float nearest the square root, which torch's own root of floats need not be on a CPU."""
    return square.double().sqrt_().float()


def links_within(parts: Tensor) -> Tensor:
    """Which of its neighbours are of a pixel's part: bit k for `STEPS[k]`; flat, uint8."""
    links = torch.zeros_like(parts, dtype=torch.uint8)
    height, width = parts.shape
    inner = parts[1:-1, 1:-1]
    for k, (y, x) in enumerate(STEPS.tolist()):
        there = parts[1 + y : height - 1 + y, 1 + x : width - 1 + x]
        links[1:-1, 1:-1] |= ((there == inner) & (inner > 0)).to(torch.uint8) << k
    return links.ravel()


def _steps(width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The eight steps in a flat picture, and their bits in `links_within`, shape (8, 1) each."""
    step = torch.from_numpy(STEPS[:, 0] * width + STEPS[:, 1]).to(device)
    bits = 2 ** torch.arange(8, device=device)
    return step[:, None], bits[:, None].to(torch.uint8)


def _inside(parts: Tensor) -> Sequence[Tensor]:
    """Flat indices of the foreground, piece by piece."""
    return _pieces(parts.ravel().nonzero().ravel())


def _pieces(values: Tensor) -> Sequence[Tensor]:
    return torch.split(values, PIECE)
