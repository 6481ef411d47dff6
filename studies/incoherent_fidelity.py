"""Fidelity of engine `incoherent` to abTEM with frozen phonons over real crystals, and its speed.

    python studies/incoherent_fidelity.py --structures CRYSTALS.parquet --out RESULTS.jsonl

Crystals of at most 4 Å thickness with a small orthogonal cell are drawn so that their elements
differ. Of each, abTEM propagates the probe's plane waves through 2 × 15 frozen configurations
of a supercell (each atom moves on its own, by the engine's own displacement), each half with
seeds of its own; the waves that reach the ring are added up for every place of the probe in the
supercell at once, which is what a scan does (`--check` compares with abTEM's scan).
Printed: correlation of one cell's pictures, what the noise of 30 configurations allows (from the
two halves), distance of the columns, and the ratio of processor times: abTEM's scan (one
configuration is timed, times 30) over the engine, and the sum of plane waves over it. A line of
JSON is written per crystal and energy; what the file already holds is not computed again, and
`--summary` prints what it holds.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import mx2
from scipy.fft import fft2, next_fast_len
from stem_fidelity import maxima_distance

from micrographia.config import StructureFilter
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif, read_structures
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import (
    aberration_phase,
    evaluate_series,
    information_limit,
    reciprocal_vectors,
)
from micrographia.physics.incoherent import THERMAL
from micrographia.physics.scattering import wavelength
from micrographia.physics.series import scalar_coefficients
from micrographia.provenance import machine
from micrographia.stem import multislice
from micrographia.stem.crystals.structures import curate
from micrographia.stem.incoherent import incoherent_series
from micrographia.stem.potential import exact_transmission
from micrographia.stem.prism import pupil_amplitude

FILTER = StructureFilter(max_elements=4, max_thickness=4.0, max_atoms=8)
# The aperture's soft edge is for abTEM: in a box of 7 Å a sharp one is too coarse, and gives
# 4 to 8 % more contrast (the correlation stays above 0.9999).
CONDITIONS = (
    ImagingConditions(detector="haadf", energy_keV=80, semiangle_mrad=30, roll_off_mrad=5),
    ImagingConditions(detector="haadf", energy_keV=200, semiangle_mrad=25, roll_off_mrad=5),
)
HALF = 15  # configurations with one set of seeds
BOX = 7.0  # least side of the supercell [Å]
LARGEST = 60.0  # area of a supercell [Å²]
PIXEL = 0.1  # [Å]
REPEATS = 20  # of the engine, for its time


def main() -> None:
    """Compare the pictures of each crystal, or print what is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path)
    parser.add_argument("--out", type=Path, default=Path("results/incoherent_fidelity.jsonl"))
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--summary", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        _check()
        return
    if not arguments.summary:
        _run(arguments)
    _print_summary([json.loads(line) for line in arguments.out.read_text().splitlines()])


def _run(arguments: argparse.Namespace) -> None:
    multislice.settle_abtem()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    known = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    done = {(row["name"], row["energy"]) for row in map(json.loads, known)}
    for name, layer in _draw(arguments):
        for conditions in CONDITIONS:
            if (name, conditions.energy_keV) in done:
                continue
            row = {"name": name, **_compare(layer, conditions)}
            with arguments.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(_line(row), flush=True)


def _draw(arguments: argparse.Namespace) -> list[tuple[str, Atoms]]:
    """Small cells; of what is left, always the crystal with most elements not seen yet."""
    entries = (
        (name, atoms, failure, None)
        for name, atoms, failure in read_structures(arguments.structures)
    )
    left: list[tuple[str, Atoms]] = []
    for row in curate(entries, FILTER, None, arguments.seed, source="structures2d"):
        try:
            if row["status"] == "kept":
                cell, _ = multislice.orthogonal_cell(from_cif(row["cif"]))
                if np.prod(_supercell(cell).cell.lengths()[:2]) <= LARGEST:
                    left.append((row["structure_id"], cell))
        except MicrographiaError:
            continue
    order = np.random.default_rng(arguments.seed).permutation(len(left))
    left = [left[place] for place in order]
    chosen: list[tuple[str, Atoms]] = []
    seen: dict[int, int] = {}
    while left and len(chosen) < arguments.count:
        best = min(left, key=lambda one: np.mean([seen.get(z, 0) for z in set(one[1].numbers)]))
        left.remove(best)
        chosen.append(best)
        for number in set(best[1].numbers):
            seen[number] = seen.get(number, 0) + 1
    print(f"{len(order)} crystals fit; {len(chosen)} are imaged, of {len(seen)} elements")
    return chosen


def _supercell(cell: Atoms) -> Atoms:
    repeats = np.ceil(BOX / cell.cell.lengths()[:2]).astype(int)
    layer: Atoms = cell.repeat((int(repeats[0]), int(repeats[1]), 1))
    return layer


def _compare(cell: Atoms, conditions: ImagingConditions) -> dict[str, Any]:
    sides = np.asarray(cell.cell.lengths()[:2])
    shape = (max(8, round(sides[1] / PIXEL)), max(8, round(sides[0] / PIXEL)))
    g, halves, exact_seconds = _frozen(cell, conditions)
    started = time.process_time()
    _scanned(frozen_potential(cell, conditions, 0), cell, conditions)
    scan_seconds = 2 * HALF * (time.process_time() - started)
    incoherent_series(cell, conditions)  # the tables of elements and probe are made once
    started = time.process_time()
    for _ in range(REPEATS):
        series = incoherent_series(cell, conditions)
        picture = evaluate_series(*series, shape, PIXEL)
    seconds = (time.process_time() - started) / REPEATS
    first, second = (evaluate_series(g, half, shape, PIXEL) for half in halves)
    mean = (first + second) / 2
    between = _correlation(first, second)
    return {
        "formula": cell.get_chemical_formula("metal", empirical=True),
        "energy": conditions.energy_keV,
        "thickness": float(np.ptp(cell.positions[:, 2])),
        "numbers": [int(number) for number in cell.numbers],
        "positions": np.round(cell.positions, 4).tolist(),
        "sides": sides.tolist(),
        "correlation": _correlation(picture, mean),
        # What the mean of both halves would have with the noiseless picture (Spearman-Brown).
        "ceiling": float(np.sqrt(2 * between / (1 + between))),
        "scale": float((picture * mean).sum() / np.square(picture).sum()),
        "contrast": float(mean.std() / picture.std()),
        "columns": maxima_distance(series, (g, sum(halves) / 2), sides),
        "columns_noise": maxima_distance((g, halves[0]), (g, halves[1]), sides),
        "seconds": seconds,
        "exact_seconds": exact_seconds,
        "scan_seconds": scan_seconds,
        "g": np.round(g, 5).tolist(),
        "halves": [[half.real.tolist(), half.imag.tolist()] for half in halves],
    }


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _frozen(cell: Atoms, conditions: ImagingConditions) -> tuple[np.ndarray, list[Any], float]:
    """Series of the mean image of each half, and the processor time of both."""
    started = time.process_time()
    halves = []
    for half in range(2):
        total: Any = 0
        for seed in range(half * HALF, (half + 1) * HALF):
            total = total + ring_image(frozen_potential(cell, conditions, seed), cell, conditions)
        total[0] /= 2  # a series is evaluated as twice its real part
        halves.append(total / HALF)
    return frequencies(cell, conditions), halves, time.process_time() - started


def frequencies(cell: Atoms, conditions: ImagingConditions) -> np.ndarray:
    _, half = reciprocal_vectors(np.asarray(cell.cell[:2, :2]), information_limit(conditions))
    return np.concatenate([np.zeros((1, 2)), half])


def frozen_potential(cell: Atoms, conditions: ImagingConditions, seed: int | None) -> Any:
    """Transmission of one frozen supercell; at rest without a seed."""
    layer = _supercell(cell)
    sides = cell.cell.lengths()[:2]
    repeats = np.rint(layer.cell.lengths()[:2] / sides)
    least = np.ceil(sides / multislice._sampling(conditions))
    samples = [
        next(n for n in range(int(step * count), 4096, int(count)) if n == next_fast_len(n))
        for step, count in zip(least, repeats, strict=True)
    ]
    moves = np.random.default_rng(seed).normal(0.0, THERMAL, (len(layer), 2))
    return exact_transmission(
        layer,
        (samples[0], samples[1]),
        conditions.energy_keV,
        moves if seed is not None else None,
    )


def _focused(potential: Any, conditions: ImagingConditions) -> ImagingConditions:
    """Focused on the middle between the first plane of atoms and the last."""
    depth = sum(potential.slice_thickness[:-1]) / 2
    return conditions.model_copy(update={"defocus": depth})


def ring_image(potential: Any, cell: Atoms, conditions: ImagingConditions) -> np.ndarray:
    """Fourier coefficients of the ring's image of one frozen supercell, at the cell's g.

    With S_q the wave that the supercell makes of the plane wave q, the probe at R is
    Σ c_q exp(-2πi q·R) S_q; hence I(g) = Σ_q c_q c*_(q+g) Σ_(k in the ring) S_q(k) S*_(q+g)(k).
    """
    import abtem

    extent = np.asarray(potential.extent)
    scale = 1e-3 / wavelength(conditions.energy_keV)
    reach = conditions.semiangle_mrad + 1 / (scale * extent.min())
    matrix = abtem.SMatrix(
        potential=potential,
        energy=conditions.energy_keV * 1e3,
        semiangle_cutoff=reach,
        downsample=False,
    ).build(lazy=False)
    axes = [np.fft.fftfreq(n, side / n) for n, side in zip(potential.gpts, extent, strict=True)]
    k = np.hypot(axes[0][:, None], axes[1][None, :]) / scale
    ring = (k >= conditions.annulus[0]) & (k <= conditions.annulus[1])
    waves = fft2(matrix.array)[:, ring]
    overlaps = waves @ waves.conj().T
    q = np.asarray(matrix.wave_vectors, dtype=np.float64)
    radius, azimuth = np.hypot(q[:, 0], q[:, 1]), np.arctan2(q[:, 1], q[:, 0])
    amplitude = pupil_amplitude(radius, azimuth, 1 / extent, conditions)
    aberration = aberration_phase(q[:, 0], q[:, 1], _focused(potential, conditions))
    probe = amplitude * np.exp(-1j * aberration)
    probe /= np.linalg.norm(probe)
    weighted = probe[:, None] * overlaps * probe.conj()[None, :]
    steps = np.rint(q * extent).astype(int)
    index = {tuple(step): place for place, step in enumerate(steps)}
    result = []
    for move in np.rint(frequencies(cell, conditions) * extent).astype(int):
        partner = np.array([index.get(tuple(step), -1) for step in steps + move])
        known = partner >= 0
        result.append(weighted[np.flatnonzero(known), partner[known]].sum())
    return np.array(result)


def _scanned(potential: Any, cell: Atoms, conditions: ImagingConditions) -> Any:
    """Series of one configuration by abTEM's scan of the cell, as engine multislice does it."""
    import abtem

    sides = cell.cell.lengths()[:2]
    points = tuple(int(n) for n in np.ceil(sides * 2.2 * information_limit(conditions)))
    measured = multislice._probe_scan(
        potential,
        abtem.GridScan(start=(0, 0), end=tuple(sides), gpts=points, endpoint=False),
        multislice._detector(conditions, 0.0),
        conditions,
        multislice._aberrations(_focused(potential, conditions), 0.0, 0.0),
    )
    signal = np.asarray(measured.compute().array, dtype=np.float64)
    return scalar_coefficients(signal, sides)


def _check() -> None:
    """The sum over plane waves against abTEM's scan of the same potential."""
    multislice.settle_abtem()
    cell, _ = multislice.orthogonal_cell(mx2("MoS2", vacuum=5))
    for conditions in CONDITIONS:
        potential = frozen_potential(cell, conditions, None)
        g, summed = frequencies(cell, conditions), ring_image(potential, cell, conditions)
        summed[0] /= 2
        other = _scanned(potential, cell, conditions)
        pictures = [evaluate_series(*each, (54, 32), PIXEL) for each in ((g, summed), other)]
        error = abs(pictures[0] - pictures[1]).max() / np.ptp(pictures[1])
        print(
            f"{conditions.energy_keV:g} keV, {len(potential)} slices: correlation "
            f"{_correlation(*pictures):.6f}, largest difference {error:.5f} of the range"
        )


def _line(row: dict[str, Any]) -> str:
    ratio = row["scan_seconds"] / row["seconds"]
    summed = row["exact_seconds"] / row["seconds"]
    return (
        f"| {row['formula']} | {row['energy']:g} | {row['thickness']:.2f} | "
        f"{row['correlation']:.5f} | {row['ceiling']:.5f} | {row['scale']:.3f} | "
        f"{row['columns']:.4f} | {row['columns_noise']:.4f} | {ratio:.0f} | "
        f"{summed:.0f} |"
    )


def _print_summary(rows: list[dict[str, Any]]) -> None:
    here = machine()
    print(f"\n{here['processor']}, {here['cores']} cores\n")
    print(
        "| crystal | keV | thickness [Å] | correlation | ceiling | abTEM / engine "
        "| columns [Å] | of halves [Å] | time: scan / engine | sum / engine |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(_line(row))
    for energy in sorted({row["energy"] for row in rows}):
        some = [row for row in rows if row["energy"] == energy]
        correlations = [row["correlation"] for row in some]
        ratios = [row["scan_seconds"] / row["seconds"] for row in some]
        print(
            f"\n{energy:g} keV, {len(some)} crystals: correlation median "
            f"{np.median(correlations):.5f}, least {min(correlations):.5f}, "
            f"{sum(value >= 0.995 for value in correlations)} at least 0.995; ceiling median "
            f"{np.median([row['ceiling'] for row in some]):.5f}; columns median "
            f"{np.median([row['columns'] for row in some]):.4f} Å, most "
            f"{max(row['columns'] for row in some):.4f} Å; time ratio median "
            f"{np.median(ratios):.0f}, least {min(ratios):.0f}"
        )


if __name__ == "__main__":
    main()
