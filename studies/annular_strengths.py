"""Strengths of the elements on annular detectors by abTEM: what `physics.incoherent` is held to.

    python studies/annular_strengths.py --out tests/unit/physics/abtem_strengths.csv

One atom in a box of 10 Å, sampled at 0.01 Å, is hit by a plane wave; abTEM's exit wave gives the
share of the beam that goes to every angle. Added up over the plane waves of a probe of 25 mrad
and over a ring, that is the image of the atom integrated over the scan, its cross-section [Å²].
Thermal motion moves the atom and leaves the integral as it is. abTEM's sampling matters: its own
potentials, which are used here, make an atom's strength depend on where it lies between the
samples, by a tenth and more where the samples are just fine enough for the ring.
`--exponents` prints instead how the strengths of `physics.incoherent` grow with Z, as the local
power of Z between elements, and what first Born would give.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import abtem
import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from scipy.fft import fft2, ifft2

from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.incoherent import born_cross_section, strength
from micrographia.physics.scattering import wavelength
from micrographia.provenance import machine
from micrographia.stem.multislice import settle_abtem

ENERGIES = (60, 80, 200, 300)  # [keV]
RINGS = ((50, 200), (70, 200), (80, 200))  # [mrad]
SEMIANGLE = 25  # [mrad]
BOX = 10.0  # [Å]
SAMPLES = 1000  # along the box
ANCHORS = (6, 14, 32, 50, 74, 90)  # elements between which exponents are taken


def main() -> None:
    """Write the table, or print exponents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/abtem_strengths.csv"))
    parser.add_argument("--exponents", action="store_true")
    arguments = parser.parse_args()
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores")
    if arguments.exponents:
        _print_exponents()
        return
    settle_abtem()
    started = time.process_time()
    weights = {energy: [_weights(energy, *ring) for ring in RINGS] for energy in ENERGIES}
    with arguments.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["number", "energy_keV", *(f"{a}-{b}" for a, b in RINGS)])
        for number in range(1, 93):
            for energy in ENERGIES:
                scattered = _scattered(number, energy)
                found = [float((scattered * each).sum()) * BOX**2 for each in weights[energy]]
                writer.writerow([number, energy, *(f"{value:.4e}" for value in found)])
            print(chemical_symbols[number], end=" ", flush=True)
    print(f"\n{time.process_time() - started:.0f} s of one processor")


def _scattered(number: int, energy: float) -> np.ndarray:
    """Share of a plane wave that one atom per box scatters to each frequency of the box."""
    atom = Atoms([number], positions=[[BOX / 2, BOX / 2, 1]], cell=[BOX, BOX, 2], pbc=True)
    potential = abtem.Potential(
        atom, gpts=SAMPLES, slice_thickness=2.0, parametrization="kirkland"
    )
    wave = abtem.PlaneWave(energy=energy * 1e3, normalize=False)
    exit_wave = wave.multislice(potential).compute().array
    amplitude = fft2(np.asarray(exit_wave, dtype=np.complex128)) / SAMPLES**2
    shares = np.square(np.abs(amplitude))
    shares[0, 0] = 0.0
    return np.asarray(shares)


def _weights(energy: float, inner: float, outer: float) -> np.ndarray:
    """Share of the probe's plane waves that reach the ring after each change of frequency."""
    axis = np.fft.fftfreq(SAMPLES, BOX / SAMPLES) * wavelength(energy) * 1e3
    angle = np.hypot(axis[:, None], axis[None, :])
    step = axis[1]
    pupil, hole, disc = (
        np.clip((edge - angle) / step + 0.5, 0, 1) for edge in (SEMIANGLE, inner, outer)
    )
    return np.asarray(ifft2(fft2(disc - hole) * fft2(pupil)).real / pupil.sum())


def _print_exponents() -> None:
    print(f"\nExponent n of strength ~ Z^n between {ANCHORS}; first Born over strength of Mo, W\n")
    print("| keV | ring [mrad] | " + " | ".join(f"from {z}" for z in ANCHORS[:-1]), end="")
    print(" | 6 to 90, fit | scatter about it | Born / strength: Mo | W |")
    print("|---" * (len(ANCHORS) + 5) + "|")
    numbers = np.arange(6, 91)
    for energy in ENERGIES:
        for inner, outer in (*RINGS, (40, 100)):
            conditions = ImagingConditions(
                detector="haadf",
                energy_keV=energy,
                semiangle_mrad=SEMIANGLE,
                annular_inner_mrad=inner,
                annular_outer_mrad=outer,
            )
            values = np.log([strength(int(number), conditions) for number in numbers])
            places = [z - numbers[0] for z in ANCHORS]
            local = np.diff(values[places]) / np.diff(np.log(ANCHORS))
            slope, offset = np.polyfit(np.log(numbers), values, 1)
            scatter = np.std(values - slope * np.log(numbers) - offset)
            born = [born_cross_section(z, conditions) / strength(z, conditions) for z in (42, 74)]
            print(
                f"| {energy} | {inner}-{outer} | "
                + " | ".join(f"{value:.2f}" for value in local)
                + f" | {slope:.2f} | {100 * scatter:.0f} % | {born[0]:.2f} | {born[1]:.2f} |"
            )


if __name__ == "__main__":
    main()
