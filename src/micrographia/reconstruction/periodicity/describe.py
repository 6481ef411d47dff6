"""What is known of the lattice of a picture, as data and as sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray
from micrographia.physics.lattice import cell_parameters
from micrographia.reconstruction.periodicity.cell import CellProposal
from micrographia.reconstruction.periodicity.folding import MeanCell
from micrographia.reconstruction.periodicity.grains import Grains
from micrographia.reconstruction.periodicity.rows import ScanDistortion

_NOTICEABLE = 0.3  # px of a slow path or of jitter that is worth a sentence


@dataclass(frozen=True)
class Periodicity:
    """The lattice of a picture as it was measured, with what the scan did to it.

    Attributes
    ----------
    cell
        Reduced primitive vectors (2, 2) as rows (x, y) [px]: x along rows, y down the columns,
        with whatever shear, drift that is linear in time, and aspect the picture has.
    cells
        How many cells the valid pixels of the grain hold.
    residual
        Root mean square distance of the autocorrelation's peaks from the lattice [px].
    explained
        Share of the variance of the flattened picture that the periodic model explains.
    proposal
        What speaks for the cell in the autocorrelation, before superstructures were looked for.
    distortion
        Displacement of the rows; `rows.undo` puts them back.
    mean
        The mean unit cell, on the cell of this object.
    grains
        Whether there is more than one lattice, and where.
    noise
        Standard deviation of the noise of a pixel in the units of the picture.
    remarks
        What else was found, a sentence each.
    """

    cell: FloatArray
    cells: float
    residual: float
    explained: float
    proposal: CellProposal
    distortion: ScanDistortion
    mean: MeanCell
    grains: Grains
    noise: float
    remarks: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """The findings for a person."""
        a, b, gamma = cell_parameters(self.cell)
        told = [
            f"The picture repeats itself by {a:.1f} and {b:.1f} px at {gamma:.1f}°, about "
            f"{self.cells:.0f} times; the mean cell explains {self.explained:.0%} of its variance."
        ]
        slow = float(np.hypot(*self.distortion.slow.std(axis=0)))
        if slow > _NOTICEABLE:
            told.append(f"The scan drifted by {slow:.1f} px (rms) beside what is linear in time.")
        jitter = float(np.hypot(*self.distortion.jitter))
        if jitter > _NOTICEABLE:
            told.append(f"Its rows jitter by {jitter:.1f} px (rms).")
        if self.grains.count > 1:
            told.append(self.grains.sentence)
        return [*told, *self.remarks]
