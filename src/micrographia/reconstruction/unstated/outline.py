"""Where columns are and how strong each is, before anything is said of species.

Positions, strengths and optics are fitted together to the Fourier data of the averaged unit cell
(a matching pursuit; every column pays for its parameters). Species come later: strengths are
ratios, and what they are ratios to is a question of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray
from micrographia.physics.lattice import minimum_image
from micrographia.physics.waves import plane_waves
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.reflections import overlap_map
from micrographia.reconstruction.unstated.data import GRID, LEAST_POINTS, Data, price, vacant
from micrographia.reconstruction.unstated.descent import descend, normal_equations, shortened
from micrographia.reconstruction.unstated.optics import Optics

_SEEDED = 0.9  # least distance of the columns to begin with [Å]
_STRONG = 0.35  # of the strongest, from which on columns are begun with
_WIDTH = 0.008  # usual difference of columns' widths [Å²]
_CLOSE = 0.35  # columns nearer than this are one [Å]
# Of a column's price, what its loss may cost by the linear model. Of 2,236 removals on 46
# development pictures, those 30 that paid had been said to cost 0.9 at most.
_HOPELESS = 2.0


@dataclass(frozen=True)
class Outline:
    """Columns without species: positions (n, 2) [Å], strengths (n,), and the optics.

    `widths` (n,) [Å²] is how much broader each column is than usual.
    """

    positions: FloatArray
    strengths: FloatArray
    widths: FloatArray
    optics: Optics

    @property
    def count(self) -> int:
        """Number of columns."""
        return len(self.strengths)


def base(data: Data, optics: Optics) -> ComplexArray:
    """Signal of a column of strength one at the origin, over the deviation (m,)."""
    return data.profile(optics) * data.shape


def model(data: Data, outline: Outline) -> ComplexArray:
    """Signal of all columns over the deviation (m,)."""
    return base(data, outline.optics) * (outline.strengths @ _bare(data, outline))


def _bare(data: Data, outline: Outline) -> ComplexArray:
    """Waves of all columns, damped by their widths (n, m)."""
    damping = outline.widths[:, None] * data.squares
    return plane_waves(outline.positions, data.fit.g) * np.exp(-2 * np.pi**2 * damping)


def misfit(data: Data, outline: Outline) -> float:
    """Sum of the squared residuals over the deviation."""
    return float(np.square(np.abs(data.values - model(data, outline))).sum())


def cost(data: Data, outline: Outline) -> float:
    """What a fit minimises: misfit, and how unusual the optics are."""
    broad = 0.5 * float(np.square(outline.widths / _WIDTH).sum())
    return misfit(data, outline) + outline.optics.unusual() + broad


def settle(data: Data, outline: Outline, rounds: int, deadline: Deadline) -> Outline:
    """Fit positions, strengths and optics together."""
    deadline.check()
    return descend(
        outline,
        lambda state: cost(data, state),
        lambda state: _linearise(data, state),
        _step,
        rounds,
    )


def _step(outline: Outline, step: FloatArray) -> Outline:
    count = outline.count
    floor = 1e-3 * float(np.abs(outline.strengths).max(initial=0))
    moved = outline.optics.parameters() + np.clip(step[4 * count :], -0.5, 0.5)
    return Outline(
        outline.positions + shortened(step[: 2 * count].reshape(-1, 2), 0.2),
        np.maximum(outline.strengths + step[2 * count : 3 * count], floor),
        outline.widths + np.clip(step[3 * count : 4 * count], -_WIDTH, _WIDTH),
        outline.optics.moved(moved),
    )


def _linearise(data: Data, outline: Outline) -> tuple[FloatArray, FloatArray]:
    g, count, optics = data.fit.g, outline.count, outline.optics
    bare, profile = _bare(data, outline), base(data, optics)
    # A slope is a row, so that real and imaginary parts are numbers of it like all others.
    slopes = np.empty((4 * count + len(optics.spread), len(g)), dtype=np.complex128)
    each = np.multiply(bare, profile, out=slopes[2 * count : 3 * count])
    signals = each * outline.strengths[:, None]
    total = signals.sum(axis=0)
    slopes[0 : 2 * count : 2] = signals * (-2j * np.pi * g[:, 0])
    slopes[1 : 2 * count : 2] = signals * (-2j * np.pi * g[:, 1])
    slopes[3 * count : 4 * count] = signals * (-2 * np.pi**2 * data.squares)
    structure = data.shape * (outline.strengths @ bare)
    slopes[4 * count : -3] = data.probe_slopes(optics).T * structure
    slopes[-3:] = data.blur_slopes * total
    normal, gradient = normal_equations(slopes, data.values - total)
    spread = np.concatenate([np.full(count, _WIDTH), optics.spread])
    off = np.concatenate([outline.widths, optics.parameters() - optics.usual])
    places = np.arange(3 * count, 3 * count + len(spread))
    normal[places, places] += 0.5 / spread**2
    gradient[places] -= 0.5 / spread**2 * off
    return normal, gradient


def add_column(data: Data, outline: Outline, apart: float = 0.0) -> tuple[Outline, float]:
    """The outline with one more column where it helps most, and how much it helps.

    The new one is at least `apart` [Å] from the others.
    """
    here = base(data, outline.optics)
    overlap = overlap_map(data.fit, here, data.values - model(data, outline), GRID, LEAST_POINTS)
    if apart and outline.count:
        free = vacant(data.fit.cell, outline.positions, overlap.shape, apart)
        overlap = np.where(free, overlap, -np.inf)
    highest = np.unravel_index(int(overlap.argmax()), overlap.shape)
    power = float(np.square(np.abs(here)).sum())
    strength = float(overlap[highest]) / power
    place = np.array(highest) / overlap.shape @ data.fit.cell
    grown = Outline(
        np.vstack([outline.positions, place]),
        np.append(outline.strengths, max(strength, 0.0)),
        np.append(outline.widths, 0.0),
        outline.optics,
    )
    return grown, strength**2 * power if strength > 0 else 0.0


def seeded(data: Data, optics: Optics, most: int) -> Outline:
    """The strong columns under given optics, none of them moved: from here optics are fitted.

    With one column at first, a fit would bend the optics until that one explains its neighbours.
    """
    outline = Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), optics)
    while outline.count < most:
        grown, _ = add_column(data, outline, _SEEDED)
        if grown.strengths[-1] < _STRONG * grown.strengths.max() or grown.strengths[-1] <= 0:
            break
        outline = grown
    return outline


def remove(outline: Outline, column: int) -> Outline:
    """The outline without one column."""
    keep = np.arange(outline.count) != column
    return replace(
        outline,
        positions=outline.positions[keep],
        strengths=outline.strengths[keep],
        widths=outline.widths[keep],
    )


def merged(data: Data, outline: Outline) -> Outline:
    """The outline with columns closer than anything resolves made one."""
    inverse = np.linalg.inv(data.fit.cell)
    for first in range(outline.count):
        for second in range(first + 1, outline.count):
            gap = (outline.positions[second] - outline.positions[first]) @ inverse
            gap = minimum_image(gap) @ data.fit.cell
            if np.linalg.norm(gap) < _CLOSE:
                weight = outline.strengths[[first, second]]
                positions = outline.positions.copy()
                positions[first] += gap * weight[1] / max(weight.sum(), 1e-12)
                strengths = outline.strengths.copy()
                strengths[first] = weight.sum()
                return merged(
                    data,
                    remove(replace(outline, positions=positions, strengths=strengths), second),
                )
    return outline


def trace(data: Data, start: Outline, most: int, faintest: float, deadline: Deadline) -> Outline:
    """Seek columns one after another, and fit all with the optics after each.

    Columns fainter than `faintest`, over the strongest, cannot be atoms and are left out.
    """
    outline, worth = start, price(data)
    if outline.count:
        outline = settle(data, outline, 6, deadline)
    while outline.count < most:
        grown, gain = add_column(data, outline)
        if gain <= 0:
            break
        before = cost(data, outline)
        grown = merged(data, settle(data, grown, 6, deadline))
        if grown.count <= outline.count or cost(data, grown) > before - worth:
            break
        outline = grown
    outline = _without_ghosts(data, settle(data, outline, 12, deadline), faintest, deadline)
    return _pruned(data, outline, worth, deadline)


def _without_ghosts(data: Data, outline: Outline, faintest: float, deadline: Deadline) -> Outline:
    """Leave out what is too faint for any atom, the faintest first."""
    while outline.count > 1:
        column = int(outline.strengths.argmin())
        if outline.strengths[column] >= faintest * outline.strengths.max():
            break
        outline = settle(data, remove(outline, column), 4, deadline)
    return outline


def _pruned(data: Data, outline: Outline, worth: float, deadline: Deadline) -> Outline:
    """Take away columns that do not pay, the faintest first."""
    if outline.count < 2:
        return outline
    hopeless = _losses(data, outline) > _HOPELESS * worth
    for column in np.argsort(outline.strengths):
        if hopeless[column]:
            continue
        without = settle(data, remove(outline, int(column)), 4, deadline)
        if cost(data, without) < cost(data, outline) + worth:
            return _pruned(data, without, worth, deadline)
    return outline


def _losses(data: Data, outline: Outline) -> FloatArray:
    """What the cost would rise by without each column (n,), were the model linear.

    The rest fitted again (Hassibi, Stork & Wolff, IEEE ICNN (1993) 293).
    """
    normal, _ = _linearise(data, outline)
    diagonal = np.diag_indices_from(normal)
    normal[diagonal] = normal[diagonal] * (1 + 1e-6) + 1e-12
    count = outline.count
    variance = np.diag(np.linalg.inv(normal))[2 * count : 3 * count]
    return np.asarray(np.square(outline.strengths) / variance)
