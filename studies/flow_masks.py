"""Generated label masks for `flow_kernels.py` and `flow_ceilings.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

Labels = np.ndarray
_SEED = 1665


def make(name: str) -> Labels:
    """Return a mask such as `voronoi-1024-5000`: kind, side and number of instances.

    The side `large` stands for 8000 x 6000 pixels, 16 times the same mask.
    """
    kind, side, count = name.split("-")
    maker = {"ellipses": ellipses, "voronoi": voronoi}[kind]
    generator = np.random.default_rng(_SEED)
    if side != "large":
        return maker((int(side), int(side)), int(count), generator)
    tile = maker((1500, 2000), int(count) // 16, generator)
    row = [np.where(tile, tile + k * (int(count) // 16), 0) for k in range(16)]
    return np.block([row[k : k + 4] for k in range(0, 16, 4)]).astype(np.int32)


def ellipses(shape: tuple[int, int], count: int, generator: np.random.Generator) -> Labels:
    """Ellipses of aspect 1 to 3 on a shaken grid, covering about half; some touch or overlap."""
    labels = np.zeros(shape, np.int32)
    cell = float(np.sqrt(shape[0] * shape[1] / count))
    rows, columns = int(np.ceil(shape[0] / cell)), int(np.ceil(shape[1] / cell))
    places = generator.permutation(rows * columns)[:count]
    for number, place in enumerate(places, start=1):
        y, x = (np.array(divmod(place, columns)) + 0.5 + generator.uniform(-0.2, 0.2, 2)) * cell
        aspect, angle = generator.uniform(1, 3), generator.uniform(0, np.pi)
        long = 0.42 * cell * aspect**0.5 * generator.uniform(0.8, 1.05)
        reach = int(long) + 2
        top, left = max(0, int(y) - reach), max(0, int(x) - reach)
        box = labels[top : int(y) + reach, left : int(x) + reach]
        v, u = np.mgrid[: box.shape[0], : box.shape[1]]
        v, u = v + top - y, u + left - x
        along = u * np.cos(angle) + v * np.sin(angle)
        across = v * np.cos(angle) - u * np.sin(angle)
        box[(along**2 + (aspect * across) ** 2 < long**2) & (box == 0)] = number
    return labels


def voronoi(shape: tuple[int, int], count: int, generator: np.random.Generator) -> Labels:
    """Cells of random points: everything touches, no background."""
    from scipy.spatial import cKDTree

    tree = cKDTree(generator.uniform((0, 0), shape, (count, 2)))
    labels = np.empty(shape, np.int32)
    columns = np.arange(shape[1])
    for y in range(shape[0]):
        labels[y] = tree.query(np.column_stack([np.full(shape[1], y), columns]))[1] + 1
    return labels


def hard_shapes() -> Iterator[tuple[str, Labels]]:
    """Yield the shapes that fields of other methods lose, each kind as one mask."""
    yield "straight fibres, aspect 30 to 300, at angles", _straight_fibres()
    yield "curved fibres, aspect 30 to 300", _curved_fibres()
    yield "parallel wavy fibres, 5 px wide, touching", parallel_fibres(5)
    yield "rings", _round(lambda r, turn: (r < 20) & (r > 12))
    yield "discs in rings", _nested()
    yield "C-shapes", _round(lambda r, turn: (r < 20) & (r > 12) & (np.abs(turn) > 0.6))
    yield "stars", _round(lambda r, turn: r < 12 + 8 * np.cos(5 * turn))
    yield "1-px objects, some touching", _tiny(1)
    yield "4-px objects, some touching", _tiny(2)
    gaps = voronoi((256, 256), 100, np.random.default_rng(_SEED))
    yield "labels with gaps", np.where(gaps % 3 == 0, 0, 1000 * gaps + 7)


def _straight_fibres() -> Labels:
    labels = np.zeros((1300, 1300), np.int32)
    y, x = np.mgrid[:1300, :1300].astype(np.float32)
    number = 0
    for row, angle in enumerate(np.radians([0, 0, 0, 8, 8, 8])):
        for width, aspect in ((3, 300), (5, 200), (2, 300), (9, 100), (9, 30)):
            number += 1
            top = 40 + 200 * row + 30 * (number % 5)
            along = x * np.cos(angle) + (y - top) * np.sin(angle) - 40
            across = (y - top) * np.cos(angle) - (x - 40) * np.sin(angle)
            inside = (np.abs(across) < width / 2) & (along > 0) & (along < width * aspect)
            labels[inside & (labels == 0)] = number
    return labels


def _curved_fibres() -> Labels:
    """Arcs and a spiral, from 2 to 6 px wide."""
    labels = np.zeros((800, 800), np.int32)
    y, x = np.mgrid[-400:400, -400:400].astype(np.float32)
    radius, turn = np.hypot(y, x), np.arctan2(y, x)
    strand = 6 * turn / np.pi + 12 * np.round((radius - 6 * turn / np.pi) / 12)
    labels[(np.abs(radius - strand) < 1.5) & (strand < 60) & (strand > 8)] = 1
    for number, middle in enumerate(range(80, 380, 15), start=2):
        inside = np.abs(radius - middle) < (1 + number % 3)
        labels[inside & (np.abs(turn) < 1 + number / 12)] = number
    return labels


def parallel_fibres(width: int, count: int = 60, side: int = 512) -> Labels:
    """Wavy fibres side by side without background between them."""
    y, x = np.mgrid[:side, :side]
    number = np.floor(y + 25 * np.sin(x / 60)).astype(np.int32) // width - 8
    ends = (x > 20 + 37 * number % 60) & (x < 300 + 53 * number % 200)
    return np.where((number > 0) & (number <= count) & ends, number, 0)


def _round(inside: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Labels:
    """A hundred turned copies of a shape within radius 20, given in polar coordinates."""
    labels = np.zeros((440, 440), np.int32)
    y, x = np.mgrid[-22:22, -22:22] + 0.3
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    for number in range(100):
        turn = (angle + number / 7 + np.pi) % (2 * np.pi) - np.pi
        top, left = 44 * (number // 10), 44 * (number % 10)
        labels[top : top + 44, left : left + 44][inside(radius, turn)] = number + 1
    return labels


def _nested() -> Labels:
    rings = _round(lambda r, turn: (r < 20) & (r > 12))
    discs = _round(lambda r, turn: r < 12)
    return np.where(discs > 0, 1000 + discs, rings)


def _tiny(side: int) -> Labels:
    """Squares on a grid of twice their side; every third has a neighbour that touches."""
    labels = np.zeros((120, 120), np.int32)
    number = 0
    for top in range(0, 120 - side, 2 * side):
        for left in range(0, 120 - 2 * side, 3 * side):
            number += 1
            labels[top : top + side, left : left + side] = number
            if number % 3 == 0:
                number += 1
                labels[top : top + side, left + side : left + 2 * side] = number
    return labels
