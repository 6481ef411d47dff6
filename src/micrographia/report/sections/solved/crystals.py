"""Crystals, unit-cell averages and what was read from a picture, as pictures of the page.

What they show is drawn by `micrographia.drawing`, so that it looks the same as the picture of
`reconstruction solve`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from micrographia.arrays import ColourImage, FloatArray
from micrographia.drawing.layers import (
    WINDOW,
    Layer,
    add_balls,
    add_cell,
    add_rings,
    align,
    legend,
    place,
    sample_average,
    tile_average,
)
from micrographia.drawing.panels import PANELS, Reading, add_picture, paint
from micrographia.io.stem_images import StemImage

__all__ = [
    "WINDOW",
    "Layer",
    "align",
    "draw_average",
    "draw_balls",
    "draw_reading",
    "legend",
    "place",
    "reading_of",
    "tile_average",
]

_PIXELS = 360


def reading_of(image: StemImage, model: NDArray[Any], columns: Layer, crystal: Layer) -> Reading:
    """Put what was read back into its picture.

    Parameters
    ----------
    image
        The picture.
    model
        What the columns give, on a fractional grid (n, m) of the columns' cell, of mean zero.
    columns, crystal
        In the picture's frame.
    """
    measured = np.asarray(image.pixels, dtype=np.float64)
    y, x = np.indices(measured.shape) * image.pixel_size
    modelled = measured.mean() + sample_average(model, columns.cell, x, y)
    return Reading(measured, modelled, image.pixel_size, "", columns, crystal)


def draw_reading(reading: Reading) -> list[tuple[str, ColourImage]]:
    """Draw measured picture, model, residual and crystal, each by itself, over one window."""
    drawn = []
    part = reading.middle()
    for title in PANELS:
        figure, axes = _canvas(reading.window)
        paint(axes, part, title, reading.window)
        drawn.append((title, _pixels(figure)))
    return drawn


def draw_average(
    average: NDArray[Any], cell: FloatArray, columns: Layer | None = None
) -> ColourImage:
    """Draw the tiled average with its cell; with `columns`, ring what was found in it."""
    figure, axes = _canvas()
    add_picture(axes, tile_average(average, cell, _PIXELS), WINDOW)
    add_cell(axes, cell, "#ffd166")
    if columns is not None:
        add_rings(axes, columns)
    return _pixels(figure)


def draw_balls(layer: Layer, window: float = WINDOW) -> ColourImage:
    """Draw a layer from above as shaded balls with its cell."""
    figure, axes = _canvas(window)
    add_balls(axes, layer, window)
    add_cell(axes, layer.cell, "#23282d")
    return _pixels(figure)


def _canvas(window: float = WINDOW) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(1.8, 1.8), dpi=200)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-window / 2, window / 2)
    axes.set_ylim(window / 2, -window / 2)
    return figure, axes


def _pixels(figure: Figure) -> ColourImage:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[..., :3].copy()
