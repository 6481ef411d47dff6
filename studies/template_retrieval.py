"""Measure how often the template library finds the crystal of a noisy image, and the gain.

    python studies/template_retrieval.py --structures CRYSTALS.parquet --library LIB.parquet

Crystals that pass the STEM2Mat filter are drawn at random and imaged by the phase object at
--dose, turned at random in a field of 48 Å. Each is solved without templates; then templates are
consulted twice: with the crystal in the library, and held out with its duplicates. The library is
made of all crystals of the table, filtered or not, and kept in --library for the next run. Cases
of --out are kept, so a long run can be made in pieces: each call adds cases for --minutes; remove
the files to draw other crystals or to measure other code.

Printed: share of pictures whose crystal is the first template, or among the first ten; structures
solved (S.S.@0.47 Å and 0.1 Å on projections) by the analysis, by both, and by templates held out;
how far the thickness is off; how many of the failures retrieval could cause. AutoMat names 39 % of
its failures template retrieval; that figure is theirs and on their cases.
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

from micrographia.config import Reconstruction, StructureFilter
from micrographia.errors import MicrographiaError
from micrographia.io.schemas import LIBRARY, STRUCTURES
from micrographia.io.structures import from_cif, read_structures
from micrographia.io.tables import read_rows, write_table
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.matching import site_distance
from micrographia.provenance import machine
from micrographia.reconstruction.solve import Solution, solve
from micrographia.reconstruction.templates.consult import (
    Consulted,
    answer_from_templates,
    consult,
    match_templates,
    problem_of,
)
from micrographia.reconstruction.templates.library import (
    Library,
    Template,
    library_row,
    read_library,
)
from micrographia.stem.crystals.structures import curate, standardise
from micrographia.stem.simulate import draw_view, simulate

FILTER = StructureFilter(
    max_elements=3, min_z_span=10, max_thickness=3.0, min_projected_distance=0.5
)
NEAR = 0.3  # Å, of a thickness that is right enough to start from
SETTINGS = Reconstruction()
RULES = SETTINGS.templates


def main() -> None:
    """Draw crystals, image and solve them, consult the library, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, required=True, help="folder or table")
    parser.add_argument("--library", type=Path, required=True, help="read, or made")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=4.5, help="start no case after these")
    parser.add_argument("--dose", type=float, default=3e4)
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--any", action="store_true", help="draw from all crystals, not filtered")
    parser.add_argument("--out", type=Path, default=Path("results/template_retrieval.parquet"))
    arguments = parser.parse_args()
    started = time.perf_counter()
    if not arguments.library.exists():
        _make_library(arguments.structures, arguments.library)
    library = read_library(arguments.library)
    done: list[Any] = []
    if arguments.out.exists():
        done += pd.read_parquet(arguments.out).to_dict("records")
    seen = {row["structure_id"] for row in done}
    for name, layer in _draw(arguments):
        if time.perf_counter() - started > 60 * arguments.minutes:
            break
        if name not in seen:
            done.append(_case(name, layer, library, arguments))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(done)
    table.to_parquet(arguments.out)
    _print_summary(table)


def _make_library(structures: Path, path: Path) -> None:
    rows = []
    for name, atoms, _ in read_structures(structures):
        try:
            if atoms is not None:
                rows.append(library_row(Template.of(name, standardise(atoms))))
        except MicrographiaError:
            continue
    write_table(rows, path, LIBRARY)


def _draw(arguments: argparse.Namespace) -> Iterator[tuple[str, Atoms]]:
    """Crystals in the order drawn; kept beside the cases, since curating takes a minute."""
    kept = arguments.out.with_name(f"{arguments.out.stem}_crystals.parquet")
    if not kept.exists():
        entries = (
            (name, atoms, failure, None)
            for name, atoms, failure in read_structures(arguments.structures)
        )
        limits = StructureFilter() if arguments.any else FILTER
        rows = curate(entries, limits, arguments.count, arguments.seed, source="structures2d")
        write_table([row for row in rows if row["status"] == "kept"], kept, STRUCTURES)
    for row in read_rows(kept, STRUCTURES):
        yield row["structure_id"], from_cif(row["cif"])


def _case(
    name: str, layer: Atoms, library: Library, arguments: argparse.Namespace
) -> dict[str, Any]:
    seed = [arguments.seed, int.from_bytes(name.encode()[-6:], "big")]
    view = draw_view(0.1, 48.0, None, seed)
    image = simulate(layer, ImagingConditions(), view, dose=arguments.dose, seed=seed[1] % 2**31)
    elements = sorted(set(layer.get_chemical_symbols()))
    truth = Template.of(name, layer)
    row: dict[str, Any] = {"structure_id": name, "formula": truth.formula, "failure": None}
    held_out = library.without(name, RULES.same_crystal)
    own = {r["structure_id"] for r in library.rows} - {r["structure_id"] for r in held_out.rows}
    solution: Solution | None = None
    try:
        solution = solve(image, elements, SETTINGS)
        problem = solution.problem
    except MicrographiaError as error:
        row["failure"] = str(error)
        try:
            problem = problem_of(image, elements, SETTINGS)
        except MicrographiaError:
            return row
    row |= _scores("analysis", solution, truth)
    started = time.perf_counter()
    matches = match_templates(problem, solution and solution.atoms, library, RULES)
    row["seconds"] = time.perf_counter() - started
    names = [match.template.name for match in matches]
    row["rank"] = next((k for k, found in enumerate(names, 1) if found in own), None)
    for use, known in (("in_library", library), ("held_out", held_out)):
        found: Consulted | None
        if solution is None:
            found = answer_from_templates(problem, known, SETTINGS)
        else:
            found = consult(solution, known, SETTINGS)
        row |= _scores(use, found.solution if found else None, truth)
        row[f"{use}_role"] = found.role if found else None
        row[f"{use}_template"] = found.template if found else None
        lent = [np.ptp(match.template.positions[:, 2]) for match in found.heights] if found else []
        off = np.abs(np.array(lent[: RULES.count]) - np.ptp(layer.positions[:, 2]))
        row[f"{use}_first"] = float(off[0]) if len(off) else None
        row[f"{use}_nearest"] = float(off.min()) if len(off) else None
    return row


def _scores(use: str, solution: Solution | None, truth: Template) -> dict[str, Any]:
    if solution is None:
        return dict.fromkeys((f"{use}_rms", f"{use}_thickness", f"{use}_confidence"))
    answer = Template.of("", solution.atoms)
    rise = float(np.ptp(answer.positions[:, 2]) - np.ptp(truth.positions[:, 2]))
    return {
        f"{use}_rms": site_distance(answer.projection, truth.projection),
        f"{use}_thickness": rise,
        f"{use}_confidence": solution.confidence,
    }


def _print_summary(table: pd.DataFrame) -> None:
    count = len(table)
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores\n\n{count} pictures\n")
    first, ten = (float((table["rank"] <= most).mean()) for most in (1, RULES.count))
    print(f"crystal in the library: first {first:.1%}, among {RULES.count} {ten:.1%}; ", end="")
    print(f"{table['seconds'].median():.2f} s for retrieval and comparison (median)\n")
    print("| answers | S.S.@0.47 | S.S.@0.1 | thickness off, median [Å] | confident and wrong |")
    print("|---|---|---|---|---|")
    for use in ("analysis", "in_library", "held_out"):
        rms = pd.to_numeric(table[f"{use}_rms"])
        off = pd.to_numeric(table[f"{use}_thickness"]).abs()
        sure = pd.to_numeric(table[f"{use}_confidence"]) > 0.5
        wrong = int((sure & ~(rms <= 0.47)).sum())
        shares = " | ".join(f"{(rms <= most).mean():.1%}" for most in (0.47, 0.1))
        print(f"| {use.replace('_', ' ')} | {shares} | {off.median():.2f} | {wrong} |")
    for use in ("in_library", "held_out"):
        print(f"\n{use.replace('_', ' ')}, role of the template: ", end="")
        print(
            table[f"{use}_role"].replace("", "none").fillna("no answer").value_counts().to_dict()
        )
        lent = table[f"{use}_first"].to_numpy(dtype=float)
        best = table[f"{use}_nearest"].to_numpy(dtype=float)
        print(
            f"thickness lent by the first template: median {np.nanmedian(lent):.2f} Å off, ",
            end="",
        )
        print(f"within {NEAR:g} Å in {np.mean(lent <= NEAR):.1%} of all pictures; ", end="")
        print(f"by the nearest of {RULES.count}: {np.mean(best <= NEAR):.1%}")
    failed = table[~(pd.to_numeric(table["in_library_rms"]) <= 0.47)]
    lost = f"{len(failed)}, of which retrieval lost {int(failed['rank'].isna().sum())}"
    print(f"\nfailures with the crystal in the library: {lost}")
    print("AutoMat's, as published: 39 % of the failures are template retrieval")


if __name__ == "__main__":
    main()
