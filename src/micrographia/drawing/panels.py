"""What was read from a picture, side by side: measured, model, residual, crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from micrographia.arrays import FloatArray
from micrographia.drawing.layers import Layer, add_balls, add_cell, add_rings, legend

#: Colours of a difference: white is none, blue is less than expected, red is more.
DIVERGING = "RdBu_r"
#: What is drawn of a reading, from left to right.
PANELS = ("measured", "model", "residual", "crystal")
_INK = "#23282d"
_WARNING = "#b3261e"
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "xtick.labelsize": 7,
    "xtick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
_LEAST, _MOST, _CELLS = 14.0, 32.0, 3.0  # side of the window: [Å], [Å], longest cell vectors
_TAILS = (0.5, 99.5)  # percentiles of the measured values that are black and white
_SIDE = 1.72  # of a panel [inch]; four of them fill the width of a page


@dataclass(frozen=True)
class Reading:
    """What was read from a picture, in the picture's frame: x to the right, y down.

    Attributes
    ----------
    measured, model
        The picture, and what the columns found give, both (rows, columns) in the same units.
    pixel_size
        [Å].
    quantity
        What the values are, with unit, such as `phase [rad]`.
    columns, crystal
        The columns found, and the crystal as its file has it; positions from the middle of the
        first pixel.
    """

    measured: FloatArray
    model: FloatArray
    pixel_size: float
    quantity: str
    columns: Layer
    crystal: Layer

    @property
    def residual(self) -> FloatArray:
        """Measured less model (rows, columns)."""
        return self.measured - self.model

    @property
    def misfit(self) -> float:
        """Root mean square of the residual over that of the measured picture about its mean."""
        spread = float(self.measured.std())
        return float(np.sqrt(np.square(self.residual).mean())) / spread if spread else 0.0

    @property
    def window(self) -> float:
        """Side of the square in the picture's middle that is drawn [Å]."""
        wanted = _CELLS * float(np.linalg.norm(self.crystal.cell, axis=1).max())
        count = round(float(np.clip(wanted, _LEAST, _MOST)) / self.pixel_size)
        return min(count, *self.measured.shape) * self.pixel_size

    @property
    def centre(self) -> FloatArray:
        """Middle of that square (2,) [Å]."""
        count = round(self.window / self.pixel_size)
        corner = [(side - count) // 2 for side in reversed(self.measured.shape)]
        return np.asarray((np.array(corner) + (count - 1) / 2) * self.pixel_size)

    def middle(self) -> Reading:
        """The part that is drawn; positions then count from its middle."""
        count = round(self.window / self.pixel_size)
        top, left = ((side - count) // 2 for side in self.measured.shape)
        part = (slice(top, top + count), slice(left, left + count))
        centre = self.centre
        return Reading(
            self.measured[part],
            self.model[part],
            self.pixel_size,
            self.quantity,
            self.columns.moved(-centre),
            self.crystal.moved(-centre),
        )


def draw_reading(reading: Reading, title: str, warning: str = "") -> Figure:
    """Draw measured picture, model, residual and crystal beside one another.

    All four show the same square in the picture's middle, so that one scale bar holds for all.
    Measured and model share their grey values; the residual, measured less model, is drawn on a
    range of the same width about zero.

    Parameters
    ----------
    reading
        What was read.
    title
        Above all, such as the file's name, formula and cell.
    warning
        Beneath the title, in a warning colour; empty for none.
    """
    part, window = reading.middle(), reading.window
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.3, 2.78 if warning else 2.6))
        panels, feet = _frame(figure)
        images = [
            paint(panel, part, title, window) for panel, title in zip(panels, PANELS, strict=True)
        ]
        names = ("measured", "model", "residual, a \N{MINUS SIGN} b", "crystal, from above")
        for letter, panel, name in zip("abcd", panels, names, strict=True):
            panel.set_title(name, loc="left", pad=3, x=0.09)
            panel.text(
                0, 1, letter, transform=panel.transAxes, weight="bold", va="bottom", fontsize=9
            )
        _add_scale_bar(feet[0], window)
        _add_values(feet[1], images[1], f"{part.quantity} (a, b)")
        _add_values(
            feet[2], images[2], f"{part.quantity}; rms {reading.misfit:.0%} of the picture's"
        )
        _add_legend(feet[3], part.crystal)
        figure.text(0.0115, 0.985, title, va="top", fontsize=9)
        figure.text(0.0115, 0.92, warning, va="top", color=_WARNING, weight="bold", fontsize=8)
    return figure


def paint(axes: Axes, part: Reading, panel: str, window: float) -> AxesImage | None:
    """Draw one of `PANELS` into axes.

    Parameters
    ----------
    axes
        They will show the window.
    part
        From `Reading.middle`.
    panel
        Which one.
    window
        Side of the square [Å], `Reading.window`.

    Returns
    -------
    What a colour bar needs; None for the crystal, which has no values.
    """
    low, high = (float(value) for value in np.percentile(part.measured, _TAILS))
    half = (high - low) / 2 or 1.0
    cell, corner = part.crystal.cell, _corner(part.crystal)
    image = None
    if panel == "measured":
        image = add_picture(axes, part.measured, window, (low, high))
        add_rings(axes, part.columns, window, width=1.0, rim=0.5)
        add_cell(axes, cell, "#ffd166", corner)
    elif panel == "model":
        image = add_picture(axes, part.model, window, (low, high))
    elif panel == "residual":
        image = add_picture(axes, part.residual, window, (-half, half), DIVERGING)
    else:
        add_balls(axes, part.crystal, window)
        add_cell(axes, cell, _INK, corner)
    axes.set(xlim=(-window / 2, window / 2), ylim=(window / 2, -window / 2))
    return image


def add_picture(
    axes: Axes,
    values: NDArray[Any],
    window: float,
    limits: tuple[float, float] | None = None,
    colours: str = "gray",
) -> AxesImage:
    """Add values (n, n) over a square of side `window` [Å] around the origin, y downwards."""
    half = window / 2
    low, high = limits or (None, None)
    return axes.imshow(
        values, cmap=colours, vmin=low, vmax=high, extent=(-half, half, half, -half)
    )


def round_length(extent: float) -> float:
    """The longest of 1, 2, 5, 10, … within a quarter of an extent.

    Examples
    --------
    >>> round_length(14.0), round_length(32.0)
    (2.0, 5.0)
    """
    power = 10.0 ** np.floor(np.log10(extent / 4))
    return float(max(step * power for step in (1, 2, 5) if step * power <= extent / 4 * 1.0001))


def _corner(crystal: Layer) -> FloatArray:
    """Where the cell's outline begins: at a heavy atom, so that the cell lies in the middle."""
    heaviest = crystal.xy[int(crystal.numbers.argmax())]
    wanted = -crystal.cell.sum(axis=0) / 2
    steps = np.rint((wanted - heaviest) @ np.linalg.inv(crystal.cell))
    return np.asarray(heaviest + steps @ crystal.cell, dtype=np.float64)


def _frame(figure: Figure) -> tuple[list[Axes], list[Axes]]:
    """Four square panels in a row, and a foot under each."""
    width, height = figure.get_size_inches()
    gap = (width - 4 * _SIDE) / 5
    bottom = 0.5
    lefts = [(gap + number * (_SIDE + gap)) / width for number in range(4)]
    wide, foot = _SIDE / width, (bottom - 0.1) / height
    panels = [figure.add_axes((left, bottom / height, wide, _SIDE / height)) for left in lefts]
    for panel in panels:
        panel.set(xticks=[], yticks=[])
    feet = [figure.add_axes((left, foot, wide, 0.05 / height)) for left in lefts]
    return panels, feet


def _add_scale_bar(foot: Axes, window: float) -> None:
    """A bar beneath the picture, where it covers nothing, bars of the picture's own included."""
    length = round_length(window)
    foot.set(xlim=(0, window), ylim=(0, 1))
    foot.set_axis_off()
    foot.plot([0, length], [0.5, 0.5], color=_INK, linewidth=2.5, solid_capstyle="butt")
    foot.text(0, -0.4, f"{length:g} Å (a to d)", va="top", fontsize=7)


def _add_values(foot: Axes, image: AxesImage | None, label: str) -> None:
    if image is None:
        return
    bar = foot.figure.colorbar(image, cax=foot, orientation="horizontal")
    bar.outline.set_linewidth(0.4)
    bar.ax.locator_params(nbins=4)
    bar.set_label(label, fontsize=7, labelpad=1)


def _add_legend(foot: Axes, crystal: Layer) -> None:
    foot.set_axis_off()
    marks = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=6, label=symbol)
        for symbol, colour in legend(crystal.numbers)
    ]
    marks.append(Line2D([], [], color=_INK, linewidth=1.0, linestyle=(0, (3, 1.5)), label="cell"))
    foot.legend(
        handles=marks,
        loc="upper left",
        bbox_to_anchor=(0, 1.6),
        ncols=5,
        fontsize=8,
        handlelength=1.3,
        handletextpad=0.1,
        columnspacing=0.8,
        borderpad=0,
        borderaxespad=0,
    )
