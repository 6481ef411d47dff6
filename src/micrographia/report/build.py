"""Collect the results, draw the charts and write the page with its files beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrographia import __version__
from micrographia.config import Report
from micrographia.io.atomic import write_text
from micrographia.report.collect import Results, collect, locate, records
from micrographia.report.page.beside import Beside, safe_name
from micrographia.report.page.blocks import Link, Page, Section
from micrographia.report.page.render import render_page
from micrographia.report.page.words import count
from micrographia.report.sections import (
    about,
    attributes,
    curation,
    micrographs,
    numbers,
    overview,
    sizes,
)
from micrographia.report.sections.kinds import section as kinds
from micrographia.report.sections.names import by_id, file_name
from micrographia.report.sections.solved import benchmark, contact, engines, gallery
from micrographia.report.sections.written.section import section as written


def build(
    results_folder: str | os.PathLike[str],
    settings: Report,
    config: Mapping[str, Any] | None,
    out: str | os.PathLike[str],
) -> None:
    """Write the report of a run: one HTML file, and the files that it links to in a folder.

    Parameters
    ----------
    results_folder
        The run's results; of steps that did not run the page says nothing.
    settings
        Section `report` of the configuration.
    config
        The whole configuration, to be shown; None when unknown.
    out
        Where to write; the files of `index.html` lie in `files/`, those of `x.html` in `x-files/`.

    Raises
    ------
    TableError
        The results folder does not exist.
    """
    beside = Beside(out)
    text = render(collect(Path(results_folder), config), settings, config, beside)
    beside.write()
    write_text(out, text)


def render(
    results: Results,
    settings: Report,
    config: Mapping[str, Any] | None,
    beside: Beside | None = None,
) -> str:
    """Return the page as HTML, with no reference to anything on the network.

    Parameters
    ----------
    results, settings, config
        As `build` takes them.
    beside
        Takes the files that the page links to; None: there are none.
    """
    beside = beside or Beside(None)
    name = (config or {}).get("name")
    sections = (
        sizes.section(results, beside),
        _crystals(results, settings, beside),
        written(results, beside),
        numbers.section(results, beside),
        attributes.section(results, beside),
        kinds.section(results, settings.examples, config, beside),
        curation.section(results, settings.examples, config, beside),
        numbers.failures(results),
        about.files_section(_files(results, settings, beside)),
        about.section(results, config),
    )
    page = Page(
        title=f"Micrographia: {name}" if name else "Micrographia",
        lead=_lead(results),
        headlines=overview.headlines(results),
        opening=micrographs.opening(results, settings.gallery, beside),
        sections=sections,
        footer=f"Made by Micrographia {__version__}. This page loads nothing from the network.",
    )
    return render_page(page)


def _lead(results: Results) -> str:
    """Say in one sentence what the run was about."""
    parts = []
    if results.micrographs is not None and len(results.micrographs):
        parts.append(count(len(results.micrographs), "micrograph"))
    if results.exposures is not None and len(results.exposures):
        parts.append(count(len(results.exposures), "STEM picture"))
    if results.classified is not None and len(results.classified):
        parts.append(_of_a_class(results.classified["path"].nunique()))
    if results.written_scores is not None and len(results.written_scores):
        told = count(len(results.written_scores), "picture")
        parts.append(f"{told} whose crystal was written as text")
    if not parts:
        return "This run has no results yet."
    return f"What was found in {' and '.join(parts)}."


def _of_a_class(number_of: int) -> str:
    return count(number_of, "picture with a class", "pictures with a class")


def _crystals(results: Results, settings: Report, beside: Beside) -> Section:
    ran = any(
        table is not None and len(table)
        for table in (results.exposures, results.reconstructions, results.engines)
    )
    if not ran:
        return Section("crystals", "Crystals", ())
    return Section(
        "crystals",
        "Crystals from STEM pictures",
        (
            *gallery.told(results),
            gallery.gallery(results, settings.examples, beside),
            benchmark.part(results, beside),
            gallery.charts(results, beside),
            contact.part(results, settings.examples),
            engines.part(results),
        ),
        "Crystals",
    )


def _files(results: Results, settings: Report, beside: Beside) -> tuple[Link, ...]:
    """Put the files of the whole run beside the page, masks and crystals as archives."""
    links = about.files(results, beside)
    if results.micrographs is not None:
        numbers_of = json.dumps(attributes.statistics(results), indent=2, ensure_ascii=False)
        told = "statistics.json: what the data set consists of"
        links += beside.add("tables/statistics.json", numbers_of + "\n", told)
    masks = _masks(results)
    size = sum(mask.stat().st_size for mask in masks.values())
    if size <= settings.masks_mb * 1e6:
        links += beside.pack("masks/masks.zip", masks, "all masks", "file")
    return links + gallery.all_cifs(results, beside)


def _masks(results: Results) -> dict[str, Path]:
    """Return the mask files of all pictures under the names of their pictures."""
    if results.predictions is None:
        return {}
    known = by_id(results)
    found: dict[str, Path] = {}
    for row in records(results.predictions):
        mask = locate(row["mask"], row["folder"])
        if mask is None:
            continue
        path = known.get(str(row["image_id"]), row)["path"]
        name = f"{safe_name(Path(file_name(path)).stem)}{mask.suffix}"
        if name in found:  # pictures of two folders may have one name
            name = f"{Path(name).stem}-{row['image_id']}{mask.suffix}"
        found[name] = mask
    return found
