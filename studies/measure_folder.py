"""`micrographia measure` on pictures of others: its time, its pixel sizes, its diameters.

    python studies/measure_folder.py --emps ../shared/data/emps --gold ../shared/data/gold_tem

EMPS: twelve pictures at even steps through the list; how many have a label by eye in
`tests/data/emps_scale_bars.csv`, how many are measured in nm, and within 5 % of the label. Gold:
four pictures of colloids of nominal 20 nm, `measure` alone, without a word on their scale; the
median diameter of each picture and of all. Times are of the wall clock, of the whole command.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

LABELS = Path(__file__).parents[1] / "tests" / "data" / "emps_scale_bars.csv"


def measured(pictures: list[Path], out: Path) -> tuple[pd.DataFrame, float]:
    """Measure pictures; return rows of pictures.csv, sizes beside them, and seconds."""
    command = [sys.executable, "-m", "micrographia", "measure", *map(str, pictures)]
    start = time.perf_counter()
    subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    sizes = pd.read_csv(out / "sizes.csv").set_index("name")
    table = pd.read_csv(out / "pictures.csv").set_index("file")
    return table.join(sizes, how="left"), seconds


def emps(folder: Path, count: int) -> None:
    """Print pixel sizes beside those labelled by eye."""
    every = sorted((folder / "images").iterdir())
    chosen = [every[step] for step in np.linspace(0, len(every) - 1, count).round().astype(int)]
    labels = pd.read_csv(LABELS).set_index("image")["pixel_size_nm"]
    with tempfile.TemporaryDirectory() as out:
        table, seconds = measured(chosen, Path(out) / "r")
    right = wrong = labelled = 0
    for name, row in table.iterrows():
        truth = float(labels.get(str(name), np.nan))
        found = float(row["pixel_size [nm]"])
        labelled += np.isfinite(truth)
        if np.isfinite(found) and np.isfinite(truth):
            right += abs(found / truth - 1) <= 0.05
            wrong += abs(found / truth - 1) > 0.05
        print(f"  {name}: {found:.4g} nm per pixel, by eye {truth:.4g}; n = {row['n (px)']}")
    print(
        f"EMPS: {len(table)} pictures in {seconds:.1f} s on {os.cpu_count()} cores; {labelled} "
        f"have a label by eye, {right} of them are within 5 %, {wrong} are not, "
        f"{labelled - right - wrong} have no size"
    )


def gold(folder: Path) -> None:
    """Print diameters of gold colloids of nominal 20 nm."""
    with tempfile.TemporaryDirectory() as out:
        table, seconds = measured(sorted(folder.glob("*.jpg")), Path(out) / "r")
        sizes = pd.read_csv(Path(out) / "r" / "sizes.csv")
    for name, row in table.iterrows():
        size = row["pixel_size [nm]"]
        print(
            f"  {name}: {size:.4g} nm per pixel, d50 {row['d50 [nm]']:.4g} nm, n = {row['n (nm)']}"
        )
    whole = sizes[sizes["of"] == "all"].iloc[0]
    print(f"Gold: {seconds:.1f} s; all: d50 {whole['d50 [nm]']:.4g} nm, n = {whole['n (nm)']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--emps", type=Path, help="folder of EMPS")
    parser.add_argument("--gold", type=Path, help="folder of the gold colloids")
    parser.add_argument("--count", type=int, default=12, help="pictures of EMPS (default: 12)")
    arguments = parser.parse_args()
    if arguments.emps:
        emps(arguments.emps, arguments.count)
    if arguments.gold:
        gold(arguments.gold)


if __name__ == "__main__":
    main()
