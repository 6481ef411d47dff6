"""What ran where with which settings, and every file beside the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from micrographia.provenance import describe
from micrographia.report.collect import Results
from micrographia.report.page.beside import Beside
from micrographia.report.page.blocks import Code, Facts, Files, Fold, Link, Part, Section
from micrographia.report.sections.numbers import versions

#: Files of a run that go beside the page as they are, if they exist.
_TABLES = (
    ("segmentation/measurements/instances.csv", "every instance with its sizes"),
    ("segmentation/measurements/sizes.csv", "size distributions"),
    ("segmentation/measurements/sizes.png", "size distribution, drawn"),
    ("segmentation/measurements/coco.json", "all masks as COCO"),
    ("segmentation/network/network-curves.png", "training curves of the network"),
    ("annotation/attributes_final.parquet", "attributes of the pictures"),
    ("stem/engines.parquet", "engines compared"),
)
#: Columns of tables that are written as text, for a spreadsheet.
_CURATION = (
    *("path", "status", "reason", "width", "height", "pixel_size_nm", "pixel_size_source"),
    *("microscopy", "instrument", "voltage_kV", "format", "duplicate_of", "note", "image_id"),
)
_ANSWERS = (
    *("image_id", "method", "track", "a", "b", "gamma", "confidence", "seconds", "failure"),
)
_STRUCTURES = (
    *("structure_id", "formula", "natoms", "a", "b", "gamma", "layer_group", "thickness"),
    *("source", "split", "status", "reason"),
)


def files(results: Results, beside: Beside) -> tuple[Link, ...]:
    """Put the run's tables beside the page and return links to them."""
    links: tuple[Link, ...] = ()
    for name, table, columns, told in (
        ("curation", results.micrographs, _CURATION, "all pictures, kept or left out"),
        ("answers", results.reconstructions, _ANSWERS, "crystals found"),
        ("structures", results.structures, _STRUCTURES, "crystals that were used"),
    ):
        if table is not None and len(table):
            text = table[list(columns)].to_csv(index=False, lineterminator="\n")
            links += beside.add(f"tables/{name}.csv", text, f"{name}.csv: {told}")
    for name, told in _TABLES:
        path = results.root / name
        links += beside.add(f"tables/{path.name}", path, f"{path.name}: {told}")
    return links


def files_section(links: tuple[Link, ...]) -> Section:
    """Return the list of files."""
    return Section("files", "Files", (Files(links),))


def section(results: Results, config: Mapping[str, Any] | None) -> Section:
    """Return the configuration, the machine and the versions."""
    about = describe(config or {})
    machine = about["machine"]
    rows = []
    if config:
        rows += [
            ("Configuration", f"{config['name']}, digest {about['config_digest']}"),
            ("Random seed", str(config["seed"])),
        ]
    rows.append(
        ("Page made on", f"{machine['processor']}, {machine['cores']} cores, {machine['system']}")
    )
    told = "  ·  ".join(
        f"{name} {number}" for name, number in versions(results, about["versions"])
    )
    rows.append(("Versions", told))
    text = json.dumps(config, indent=2, ensure_ascii=False) if config else ""
    return Section(
        "run",
        "About this run",
        (
            Facts(tuple(rows)),
            Part("Settings", (Fold("All settings of this run", (Code(text),)),)),
        ),
        "Run",
    )
