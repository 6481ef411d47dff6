"""The second maker's quadrants and centre of mass against abTEM's multislice."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from scipy.ndimage import map_coordinates
from second_maker import phase_object
from second_maker.conditions import Conditions, draw
from second_maker.scattering import wavelength

POINTS = 10  # positions of the probe along each side of the cell


def molybdenite() -> Atoms:
    """1H-MoS2 in its orthogonal cell."""
    a = 3.18
    scaled = [(0, 0, 0.5), (0.5, 0.5, 0.5)]
    scaled += [(x, y, z) for x, y in ((0.5, 1 / 6), (0, 2 / 3)) for z in (0.305, 0.695)]
    return Atoms("Mo2S4", scaled_positions=scaled, cell=[a, a * 3**0.5, 8.0], pbc=True)


def abtem_deflection(atoms: Atoms, c: Conditions) -> dict[str, Any]:
    """Differences of half planes [share of the beam] and the centre of mass [1/Å]."""
    import abtem

    abtem.config.set({"device": "cpu"})
    potential = abtem.Potential(
        atoms * (3, 2, 1), sampling=0.07, slice_thickness=2.0, parametrization="lobato"
    )
    probe = abtem.Probe(
        energy=1e3 * c.energy_keV,
        semiangle_cutoff=c.semiangle_mrad,
        soft=False,
        defocus=c.defocus,
        C12=c.astigmatism,
        phi12=np.deg2rad(c.astigmatism_angle),
        C21=c.coma,
        phi21=np.deg2rad(c.coma_angle),
        C23=c.threefold,
        phi23=np.deg2rad(c.threefold_angle),
    )
    sides = tuple(atoms.cell.lengths()[:2])
    scan = abtem.GridScan((0, 0), sides, gpts=(POINTS, POINTS), endpoint=False)
    detector = abtem.PixelatedDetector(max_angle=c.outer_mrad)
    seen = probe.scan(potential, scan=scan, detectors=detector).compute(progress_bar=False)
    nx, ny = seen.array.shape[-2:]
    kx, ky = (
        (np.arange(n) - n // 2) * step * 1e-3 / wavelength(c.energy_keV)
        for n, step in zip((nx, ny), seen.angular_sampling, strict=True)
    )
    return {
        detector: np.stack([(seen.array * w).sum(axis=(-1, -2)) for w in (wx[:, None], wy)])
        for detector, wx, wy in (("com", kx, ky), ("segments", np.sign(kx), np.sign(ky)))
    }


@pytest.mark.slow
def test_deflections_agree_with_multislice() -> None:
    """Same aberrations and signs; what differs is another table and a layer in several slices."""
    atoms = molybdenite()
    drawn = draw(np.random.default_rng(1), "idpc", atoms.numbers, 1e4)
    c = replace(
        drawn,
        energy_keV=60.0,
        semiangle_mrad=32.0,
        outer_mrad=64.0,
        defocus=20.0,
        displacements=dict.fromkeys((16, 42), 0.0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = abtem_deflection(atoms, c)
    cell, xy = np.asarray(atoms.cell[:2, :2]), atoms.positions[:, :2]
    for detector, wanted in expected.items():
        fields = phase_object.patterns(
            cell, xy, atoms.numbers, replace(c, detector=detector), source=0.0
        )
        if detector == "com":
            found = fields[1:3]
        else:
            pp, mp, mm, pm = fields
            found = np.stack([pp + pm - mp - mm, pp + mp - mm - pm])
        u, v = np.meshgrid(*[np.arange(POINTS) / POINTS] * 2, indexing="ij")
        at = [u * found.shape[1], v * found.shape[2]]
        mine = [map_coordinates(part, at, order=3, mode="grid-wrap") for part in found]
        assert np.corrcoef(np.ravel(mine), wanted.ravel())[0, 1] > 0.997
        slope = (mine * wanted).sum() / (wanted**2).sum()
        assert slope == pytest.approx(1, abs=0.1)
