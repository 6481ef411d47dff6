"""What `micrographia measure` leaves behind: tables, figures, COCO JSON; and what it prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.io.images import read_labels
from micrographia.io.schemas import INSTANCES, MEASURED_PICTURES
from micrographia.io.tables import write_table
from micrographia.measurement.names import output_names
from micrographia.measurement.page import write_page
from micrographia.measurement.run import TABLE, Request
from micrographia.measurement.tables import parts, write_csv
from micrographia.provenance import stamp
from micrographia.segmentation.measuring.coco import Picture, write_coco
from micrographia.segmentation.measuring.sizes import diameters, distribution
from micrographia.segmentation.measuring.sizes_figure import draw_sizes


def write_results(pictures: pd.DataFrame, instances: pd.DataFrame, request: Request) -> None:
    """Write all tables and the figures of groups and of all pictures together.

    Parameters
    ----------
    pictures, instances
        What `measure_pictures` returned.
    request
        Names the output folder.
    """
    out, provenance = request.out, stamp(request.settings.segmentation)
    write_table(pictures, out / TABLE, MEASURED_PICTURES, provenance)
    write_table(instances, out / "instances.parquet", INSTANCES, provenance)
    write_csv(pictures, instances, out)
    groups = [name for level, name, _ in parts(pictures, instances) if level == "group"]
    names = dict(zip(groups, output_names(groups), strict=True))
    for level, name, part in parts(pictures, instances):
        if level == "all":
            draw_sizes(part, out / "figures" / "all")
        elif level == "group":
            draw_sizes(part, out / "figures" / "groups" / names[name], name)
    measured = pictures[pictures["failure"].isna()].to_dict("records")
    masked = (
        Picture(row["image_id"], row["file"], read_labels(out / "masks" / f"{row['name']}.png"))
        for row in measured
    )
    write_coco(out / "coco.json", masked, {"description": "Micrographia", **provenance})
    write_page(pictures, instances, out)


def line_of(row: Mapping[Any, Any], instances: pd.DataFrame) -> str:
    """Return a line on one picture: how many instances, how large, why if not.

    Parameters
    ----------
    row
        Of `schemas.MEASURED_PICTURES`.
    instances
        Those of all pictures.
    """
    if row["failure"] is not None:
        return f"{row['file']}: not measured. {row['failure']}"
    known = row["pixel_size_nm"] is not None and not pd.isna(row["pixel_size_nm"])
    part = instances[instances["path"] == row["path"]]
    words = [_sizes(part, "nm" if known else "px")]
    if known:
        words.append(f"{row['pixel_size_nm']:.4g} nm per pixel ({row['pixel_size_source']})")
    else:
        words.append(f"pixel size unknown: {row['why_no_pixel_size']}")
    if row["mask_source"] in ("given", "corrected"):
        words.append(f"mask {row['mask_source']}")
    if row["why_not_counted"] is not None:
        words.append(f"not counted: {row['why_not_counted']}")
    return f"{row['file']}: {'; '.join(words)}"


def _sizes(part: pd.DataFrame, unit: str) -> str:
    sizes, n_cut = diameters(part, unit)
    found = distribution(sizes)
    n = len(part)
    words = f"{n} instance{'' if n == 1 else 's'}"
    if n_cut:
        words += f" ({n_cut} cut by the border)"
    if len(sizes) == 1:
        words += f", diameter {found['mean']:.4g} {unit}"
    elif len(sizes):
        words += f", diameter {found['mean']:.4g} ± {found['sd']:.3g} {unit}"
        words += f", median {found['median']:.4g} {unit}"
    return words


def conclusion(pictures: pd.DataFrame, out: Path) -> str:
    """Return the last line: how many pictures were measured, and where the results are."""
    n, failed = len(pictures), int(pictures["failure"].notna().sum())
    sized = int(pictures["pixel_size_nm"].notna().sum())
    counted = int(pictures["why_not_counted"].isna().sum())
    return (
        f"{n - failed} of {n} picture{'' if n == 1 else 's'} measured, {sized} in nm, {counted} "
        f"counted in the distributions. Results: {out / 'index.html'}"
    )
