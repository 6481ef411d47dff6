"""Atoms of a written crystal, moved to where the picture shows them.

The network says how many atoms of which elements a cell holds, and places them roughly. Each atom
in turn, the heaviest first, is taken out of the drawn crystal and put where what is then missing
from the mean cell is most like it. Heights are no part of a picture: an atom takes along the
height of the nearest atom of its element that was written, and is lifted or lowered where it would
come too near to another one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ase.data import covalent_radii
from scipy.fft import irfft2
from scipy.optimize import linear_sum_assignment

from micrographia.arrays import FloatArray
from micrographia.errors import StructureError
from micrographia.language.structure.again.waves import TWICE, series, softened, top
from micrographia.language.structure.canonical import HEIGHT, THICKEST, Written, written
from micrographia.language.structure.grammar import APART
from micrographia.language.structure.pictures import POWER, WIDTH, Plane, View
from micrographia.language.structure.seen.repeats import GRID
from micrographia.physics.lattice import minimum_image

#: Standard deviation of an atom as the engine draws it [Å].
SIGMA = WIDTH / np.sqrt(8 * np.log(2))
#: How often every atom is placed anew, and the pixels' own blur [Å].
_SWEEPS, _PIXELS = 3, 0.05
_AROUND = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])


def moved(
    seen: FloatArray, answer: Written, plane: Plane, view: View, kept: bool
) -> Written | None:
    """Move the atoms of an answer to where the picture shows them.

    Parameters
    ----------
    seen
        Fourier coefficients (GRID, GRID // 2 + 1) of the mean cell.
    answer
        What was written.
    plane, view
        Its atoms as they lie on this mean cell, from which origin on, and how blurred.
    kept
        Whether to begin with these places; else with no atom.

    Returns
    -------
    The crystal with its atoms elsewhere; None: there is no room for them, or the digits cannot
    hold it.
    """
    before = plane.fractions + np.array(view.origin)
    soft = softened(plane.cell, np.sqrt(SIGMA**2 + view.blur**2 + _PIXELS**2))
    weights = plane.numbers.astype(np.float64) ** POWER
    places = _swept(seen, soft, weights, before if kept else None)
    heights = _heights(plane, before, places, answer.atoms().positions[:, 2])
    if heights is None:
        return None
    try:
        # Either face may be up: a picture tells them not apart.
        best = min(
            written(plane.cell, places, rise, plane.numbers) for rise in (heights, -heights)
        )
    except StructureError:
        return None
    return replace(best, a=answer.a, b=answer.b, gamma=answer.gamma)


def _swept(
    seen: FloatArray, soft: FloatArray, weights: FloatArray, before: FloatArray | None
) -> FloatArray:
    """Places (n, 2) of atoms of given weights, each where the others leave most."""
    count = len(weights)
    places = np.zeros((count, 2)) if before is None else before.copy()
    parts = np.zeros((count, *soft.shape), dtype=np.complex128)
    # Where atoms lie at random, their powers add.
    power = (TWICE * soft**2).sum() * np.square(weights).sum()
    scale = np.sqrt((TWICE * np.abs(seen) ** 2).sum() / power) / GRID**2
    if before is not None:
        parts = np.array(
            [
                series(at[None], one) * soft
                for at, one in zip(places, weights[:, None], strict=True)
            ]
        )
        scale = _scale(seen, parts)
    order = np.argsort(-weights, kind="stable")
    for _ in range(_SWEEPS):
        whole = parts.sum(axis=0)
        for atom in order.tolist():
            whole = whole - parts[atom]
            missing = seen / GRID**2 - scale * whole
            places[atom] = top(irfft2(missing * soft, s=(GRID, GRID)))
            parts[atom] = series(places[atom][None], weights[atom : atom + 1]) * soft
            whole = whole + parts[atom]
        scale = _scale(seen, parts)
    return places


def _scale(seen: FloatArray, parts: FloatArray) -> float:
    """How strong the picture is beside the drawn atoms (n, ...)."""
    whole = parts.sum(axis=0)
    power = float((TWICE * np.abs(whole) ** 2).sum())
    return (
        max(float((TWICE * seen * np.conj(whole)).real.sum()), 0.0) / max(power, 1e-12) / GRID**2
    )


def _heights(
    plane: Plane, before: FloatArray, places: FloatArray, written: FloatArray
) -> FloatArray | None:
    """Heights (n,) [Å] of atoms at new places, those that were written taken along."""
    heights = np.zeros(len(places))
    for number in np.unique(plane.numbers):
        members = np.flatnonzero(plane.numbers == number)
        away = minimum_image(places[members][:, None] - before[members]) @ plane.cell
        new, old = linear_sum_assignment(np.square(away).sum(axis=-1))
        heights[members[new]] = written[members[old]]
    heights -= heights.min()
    for atom in range(1, len(places)):
        free = _free(plane, places, heights, atom)
        if not len(free):
            return None
        heights[atom] = free[np.abs(free - heights[atom]).argmin()]
    return heights


def _free(plane: Plane, places: FloatArray, heights: FloatArray, atom: int) -> FloatArray:
    """Heights [Å] at which an atom keeps its distance from those before it."""
    radii = covalent_radii[plane.numbers]
    parts = minimum_image(places[:atom] - places[atom])[:, None] + _AROUND
    across = np.square(parts @ plane.cell).sum(axis=-1).min(axis=1)
    gaps = np.sqrt(np.maximum(np.square(APART * (radii[:atom] + radii[atom])) - across, 0.0))
    own = heights[atom]
    grid = np.append(np.arange(0.0, THICKEST, HEIGHT), own)
    near = np.abs(grid[:, None] - heights[:atom]) < gaps
    return np.asarray(grid[~near.any(axis=1)])
