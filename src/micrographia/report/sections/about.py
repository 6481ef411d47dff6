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
    ("curation/micrographs.parquet", "all pictures with what is known of them"),
    ("curation/quarantine.csv", "pictures that were left out"),
    ("annotation/attributes_final.parquet", "attributes of the pictures"),
    ("stem/structures.parquet", "crystals that were used"),
    ("stem/engines.parquet", "engines compared"),
)


def files(results: Results, beside: Beside) -> tuple[Link, ...]:
    """Put the run's tables beside the page and return links to them."""
    links: tuple[Link, ...] = ()
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
