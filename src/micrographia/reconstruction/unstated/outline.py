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
from micrographia.reconstruction.deadline import Deadline
from micrographia.reconstruction.unstated.data import Data, price, vacant
from micrographia.reconstruction.unstated.descent import descend, shortened
from micrographia.reconstruction.unstated.optics import Optics, blur_slopes, waves

_GRID = 0.1  # spacing of the search map [Å]
_SEEDED = 0.9  # least distance of the columns to begin with [Å]
_STRONG = 0.35  # of the strongest, from which on columns are begun with
_WIDTH = 0.008  # usual difference of columns' widths [Å²]
_CLOSE = 0.35  # columns nearer than this are one [Å]


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
    return base(data, outline.optics) * (_bare(data, outline) @ outline.strengths)


def _bare(data: Data, outline: Outline) -> ComplexArray:
    """Waves of all columns, damped by their widths (m, n)."""
    damping = np.square(data.fit.g).sum(axis=1)[:, None] * outline.widths
    return waves(data.fit.g, outline.positions) * np.exp(-2 * np.pi**2 * damping)


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
    phases = _bare(data, outline)
    each = base(data, optics)[:, None] * phases
    signals = each * outline.strengths
    total = signals.sum(axis=1)
    slopes = -2j * np.pi * signals[:, :, None] * g[:, None, :]
    by_width = -2 * np.pi**2 * np.square(g).sum(axis=1)[:, None] * signals
    structure = data.shape * (phases @ outline.strengths)
    by_probe = data.probe_slopes(optics) * structure[:, None]
    by_blur = blur_slopes(g) * total[:, None]
    parts = [slopes.reshape(len(g), 2 * count), each, by_width, by_probe, by_blur]
    matrix = np.concatenate(parts, axis=1)
    normal = (matrix.conj().T @ matrix).real
    gradient = (matrix.conj().T @ (data.values - total)).real
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
    fit = data.fit
    shape = np.maximum(24, np.ceil(np.linalg.norm(fit.cell, axis=1) / _GRID)).astype(int)
    rows, columns = (int(n) for n in np.maximum(shape, 2 * np.abs(fit.indices).max(axis=0) + 2))
    here = base(data, outline.optics)
    residual = data.values - model(data, outline)
    grid = np.zeros((rows, columns), dtype=np.complex128)
    grid[fit.indices[:, 0] % rows, fit.indices[:, 1] % columns] = np.conj(here) * residual
    overlap = (np.fft.ifft2(grid) * rows * columns).real
    if apart and outline.count:
        free = vacant(fit.cell, outline.positions, (rows, columns), apart)
        overlap = np.where(free, overlap, -np.inf)
    row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
    power = float(np.square(np.abs(here)).sum())
    strength = float(overlap[row, column]) / power
    place = np.array([row / rows, column / columns]) @ fit.cell
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
    for column in np.argsort(outline.strengths):
        if outline.count < 2:
            break
        without = settle(data, remove(outline, int(column)), 4, deadline)
        if cost(data, without) < cost(data, outline) + worth:
            return _pruned(data, without, worth, deadline)
    return outline
