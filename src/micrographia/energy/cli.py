"""`micrographia energy`: crystals in, relaxed crystals and energies out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Energy

if TYPE_CHECKING:
    from micrographia.energy.calculators import Potential


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    relax = verbs.add_parser("relax", help="find the atomic heights of one crystal and relax it")
    relax.add_argument("crystal", type=Path, help="CIF, POSCAR or extended XYZ file of a layer")
    relax.add_argument("--out", type=Path, required=True, help="CIF to write")
    _add_heights(relax)
    relax.add_argument(
        "--template", type=Path, action="append", default=[], metavar="CIF",
        help="crystal with the same projection whose heights are tried as a start; may be "
            "repeated",
    )  # fmt: skip
    _add_common(relax)
    relax.set_defaults(run=_relax)
    batch = verbs.add_parser("batch", help="relax every crystal of a table")
    batch.add_argument(
        "source", type=Path,
        help="reconstructions.parquet or structures.parquet, or a folder that holds one",
    )  # fmt: skip
    batch.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    batch.add_argument(
        "--templates",
        type=Path,
        metavar="TABLE",
        help="table of further starting heights; default: heights.parquet beside the source, "
        "if it exists",
    )
    _add_heights(batch)
    _add_common(batch)
    add_shard(batch)
    batch.set_defaults(run=_batch)
    _add_rerank(verbs)
    references = verbs.add_parser(
        "references", help="relax the reference crystals of the pure elements"
    )
    references.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    references.add_argument(
        "--elements", type=str, default="", help="elements, such as Mo,S; default: all"
    )
    add_settings(references, Energy)
    references.set_defaults(run=_references)


def _add_rerank(verbs: Subparsers) -> None:
    ranked = verbs.add_parser(
        "rerank", help="order ranked crystals that differ in heights by their energies"
    )
    ranked.add_argument(
        "answers", type=Path, metavar="JSONL", help="answers written by `reconstruction ranked`"
    )
    ranked.add_argument("--out", type=Path, required=True, metavar="JSONL", help="file to write")
    ranked.add_argument(
        "--relaxed", type=non_negative, default=0, metavar="N",
        help="relax the heights of the best N, plane and cell held, and order them again",
    )  # fmt: skip
    add_settings(ranked, Energy)
    ranked.set_defaults(run=_rerank)


def _add_heights(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--trust-heights", action="store_true", help="start only from the heights in the file"
    )
    choice.add_argument(
        "--forget-heights", action="store_true", help="set all heights to zero before the search"
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--references",
        type=Path,
        metavar="JSON",
        help="energies of the pure elements, written by `references`; needed for formation "
        "energies",
    )
    parser.add_argument(
        "--seed", type=non_negative, default=0, help="random seed of the starting heights"
    )
    add_settings(parser, Energy)


def _origin(arguments: argparse.Namespace) -> str:
    from micrographia.energy.batch import FORGOTTEN, READ, TRUE

    if arguments.trust_heights:
        return TRUE
    return FORGOTTEN if arguments.forget_heights else READ


def _load(arguments: argparse.Namespace) -> tuple[Potential, dict[str, float]]:
    from micrographia.energy.calculators import load_potential
    from micrographia.energy.references import read_references

    potential = load_potential(settings_of(arguments))
    path = arguments.references
    return potential, read_references(path, potential) if path else {}


def _relax(arguments: argparse.Namespace) -> int:
    from micrographia.energy.batch import describe, relax_case
    from micrographia.errors import StructureError
    from micrographia.io.atomic import refuse_inputs, write_text
    from micrographia.io.structures import orient_layer, read_structure

    if arguments.out.suffix.lower() != ".cif":
        raise StructureError(
            f"The crystal cannot be written as {arguments.out}",
            allowed="names that end in .cif",
            remedy=f"Use --out {arguments.out.with_suffix('.cif')}",
        )
    refuse_inputs([arguments.out], [arguments.crystal, *arguments.template])
    layer = orient_layer(read_structure(arguments.crystal))
    potential, references = _load(arguments)
    relaxed = relax_case(
        layer,
        potential,
        settings_of(arguments),
        origin=_origin(arguments),
        seed=arguments.seed,
        templates=[path.read_text(encoding="utf-8") for path in arguments.template],
    )
    row = describe(relaxed, potential, references, arguments.crystal.stem)
    write_text(arguments.out, row.pop("cif"))
    print_json({"cif": str(arguments.out), "calculator": potential.key, **row})
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    from micrographia.energy.batch import relax_rows
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import ENERGIES
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    source = arguments.source
    beside = (source if source.is_dir() else source.parent) / "heights.parquet"
    table = arguments.templates or (beside if beside.is_file() else None)
    inputs = [source, table, arguments.references]
    refuse_inputs([arguments.out], [path for path in inputs if path])
    cases = _read_cases(source)[arguments.shard :: arguments.shards]
    templates = _read_templates(table)
    potential, references = _load(arguments)
    rows = list(
        relax_rows(
            cases[: settings.limit],
            potential,
            settings,
            references,
            origin=_origin(arguments),
            seed=arguments.seed,
            templates=templates,
        )
    )
    write_table(rows, arguments.out, ENERGIES, stamp(settings, arguments.seed))
    failed = sum(row["failure"] is not None for row in rows)
    print(f"{arguments.out}: {len(rows) - failed} crystals relaxed, {failed} failed")
    return 0


def _read_cases(source: Path) -> list[dict[str, Any]]:
    """Name, CIF and failure of each answer, or of each crystal that was kept."""
    from micrographia.errors import TableError
    from micrographia.io.tables import read_rows

    names = ("reconstructions.parquet", "structures.parquet")
    tables = [source / name for name in names] if source.is_dir() else [source]
    found = [table for table in tables if table.is_file()]
    if not found:
        raise TableError(f"{source} holds no crystals", allowed=" or ".join(names))
    rows = read_rows(found[0])
    key = "image_id" if rows and "image_id" in rows[0] else "structure_id"
    if rows and not {key, "cif"} <= set(rows[0]):
        raise TableError(
            f"{found[0]} is not a table of crystals",
            seen=", ".join(rows[0]),
            allowed="image_id or structure_id, and cif",
        )
    return [
        {"case_id": row[key], "cif": row["cif"], "failure": row.get("failure")}
        for row in rows
        if row.get("status", "kept") == "kept"
    ]


def _read_templates(table: Path | None) -> dict[str, list[str]]:
    from micrographia.io.schemas import HEIGHTS
    from micrographia.io.tables import read_rows

    found: dict[str, list[str]] = {}
    rows = read_rows(table, HEIGHTS) if table else []
    for row in sorted(rows, key=lambda row: row["rank"]):
        found.setdefault(row["image_id"], []).append(row["cif"])
    return found


def _references(arguments: argparse.Namespace) -> int:
    from micrographia.energy.calculators import load_potential
    from micrographia.energy.references import ELEMENTS, relax_elements, write_references

    words = [word.strip() for word in arguments.elements.split(",") if word.strip()]
    potential = load_potential(settings_of(arguments))
    found = relax_elements(words or ELEMENTS, potential)
    write_references(arguments.out, found)
    print(
        f"{arguments.out}: {len(found['elements'])} elements with {potential.key}, "
        f"{len(found['failures'])} failed"
    )
    return 0


def _rerank(arguments: argparse.Namespace) -> int:
    from micrographia.energy.calculators import load_potential
    from micrographia.energy.rerank import rerank
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.datasets.answers import read_lines, write_answers

    refuse_inputs([arguments.out], [arguments.answers])
    rows = read_lines(arguments.answers)
    potential = load_potential(settings_of(arguments))
    write_answers(arguments.out, rerank(rows, potential, arguments.relaxed))
    print(f"{arguments.out}: {len(rows)} answers")
    return 0
