"""Crystals and unit-cell averages as pictures that the page carries inside itself."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from micrographia.arrays import FloatArray
from micrographia.drawing import layers
from micrographia.drawing.layers import Layer, add_balls, add_cell, add_rings, tile_average
from micrographia.drawing.panels import DIVERGING, add_picture
from micrographia.report.drawing.charts import to_uri

#: Side of the square that is drawn [Å].
WINDOW = layers.WINDOW
_PIXELS = 360


def draw_average(average: NDArray[Any], cell: FloatArray, columns: Layer | None = None) -> str:
    """Draw the tiled average with its cell; with `columns`, ring what was found in it."""
    figure, axes = _canvas()
    tiled = tile_average(average, cell, _PIXELS)
    add_picture(axes, tiled, WINDOW)
    add_cell(axes, cell, "#ffd166")
    if columns is not None:
        add_rings(axes, columns)
    return to_uri(figure)


def draw_balls(layer: Layer) -> str:
    """Draw a layer from above as shaded balls with its cell."""
    figure, axes = _canvas()
    axes.set_facecolor("white")
    add_balls(axes, layer)
    add_cell(axes, layer.cell, "#23282d")
    return to_uri(figure)


def draw_fit(
    average: NDArray[Any], model: NDArray[Any], cell: FloatArray, columns: Layer
) -> list[tuple[str, str]]:
    """Draw measured average with the columns found, model, and residual, on one scale of values.

    Parameters
    ----------
    average, model
        The picture averaged over its cells, and what the columns give, both (n, m) on the same
        fractional grid of the cell and in the same units.
    cell
        Two cell vectors as rows (2, 2) [Å].
    columns
        What was found.

    Returns
    -------
    Title and data URI of each; the residual is measured less model, its scale as wide as theirs.
    """
    measured, modelled = (tile_average(part, cell, _PIXELS) for part in (average, model))
    low, high = float(measured.min()), float(measured.max())
    half = (high - low) / 2
    panels = []
    for title, values, limits, colours in (
        ("measured", measured, (low, high), "gray"),
        ("model", modelled, (low, high), "gray"),
        ("residual", measured - modelled, (-half, half), DIVERGING),
    ):
        figure, axes = _canvas()
        add_picture(axes, values, WINDOW, limits, colours)
        if title == "measured":
            add_cell(axes, cell, "#ffd166")
            add_rings(axes, columns)
        panels.append((title, to_uri(figure)))
    return panels


def _canvas() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(1.8, 1.8), dpi=200)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-WINDOW / 2, WINDOW / 2)
    axes.set_ylim(WINDOW / 2, -WINDOW / 2)
    return figure, axes
