"""Fidelity of the phase object to abTEM multislice over real crystals, and their times.

    python studies/stem_fidelity.py --structures CRYSTALS.parquet

Crystals that pass the STEM2Mat filter and have an orthogonal cell of at most --largest Å² are
drawn at random; both engines image one such cell with each detector. Printed: correlation of the
pictures, distance of their local maxima, ratio of the times (whole calls, from
atoms to picture, of the same scan points, 0.1 Å apart; compilation and tables made before).
The table goes to --out, a plot of correlation against thickness and heaviest element beside it.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from ase.build import graphene
from ase.data import atomic_numbers
from matplotlib.figure import Figure
from scipy.ndimage import maximum_filter

from micrographia.config import StructureFilter
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif, read_structures
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.provenance import machine
from micrographia.stem.crystals.structures import curate
from micrographia.stem.multislice import Effort, multislice_series, orthogonal_cell
from micrographia.stem.phase_object import phase_object_series

PIXEL = 0.1  # Å, of the compared pictures
FINE = 0.05  # Å, of the search for maxima
FILTER = StructureFilter(
    max_elements=3, min_z_span=10, max_thickness=3.0, min_projected_distance=0.5
)


def main() -> None:
    """Draw crystals, image them by both engines, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, required=True, help="folder or table")
    parser.add_argument("--count", type=int, default=42)
    parser.add_argument("--largest", type=float, default=60.0, help="Å², of the orthogonal cell")
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--out", type=Path, default=Path("results/fidelity.parquet"))
    arguments = parser.parse_args()
    multislice_series(graphene(vacuum=5), ImagingConditions())  # compiles abTEM's kernels
    rows: list[dict[str, Any]] = []
    for name, layer in _draw(arguments):
        for detector in ("icom", "segments"):
            rows.append({"structure_id": name} | _compare(layer, detector))
            print(
                "  ".join(f"{key}={_short(value)}" for key, value in rows[-1].items()), flush=True
            )
    table = pd.DataFrame(rows)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(arguments.out)
    _plot(table).savefig(arguments.out.with_suffix(".png"), dpi=150)
    _print_summary(table)


def _draw(arguments: argparse.Namespace) -> list[tuple[str, Atoms]]:
    entries = (
        (name, atoms, failure, None)
        for name, atoms, failure in read_structures(arguments.structures)
    )
    kept = [
        row
        for row in curate(entries, FILTER, None, arguments.seed, source="structures2d")
        if row["status"] == "kept"
    ]
    chosen: list[tuple[str, Atoms]] = []
    for place in np.random.default_rng(arguments.seed).permutation(len(kept)):
        try:
            layer, _ = orthogonal_cell(from_cif(kept[place]["cif"]))
        except MicrographiaError:
            continue
        if np.prod(layer.cell.lengths()[:2]) <= arguments.largest:
            chosen.append((kept[place]["structure_id"], layer))
        if len(chosen) == arguments.count:
            break
    print(f"{len(kept)} crystals pass the filter; {len(chosen)} are imaged")
    return chosen


def _compare(layer: Atoms, detector: str) -> dict[str, Any]:
    conditions = ImagingConditions(detector=detector)
    sides = layer.cell.lengths()[:2]
    shape = (max(8, round(sides[1] / PIXEL)), max(8, round(sides[0] / PIXEL)))
    phase_object_series(layer, conditions)  # the transfer function is computed once for all
    pictures, series, seconds = {}, {}, {}
    exact = partial(multislice_series, effort=Effort(spacing=PIXEL))
    for name, engine in (("phase", phase_object_series), ("multislice", exact)):
        started = time.perf_counter()
        series[name] = engine(layer, conditions)
        pictures[name] = evaluate_series(*series[name], shape, PIXEL)
        seconds[name] = time.perf_counter() - started
    correlation = np.corrcoef(pictures["phase"].ravel(), pictures["multislice"].ravel())[0, 1]
    return {
        "formula": layer.get_chemical_formula("metal", empirical=True),
        "detector": detector,
        "thickness": float(np.ptp(layer.positions[:, 2])),
        "heaviest": max(atomic_numbers[symbol] for symbol in layer.get_chemical_symbols()),
        "correlation": float(correlation),
        "scale": float(pictures["multislice"].std() / pictures["phase"].std()),
        "column_distance": maxima_distance(series["phase"], series["multislice"], sides),
        "time_ratio": seconds["multislice"] / seconds["phase"],
    }


def maxima_distance(first: Any, second: Any, sides: np.ndarray) -> float:
    """Median distance [Å] of the first picture's columns to the nearest of the second."""
    points = [_maxima(series, sides) for series in (first, second)]
    delta = points[0][:, None] - points[1][None]
    delta -= np.rint(delta / sides) * sides
    return float(np.median(np.linalg.norm(delta, axis=-1).min(axis=1)))


def _maxima(series: Any, sides: np.ndarray) -> np.ndarray:
    steps = np.maximum(8, np.rint(sides / FINE)).astype(int)
    g, coefficients = series
    x, y = (np.arange(n) * side / n for n, side in zip(steps, sides, strict=True))
    waves_x = np.exp(2j * np.pi * np.outer(x, g[:, 0]))
    waves_y = np.exp(2j * np.pi * np.outer(g[:, 1], y))
    picture = 2 * ((waves_x * coefficients) @ waves_y).real
    peak = picture == maximum_filter(picture, size=9, mode="wrap")
    places = np.argwhere(peak & (picture > 0.25 * picture.max()))
    refined = []
    for i, j in places:
        shift = []
        for axis, n in ((0, steps[0]), (1, steps[1])):
            step = np.array([1, 0]) if axis == 0 else np.array([0, 1])
            before, after = (
                picture[tuple((np.array([i, j]) + s * step) % steps)] for s in (-1, 1)
            )
            bend = before + after - 2 * picture[i, j]
            shift.append(0.0 if bend == 0 else (before - after) / (2 * bend) * sides[axis] / n)
        refined.append([x[i] + shift[0], y[j] + shift[1]])
    return np.array(refined)


def _print_summary(table: pd.DataFrame) -> None:
    here = machine()
    print(f"\n{here['processor']}, {here['cores']} cores\n")
    print(
        "| detector | n | correlation median | 5th percentile | columns, median [Å] | time ratio |"
    )
    print("|---|---|---|---|---|---|")
    for detector, group in table.groupby("detector"):
        values = group["correlation"]
        print(
            f"| {detector} | {len(group)} | {values.median():.5f} | {values.quantile(0.05):.5f} "
            f"| {group['column_distance'].median():.4f} | {group['time_ratio'].median():.0f} |"
        )


def _plot(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3.6))
    panels = figure.subplots(1, 2, sharey=True)
    columns = (("thickness", "thickness [Å]"), ("heaviest", "heaviest atomic number"))
    for axes, (column, label) in zip(panels, columns, strict=True):
        for detector, group in table.groupby("detector"):
            axes.semilogy(group[column], 1 - group["correlation"], "o", label=detector, alpha=0.7)
        axes.set_xlabel(label)
    panels[0].set_ylabel("1 - correlation with multislice")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    return figure


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
