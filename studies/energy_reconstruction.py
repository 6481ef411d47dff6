"""Energy of a crystal reconstructed without error, against the true crystal and DFT.

    python studies/energy_reconstruction.py --structures CRYSTALS.parquet --dft ENERGIES.parquet

Crystals that pass the STEM2Mat filter are drawn at random. Their heights are forgotten, x, y and
cell are kept: what a reading without error gives. The energy room searches the heights and
relaxes; the true crystal is relaxed by the same calculator from its own heights. Crystals of --dft
(with energy_per_atom_pbe) that pass the filter follow, for the distance to DFT. Printed: medians
and means with bootstrap intervals; the table goes to --out. Before that, the distance of the
calculator's energies to PBE for all crystals of --dft as they stand, with its corrections and
without.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from micrographia.benchmarks.bootstrap import bootstrap_mean, bootstrap_median
from micrographia.config import Energy, StructureFilter
from micrographia.energy.batch import FORGOTTEN, TRUE, relax_case
from micrographia.energy.calculators import Potential, load_potential
from micrographia.errors import MicrographiaError
from micrographia.io.structures import from_cif, orient_layer, read_structures
from micrographia.io.tables import read_table
from micrographia.provenance import machine
from micrographia.stem.crystals.structures import curate

FILTER = StructureFilter(
    max_elements=3, min_z_span=10, max_thickness=3.0, min_projected_distance=0.5
)
#: Largest cells whose single points are compared.
MOST_ATOMS = 12
#: Errors above these are listed by name [meV/atom].
LISTED = 15.0


def main() -> None:
    """Draw crystals, forget their heights, relax them and the truth, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, required=True, help="folder or table")
    parser.add_argument("--dft", type=Path, help="table with energy_per_atom_pbe")
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--dft-count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--out", type=Path, default=Path("results/energy_reconstruction.parquet"))
    arguments = parser.parse_args()
    settings = Energy()
    potential = load_potential(settings)
    if arguments.dft:
        _print_corrections(arguments.dft, potential)
    cases = _draw(arguments.structures, arguments.count, arguments.seed, {})
    if arguments.dft:
        energies = _dft_energies(arguments.dft)
        cases += _draw(arguments.dft, arguments.dft_count, arguments.seed, energies)
    rows = []
    for case in cases:
        rows.append(_compare(case, potential, settings, arguments.seed))
        print("  ".join(f"{key}={_short(value)}" for key, value in rows[-1].items()), flush=True)
    if not rows:
        return
    table = pd.DataFrame(rows)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(arguments.out)
    _print_summary(table, arguments.seed)


def _draw(source: Path, count: int, seed: int, dft: dict[str, float]) -> list[dict[str, Any]]:
    """A random sample of the crystals that pass the filter; with DFT energies only such."""
    entries = (
        (name, atoms, failure, None)
        for name, atoms, failure in read_structures(source)
        if not dft or name in dft
    )
    kept = [
        row
        for row in curate(entries, FILTER, None, seed, source=source.stem)
        if row["status"] == "kept"
    ]
    order = np.random.default_rng(seed).permutation(len(kept))[:count]
    print(f"{source.name}: {len(kept)} crystals pass the filter; {len(order)} are relaxed")
    return [
        {
            "structure_id": kept[place]["structure_id"],
            "formula": kept[place]["formula"],
            "layer": orient_layer(from_cif(kept[place]["cif"])),
            "dft": dft.get(kept[place]["structure_id"]),
        }
        for place in order
    ]


def _dft_energies(source: Path) -> dict[str, float]:
    table = read_table(source).dropna(subset=["energy_per_atom_pbe"])
    return dict(zip(table["material_id"], table["energy_per_atom_pbe"], strict=True))


def _print_corrections(source: Path, potential: Potential) -> None:
    """Distance of single points to PBE, before and after the corrections are undone."""
    dft = _dft_energies(source)
    known = {
        name: atoms
        for name, atoms, _ in read_structures(source)
        if name in dft and atoms is not None and len(atoms) <= MOST_ATOMS
    }
    energies = potential.energies(list(known.values()))
    raw, undone = [], []
    for (name, atoms), energy in zip(known.items(), energies, strict=True):
        raw.append(1000 * (energy / len(atoms) - dft[name]))
        undone.append(raw[-1] - 1000 * potential.correction(atoms) / len(atoms))
    for label, values in (("as they are", raw), ("corrections undone", undone)):
        found = np.abs(np.array(values)[np.isfinite(values)])
        print(
            f"single points, {label}: {len(found)} crystals, median {np.median(found):.0f}, "
            f"mean {found.mean():.0f} meV/atom from PBE"
        )


def _compare(
    case: dict[str, Any], potential: Potential, settings: Energy, seed: int
) -> dict[str, Any]:
    layer: Atoms = case["layer"]
    row: dict[str, Any] = {
        "structure_id": case["structure_id"],
        "formula": case["formula"],
        "natoms": len(layer),
        "dft": case["dft"],
    }
    for name, origin in (("true", TRUE), ("found", FORGOTTEN)):
        wall, own = time.perf_counter(), time.process_time()
        try:
            relaxed = relax_case(layer, potential, settings, origin=origin, seed=seed)
            best = relaxed.best
            energy = best.energy - potential.correction(best.atoms) / len(best.atoms)
            row |= {
                name: energy,
                f"{name}_start": best.name,
                f"{name}_shift": best.lateral_shift,
                f"{name}_strain": best.strain,
                f"{name}_converged": best.converged,
                f"{name}_starts": len(relaxed.starts),
            }
        except MicrographiaError as error:
            row |= {name: np.nan, f"{name}_failure": str(error)}
        row[f"{name}_seconds"] = time.perf_counter() - wall
        row[f"{name}_cpu"] = time.process_time() - own
    row["difference"] = 1000 * (row["found"] - row["true"])
    return row


def _print_summary(table: pd.DataFrame, seed: int) -> None:
    here = machine()
    print(f"\n{here['processor']}, {here['cores']} cores\n")
    print("| error [meV/atom] | n | failed | median | mean |")
    print("|---|---|---|---|---|")
    for label, values in _errors(table):
        known = values[np.isfinite(values)]
        figures = [
            statistic(known, 2000, 0.95, seed) for statistic in (bootstrap_median, bootstrap_mean)
        ]
        texts = [f"{value:.1f} [{low:.1f}, {high:.1f}]" for value, low, high in figures]
        print(f"| {label} | {len(values)} | {len(values) - len(known)} | {' | '.join(texts)} |")
    for name in ("seconds", "cpu"):
        times = table[f"found_{name}"]
        print(
            f"{name} per case: median {times.median():.1f}, 95th percentile "
            f"{times.quantile(0.95):.1f}, most {times.max():.1f}"
        )
    print(f"height starts per case: {table['found_starts'].min():.0f} or more")
    far = table[table["difference"].abs() > LISTED]
    print(f"\n{len(far)} differ by more than {LISTED:g} meV/atom:")
    columns = ["structure_id", "formula", "natoms", "difference", "true_strain", "found_strain"]
    print(far[columns].to_string(index=False))


def _errors(table: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    difference = table["difference"].to_numpy(dtype=float)
    yield "found against true", np.abs(difference)
    yield "found above true, or zero", np.clip(difference, 0, None)
    for name, label in (("true", "true against DFT"), ("found", "found against DFT")):
        known = table[table["dft"].notna()]
        if len(known):
            values = 1000 * (known[name] - known["dft"])
            yield label, np.abs(values.to_numpy(dtype=float))


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
