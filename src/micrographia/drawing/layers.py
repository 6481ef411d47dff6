"""Crystals seen from above, in the frame of their picture: x to the right, y down, in Å."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon
from numpy.typing import NDArray
from scipy import ndimage

from micrographia.arrays import FloatArray, IntArray

#: Side of the square that is drawn where no other is asked for [Å].
WINDOW = 14.0
_BALL = 0.55  # a ball's radius over the atom's covalent radius
_RING = 0.42  # radius of the ring around a column [Å]
_SHADES = 7


@dataclass(frozen=True)
class Layer:
    """A layer in projection.

    Attributes
    ----------
    cell
        Two cell vectors as rows (2, 2) [Å].
    xy
        Positions (n, 2) [Å].
    numbers
        Atomic numbers (n,).
    """

    cell: FloatArray
    xy: FloatArray
    numbers: IntArray

    def turned(self, degrees: float) -> Layer:
        """Rotate counter-clockwise in (x, y)."""
        angle = np.deg2rad(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return Layer(self.cell @ turn, self.xy @ turn, self.numbers)

    def moved(self, shift: FloatArray) -> Layer:
        """Shift by (2,) [Å]."""
        return Layer(self.cell, self.xy + shift, self.numbers)

    def tiled(self, window: float, margin: float = 1.5) -> tuple[FloatArray, IntArray]:
        """All periodic images within a square around the origin: positions and numbers."""
        reach = window / 2 + margin
        corners = np.array([[x, y] for x in (-reach, reach) for y in (-reach, reach)])
        inverse = np.linalg.inv(self.cell)
        spread = np.abs(corners @ inverse).max(axis=0) + 1
        steps = [np.arange(-int(n) - 1, int(n) + 2) for n in np.ceil(spread)]
        lattice = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
        home = (self.xy @ inverse % 1.0) @ self.cell
        positions = home[:, None, :] + (lattice @ self.cell)[None, :, :]
        inside = (np.abs(positions) < reach).all(axis=-1)
        numbers = np.broadcast_to(self.numbers[:, None], inside.shape)
        return positions[inside], numbers[inside]


def align(truth: Layer, found: Layer) -> Layer:
    """Shift the truth, whose origin in the picture is unknown, onto the columns found.

    Each true atom in turn is laid on each column of its element; the shift at which the columns
    found lie nearest to true atoms wins. No other move is made: a wrong answer looks wrong.
    """
    best, best_cost = truth, np.inf
    for one, number in zip(truth.xy, truth.numbers, strict=True):
        for other in found.xy[found.numbers == number]:
            trial = truth.moved(other - one)
            cost = _misfit(trial, found)
            if cost < best_cost - 1e-9:
                best, best_cost = trial, cost
    return best


def place(answer: Layer, columns: Layer) -> Layer:
    """Turn a crystal, whose file has a frame of its own, back into the frame of its picture.

    Every way to lay its cell vectors on lattice vectors of the columns' cell with the same
    lengths and angle, mirrored ones included, is tried; that with the columns best matched
    wins. Where there is none, the columns themselves are returned.
    """
    steps = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 2), axis=-1).reshape(-1, 2)
    vectors = steps @ columns.cell
    metric = answer.cell @ answer.cell.T
    tolerance = 0.02 * float(np.trace(metric))
    first, second = (
        vectors[np.abs((vectors**2).sum(axis=1) - metric[axis, axis]) < tolerance]
        for axis in (0, 1)
    )
    fits = [
        np.array([one, other])
        for one in first
        for other in second
        if abs(one @ other - metric[0, 1]) < tolerance
    ]
    fractions = answer.xy @ np.linalg.inv(answer.cell)
    laid = [align(Layer(cell, fractions @ cell, answer.numbers), columns) for cell in fits]
    return min(laid, key=lambda layer: _misfit(layer, columns), default=columns)


def _misfit(layer: Layer, columns: Layer) -> float:
    """Sum over columns of the distance to the nearest like atom [Å], at most 1 each."""
    steps = (columns.xy[:, None, :] - layer.xy[None, :, :]) @ np.linalg.inv(layer.cell)
    nearest = np.linalg.norm((steps - np.round(steps)) @ layer.cell, axis=-1)
    unlike = columns.numbers[:, None] != layer.numbers[None, :]
    return float(np.minimum(nearest + unlike, 1.0).min(axis=1).sum())


def tile_average(
    average: NDArray[Any], cell: FloatArray, pixels: int, window: float = WINDOW
) -> FloatArray:
    """Repeat a unit-cell average over the window.

    Parameters
    ----------
    average
        Average (n, m) on a fractional grid of the cell.
    cell
        Two cell vectors as rows (2, 2) [Å].
    pixels
        Side of the result.
    window
        Side of the square that it shows [Å].

    Returns
    -------
    Picture (pixels, pixels) of the square around the origin.
    """
    line = (np.arange(pixels) + 0.5) / pixels * window - window / 2
    return sample_average(average, cell, *np.meshgrid(line, line))


def sample_average(
    average: NDArray[Any], cell: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Read a unit-cell average at any points.

    Parameters
    ----------
    average
        Average (n, m) on a fractional grid of the cell.
    cell
        Two cell vectors as rows (2, 2) [Å].
    x, y
        Positions (...) [Å].

    Returns
    -------
    Values (...), by linear interpolation on the torus.
    """
    fractions = np.stack([x, y], axis=-1) @ np.linalg.inv(cell)
    places = np.moveaxis(fractions % 1.0, -1, 0) * np.reshape(average.shape, (2, *[1] * x.ndim))
    values = np.asarray(average, dtype=np.float64)
    return np.asarray(ndimage.map_coordinates(values, places, order=1, mode="grid-wrap"))


def legend(numbers: IntArray) -> list[tuple[str, str]]:
    """Return (symbol, colour) of the elements, lightest first."""
    return [
        (chemical_symbols[number], to_hex(tuple(_colour(number))))
        for number in sorted({int(number) for number in numbers})
    ]


def _colour(number: int) -> FloatArray:
    """Jmol's colour of an element, darkened where it would vanish on white."""
    colour = np.asarray(jmol_colors[number], dtype=np.float64)
    brightness = float(colour @ (0.299, 0.587, 0.114))
    return colour * min(1.0, 0.72 / max(brightness, 1e-6))


def add_balls(axes: Axes, layer: Layer, window: float = WINDOW) -> None:
    """Add a layer from above as lit balls: ever smaller and lighter discs to the upper left."""
    positions, numbers = layer.tiled(window)
    # Heights are not what a projection tells: small balls come in front, so that all are seen.
    order = np.argsort(-covalent_radii[numbers], kind="stable")
    positions, numbers = positions[order], numbers[order]
    radii = _BALL * covalent_radii[numbers][:, None]
    colours = np.array([_colour(number) for number in numbers]).reshape(-1, 1, 3)
    share = np.arange(_SHADES)[None, :] / _SHADES
    light = share[..., None]
    shades = colours * (0.72 + 0.28 * light) + 0.55 * light**2 * (1 - colours)
    centres = positions[:, None, :] - (0.3 * share * radii)[..., None]
    # One collection draws in its own order: each ball whole before the next.
    edges = np.zeros((*shades.shape[:2], 4))
    edges[:, 0, :3], edges[:, 0, 3] = 0.55 * colours[:, 0], 1
    _circles(
        axes,
        (radii * (1 - share)).ravel(),
        centres.reshape(-1, 2),
        facecolors=np.clip(shades.reshape(-1, 3), 0, 1),
        edgecolors=edges.reshape(-1, 4),
        linewidths=0.5,
    )


def _circles(axes: Axes, radii: FloatArray, centres: FloatArray, **style: Any) -> None:
    widths = 2 * radii
    flat = np.zeros_like(widths)
    axes.add_collection(
        EllipseCollection(
            widths,
            widths,
            flat,
            units="xy",
            offsets=centres,
            offset_transform=axes.transData,
            **style,
        ),
        autolim=False,
    )


def add_rings(
    axes: Axes, columns: Layer, window: float = WINDOW, width: float = 1.6, rim: float = 0.0
) -> None:
    """Add a ring in its element's colour around each column.

    Parameters
    ----------
    axes, columns, window
        Where, what, and the side of the square around the origin [Å].
    width, rim
        Of the ring's line, and of a dark line under it that sets it off from a bright picture, on
        either side [point].
    """
    positions, numbers = columns.tiled(window)
    radii = np.full(len(positions), _RING)
    colours = np.array([_colour(number) for number in numbers]).reshape(-1, 3)
    if rim:
        dark = {"facecolors": "none", "edgecolors": "#101418"}
        _circles(axes, radii, positions, **dark, linewidths=width + 2 * rim)
    _circles(axes, radii, positions, facecolors="none", edgecolors=colours, linewidths=width)


def add_cell(
    axes: Axes, cell: FloatArray, colour: str, corner: FloatArray | tuple[float, float] = (0, 0)
) -> None:
    """Add the dashed outline of the cell from a corner (2,) [Å] on."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ cell + corner
    axes.add_patch(
        Polygon(corners, fill=False, edgecolor=colour, linewidth=1.2, linestyle=(0, (4, 2)))
    )
