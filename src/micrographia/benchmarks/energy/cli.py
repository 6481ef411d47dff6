"""`micrographia benchmarks score-energy`: energies of reconstructed and of true crystals."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `score-energy`."""
    parser = verbs.add_parser(
        "score-energy",
        help="score energies of reconstructed crystals; writes JSON, parquet and PNG",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        required=True,
        help="structure.parquet, written by `score-structure`",
    )
    parser.add_argument(
        "--energies", type=Path, nargs="+", required=True, metavar="DIR|TABLE",
        help="energies.parquet of reconstructed and of true crystals, or the folders that hold "
            "them",
    )  # fmt: skip
    parser.add_argument(
        "--track",
        default="given",
        help="track to score: 'given' (elements known) or 'blind'; default: given",
    )
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    add_settings(parser, Benchmarks)
    parser.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.energy.figure import draw_energies
    from micrographia.benchmarks.energy.scores import (
        score_energies,
        sort_energies,
        summarise_energies,
    )
    from micrographia.benchmarks.published import published_rows
    from micrographia.io import schemas
    from micrographia.io.atomic import atomic_path
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    name = "energies.parquet"
    tables = [place / name if place.is_dir() else place for place in arguments.energies]
    found, true = sort_energies(
        [row for table in tables for row in read_rows(table, schemas.ENERGIES)]
    )
    scores = read_rows(arguments.scores, schemas.STRUCTURE_SCORES)
    mine = [row for row in scores if row["track"] == arguments.track]
    dft = _read_dft(Path(settings.dft_energies)) if settings.dft_energies else {}
    rows = score_energies(mine, found, true, dft)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, arguments.out.with_suffix(".parquet"), schemas.ENERGY_SCORES, provenance)
    frame = pd.DataFrame(rows, columns=schemas.ENERGY_SCORES.names)
    metrics = summarise_energies(frame, settings, arguments.seed)
    with atomic_path(arguments.out.with_suffix(".png")) as temporary:
        figure = draw_energies(frame, metrics, published_rows())
        figure.savefig(temporary, dpi=150, metadata={"Software": None})
    write_result(
        arguments.out,
        "energy",
        metrics,
        provenance,
        n=len(rows),
        n_failed=sum(row["error"] is None for row in rows),
        calculator=found.calculator,
        n_unasked=len(mine) - len(rows),
    )
    return 0


def _read_dft(path: Path) -> dict[str, float]:
    """Energy [eV/atom] by name; crystals without one are left out."""
    from micrographia.errors import TableError
    from micrographia.io.tables import read_rows

    rows = read_rows(path)
    columns = set(rows[0]) if rows else set()
    key = "structure_id" if "structure_id" in columns else "material_id"
    energy = "energy_per_atom_pbe"
    if not {key, energy} <= columns:
        raise TableError(
            f"{path} is not a table of DFT energies",
            seen=", ".join(sorted(columns)),
            allowed=f"structure_id or material_id, and {energy} [eV]",
        )
    return {str(row[key]): float(row[energy]) for row in rows if row[energy] is not None}
