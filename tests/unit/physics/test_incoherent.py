"""Dark fields as sums over atoms: strengths against abTEM, profiles against a scan."""

import csv
from pathlib import Path

import numpy as np
import pytest

from micrographia.errors import ImageError, StructureError
from micrographia.physics.atom_wave import atom_phase, scattered_wave
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import aberration_phase, aperture, evaluate_series
from micrographia.physics.incoherent import (
    born_cross_section,
    incoherent_series,
    object_form,
    probe_transfer,
    strength,
)
from micrographia.physics.scattering import wavelength

DARK = ImagingConditions(detector="haadf")
# Written by studies/annular_strengths.py from abTEM's exit waves of single atoms.
TABLE = Path(__file__).with_name("abtem_strengths.csv")


def test_strengths_are_those_of_abtem_for_all_elements() -> None:
    rows = list(csv.reader(TABLE.read_text().splitlines()))
    rings = [tuple(float(edge) for edge in name.split("-")) for name in rows[0][2:]]
    assert len(rows) == 1 + 92 * 4 and len(rings) == 3
    ratios = np.array(
        [
            strength(
                int(row[0]),
                DARK.model_copy(
                    update={
                        "energy_keV": float(row[1]),
                        "annular_inner_mrad": inner,
                        "annular_outer_mrad": outer,
                    }
                ),
            )
            / float(row[2 + column])
            for row in rows[1:]
            for column, (inner, outer) in enumerate(rings)
        ]
    )
    assert abs(ratios - 1).max() < 0.015
    assert np.median(ratios) == pytest.approx(1, abs=0.004)


@pytest.mark.parametrize("number", [6, 42, 79])
def test_what_an_atom_scatters_is_missing_in_front(number: int) -> None:
    # |1 + s|² = 1, hence ∫ |S|² d²k = ∫ |s|² d²r = -2 Re ∫ s d²r = -2 Re S(0).
    k = np.geomspace(0.01, 30, 3000)
    wave = scattered_wave(number, k, 80)
    total = np.trapezoid(np.abs(wave) ** 2 * 2 * np.pi * k, k)
    forward = -2 * scattered_wave(number, np.zeros(1), 80)[0].real
    assert total == pytest.approx(forward, rel=0.01)


def test_a_light_atom_is_first_born_and_a_heavy_one_is_not() -> None:
    high = DARK.model_copy(update={"energy_keV": 300, "semiangle_mrad": 2})
    assert strength(3, high) == pytest.approx(born_cross_section(3, high), rel=0.02)
    low = DARK.model_copy(update={"energy_keV": 60, "semiangle_mrad": 2})
    assert born_cross_section(79, low) > 1.4 * strength(79, low)


def _scan(number: int, conditions: ImagingConditions, places: np.ndarray) -> np.ndarray:
    """Share of the beam in the ring with the probe at `places` beside one atom, by FFT."""
    side, n = 12.0, 360
    x = (np.arange(n) - n // 2 + 0.5) * side / n
    k = np.fft.fftfreq(n, side / n)
    kx, ky = np.meshgrid(k, k, indexing="ij")
    radius = np.hypot(kx, ky)
    phase = atom_phase(number, np.hypot(x[:, None], x[None, :]), conditions.energy_keV)
    pupil = aperture(radius, conditions) * np.exp(-1j * aberration_phase(kx, ky, conditions))
    pupil /= np.linalg.norm(pupil)
    angle = radius * wavelength(conditions.energy_keV) * 1e3
    ring = (angle >= conditions.annulus[0]) & (angle <= conditions.annulus[1])
    counted = []
    for place in places:
        offset = place - x[0]  # from the grid's first point to the probe
        probe = np.fft.ifft2(pupil * np.exp(-2j * np.pi * (kx * offset[0] + ky * offset[1])))
        wave = np.fft.fft2(probe * np.exp(1j * phase))
        counted.append((np.abs(wave) ** 2)[ring].sum())
    return np.array(counted)


@pytest.mark.parametrize("number", [6, 74])
@pytest.mark.parametrize("coma", [0.0, 2000.0])
def test_an_atom_looks_as_in_a_scan(number: int, coma: float) -> None:
    conditions = ImagingConditions(
        detector="haadf", energy_keV=80, semiangle_mrad=30, roll_off_mrad=5, coma=coma, defocus=20
    )
    line = np.linspace(-2, 2, 21)
    exact = np.concatenate(
        [
            _scan(number, conditions, np.stack([line, 0 * line], axis=1)),
            _scan(number, conditions, np.stack([0 * line, line], axis=1)),
        ]
    )
    cell = np.eye(2) * 12.0
    g, c = incoherent_series(cell, np.array([[2.0, 2.0]]), np.array([number]), conditions, 0.0)
    picture = evaluate_series(g, c, (21, 21), 0.2)
    found = np.concatenate([picture[10], picture[:, 10]])
    # The scan's samples are too coarse for the pole of the potential, which costs strength.
    assert found.sum() == pytest.approx(exact.sum(), rel=0.1)
    exact *= found.sum() / exact.sum()
    assert abs(found - exact).max() < 0.02 * exact.max()
    if coma:  # the test can tell: mirrored, it is another picture
        mirrored = np.concatenate([picture[10, ::-1], picture[::-1, 10]])
        assert abs(mirrored - exact).max() > 0.1 * exact.max()


def test_the_mean_is_the_sum_of_the_strengths_and_motion_spreads_it() -> None:
    cell, xy = np.array([[3.2, 0.0], [-1.6, 2.77]]), np.array([[0.0, 0.0], [1.6, 0.92]])
    numbers = np.array([42, 16])
    g, still = incoherent_series(cell, xy, numbers, DARK, thermal=0.0)
    _, moving = incoherent_series(cell, xy, numbers, DARK, thermal=0.1)
    area = np.linalg.det(cell)
    expected = (strength(42, DARK) + strength(16, DARK)) / area
    assert 2 * still[0].real == pytest.approx(expected, rel=1e-3)
    spread = np.exp(-2 * np.pi**2 * 0.01 * np.square(g).sum(axis=1))
    np.testing.assert_allclose(moving, still * spread, atol=1e-12)


def test_heavy_atoms_are_brighter_in_the_order_of_their_numbers() -> None:
    values = [strength(z, DARK) for z in (1, 6, 14, 32, 50, 74, 92)]
    assert values == sorted(values)
    # Rutherford would have 2; screening and strong phases lower it.
    assert 1.5 < np.log(values[4] / values[1]) / np.log(50 / 6) < 2


def test_profile_begins_at_the_strength_and_the_probe_at_one() -> None:
    zero = np.zeros((1, 2))
    assert object_form(42, zero, DARK)[0] == pytest.approx(strength(42, DARK))
    assert probe_transfer(zero, DARK)[0] == pytest.approx(1, abs=1e-3)
    wide = DARK.model_copy(update={"source_size": 0.8})
    g = np.array([[0.5, 0.0]])
    assert abs(probe_transfer(g, wide)[0]) < 0.6 * abs(probe_transfer(g, DARK)[0])


@pytest.mark.parametrize(
    "update", [{"detector": "abf"}, {"detector": "icom"}, {"annular_inner_mrad": 20.0}]
)
def test_what_is_no_dark_field_is_refused(update: dict[str, object]) -> None:
    with pytest.raises(ImageError, match="allowed"):
        strength(6, DARK.model_copy(update=update))


def test_an_unknown_element_is_refused() -> None:
    with pytest.raises(StructureError, match="1 to 103"):
        strength(104, DARK)
