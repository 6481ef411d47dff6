"""The conditions of one picture, drawn at random and hidden from whoever reads it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.random import Generator

from .scattering import wavelength

ENERGIES = (60.0, 80.0, 200.0, 300.0)  # keV
LEAST_LIMIT = 1.2  # 1/Å: the probe must reach so far for atoms to be seen apart


@dataclass(frozen=True)
class Conditions:
    """How a picture was taken.

    Aberrations follow abTEM: the pupil is A exp(-iχ), defocus is positive for underfocus, azimuths
    count from x (columns) towards y (rows). Lengths in Å, angles of scattering in mrad, azimuths
    in degree, full widths at half maximum.

    Attributes
    ----------
    detector
        `segments` (four quadrants), `com` (centre of mass of a pixelated detector), `haadf`.
    outer_mrad
        Outer angle of the quadrants or of the pixelated detector.
    ring_mrad
        Of the annular detector.
    coherent
        See `scattering.ring_cross_section`.
    high_pass
        Period beyond which the integration damps what is slower [Å]; 0 for none.
    dose
        Electrons per Å².
    """

    energy_keV: float
    semiangle_mrad: float
    defocus: float
    astigmatism: float
    astigmatism_angle: float
    coma: float
    coma_angle: float
    threefold: float
    threefold_angle: float
    source_size: float
    detector: str
    outer_mrad: float
    ring_mrad: tuple[float, float]
    coherent: float
    high_pass: float
    dose: float
    displacements: dict[int, float]

    @property
    def radius(self) -> float:
        """Of the pupil, α/λ [1/Å]."""
        return 1e-3 * self.semiangle_mrad / wavelength(self.energy_keV)

    def told(self) -> dict[str, object]:
        """As plain values, for the truth."""
        return {
            **asdict(self),
            "displacements": {str(n): u for n, u in self.displacements.items()},
        }


def draw(rng: Generator, mode: str, numbers: np.ndarray, dose: float) -> Conditions:
    """Draw the conditions of a picture of atoms with these atomic numbers.

    Raises
    ------
    ValueError
        The mode is neither `idpc` nor `haadf`.
    """
    if mode not in ("idpc", "haadf"):
        raise ValueError(f"mode {mode!r}, not idpc or haadf")
    energy = float(rng.choice(ENERGIES))
    least = 1e3 * LEAST_LIMIT * wavelength(energy) / 2
    semiangle = float(rng.uniform(max(20.0, least), 34.0))
    quadrants = mode == "idpc" and rng.random() < 2 / 3
    outer = semiangle * float(rng.uniform(1.2, 2.0))
    return Conditions(
        energy_keV=energy,
        semiangle_mrad=semiangle,
        defocus=float(rng.uniform(-30, 30)),
        astigmatism=float(rng.uniform(0, 10)),
        astigmatism_angle=float(rng.uniform(-90, 90)),
        coma=float(rng.uniform(0, 300)),
        coma_angle=float(rng.uniform(-180, 180)),
        threefold=float(rng.uniform(0, 300)),
        threefold_angle=float(rng.uniform(-60, 60)),
        source_size=float(rng.uniform(0.3, 0.7)),
        detector="haadf" if mode == "haadf" else "segments" if quadrants else "com",
        outer_mrad=outer,
        ring_mrad=(float(rng.uniform(60, 90)), float(rng.uniform(180, 250))),
        coherent=float(rng.uniform(0, 1)),
        high_pass=float(rng.choice((0.0, 0.0, 20.0))),
        dose=dose,
        displacements={int(n): float(rng.uniform(0.05, 0.1)) for n in (*np.unique(numbers), 6)},
    )
