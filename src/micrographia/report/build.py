"""Collect the results, draw the charts and write the page as one self-contained file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from micrographia import __version__, provenance
from micrographia.config import Report
from micrographia.io.atomic import write_text
from micrographia.report.collect import Results, collect
from micrographia.report.sections import (
    attributes,
    contact,
    copies,
    crystals,
    micrographs,
    numbers,
    stem,
    structure,
    text,
)

_HERE = Path(__file__).parent


def build(
    results_folder: str | os.PathLike[str],
    settings: Report,
    config: Mapping[str, Any] | None,
    out: str | os.PathLike[str],
) -> None:
    """Write the report of a run as one HTML file.

    Parameters
    ----------
    results_folder
        The run's results; steps that did not run are named on the page and left out.
    settings
        Section `report` of the configuration.
    config
        The whole configuration, to be shown; None when unknown.
    out
        Where to write.

    Raises
    ------
    TableError
        The results folder does not exist.
    """
    write_text(out, render(collect(Path(results_folder), config), settings, config))


def render(results: Results, settings: Report, config: Mapping[str, Any] | None) -> str:
    """Return the page as HTML: no script, no reference to anything outside it."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = numbers.number
    template = environment.from_string((_HERE / "template.html").read_text(encoding="utf-8"))
    about = provenance.describe(config or {})
    return template.render(
        style=(_HERE / "style.css").read_text(encoding="utf-8"),
        version=__version__,
        name=(config or {}).get("name"),
        seed=(config or {}).get("seed"),
        config_text=json.dumps(config, indent=2, ensure_ascii=False) if config else None,
        config_digest=about["config_digest"] if config else None,
        machine=about["machine"],
        versions=numbers.versions(results, about["versions"]),
        benchmarks=numbers.benchmark_tables(results),
        micrographs=_micrograph_wing(results, settings),
        text=text.section(results, settings.examples, config),
        stem=_stem_wing(results, settings),
        failures=numbers.failures(results),
        problems=results.problems,
    )


def _micrograph_wing(results: Results, settings: Report) -> dict[str, Any]:
    table = results.micrographs
    return {
        "ran": table is not None or results.predictions is not None,
        "counts": micrographs.curation_counts(table) if table is not None else None,
        "copies": copies.groups(results, settings.examples),
        "segmented": results.predictions is not None,
        "scored": results.segmentation_scores is not None,
        "gallery": micrographs.gallery(results, settings.examples),
        "charts": micrographs.charts(results),
        "dataset": attributes.section(results),
    }


def _stem_wing(results: Results, settings: Report) -> dict[str, Any]:
    structures, answers = results.structures, results.reconstructions
    return {
        "ran": any(
            table is not None
            for table in (structures, results.exposures, answers, results.engines)
        ),
        "crystals": None if structures is None else int((structures["status"] == "kept").sum()),
        "exposures": None if results.exposures is None else len(results.exposures),
        "same_model": results.exposures is not None
        and set(results.exposures["engine"].dropna()) == {"phase-object"},
        "answers": None if answers is None else len(answers),
        "solved": None if answers is None else int(answers["failure"].isna().sum()),
        "scored": results.structure_scores is not None,
        "gallery": stem.gallery(results, settings.examples),
        "charts": stem.charts(results),
        "benchmark": structure.benchmark(results),
        "engines": stem.engine_rows(results),
        "window": crystals.WINDOW,
        "sheets": contact.sheets(results, settings.examples),
        "sheet_window": contact.WINDOW,
    }
