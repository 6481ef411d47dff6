"""Strict picture-level metrics of reconstructed crystals: projections against projections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.results import metric_row
from micrographia.config import Benchmarks
from micrographia.errors import StructureError
from micrographia.io.structures import from_cif
from micrographia.physics.lattice import (
    cell_parameters,
    lattice_mappings,
    niggli_parameters,
    primitive_projection,
)
from micrographia.physics.matching import Projection, site_distance

#: Merges a buckled crystal's copies into its projected primitive cell [Å].
PROJECTION_TOLERANCE = 0.1
#: The paper's exp(-MSE) ≥ 0.8, and two stricter distances [Å].
DISTANCES = {"ss_047": 0.47, "ss_020": 0.2, "ss_010": 0.1}
_SCORES = (
    "rmsd_xy",
    "gamma_error",
    "area_error",
    "composition_correct",
    "rms_sites",
    *DISTANCES,
)


def project(atoms: Atoms) -> Projection:
    """Primitive projected cell of a layer with c along z."""
    cell, xy, numbers = primitive_projection(
        atoms.positions[:, :2], atoms.numbers, np.asarray(atoms.cell[:2, :2]), PROJECTION_TOLERANCE
    )
    return Projection(cell, xy, numbers)


def compare(answer: Atoms, truth: Atoms) -> dict[str, Any]:
    """Compare two layers as their projections.

    Parameters
    ----------
    answer, truth
        Layers with c along z.

    Returns
    -------
    `rmsd_xy` [Å] of a and b; `gamma_error` [degree]; `area_error`, relative;
    `composition_correct`: same species per primitive projected cell; `rms_sites` [Å], None when
    lattice or species differ; `ss_047`, `ss_020`, `ss_010`: whether the sites agree within
    0.47, 0.2, 0.1 Å; `lattice_match`: within 5 % and 3°.
    """
    found, wanted = project(answer), project(truth)
    mappings = lattice_mappings(wanted.cell, found.cell)
    if mappings:
        a, b, gamma = cell_parameters(mappings[0] @ found.cell)
        a_true, b_true, gamma_true = cell_parameters(wanted.cell)
    else:
        a, b, gamma = niggli_parameters(found.cell)
        a_true, b_true, gamma_true = niggli_parameters(wanted.cell)
    areas = [abs(float(np.linalg.det(item.cell))) for item in (found, wanted)]
    distance = site_distance(found, wanted)
    return {
        "rmsd_xy": float(np.sqrt(((a - a_true) ** 2 + (b - b_true) ** 2) / 2)),
        "gamma_error": abs(gamma - gamma_true),
        "area_error": abs(areas[0] / areas[1] - 1),
        "composition_correct": found.same_composition(wanted),
        "rms_sites": distance,
        **{name: distance is not None and distance <= limit for name, limit in DISTANCES.items()},
        "lattice_match": bool(mappings),
    }


def score_rows(
    images: Sequence[Mapping[str, Any]],
    structures: Sequence[Mapping[str, Any]],
    reconstructions: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Score every image; one without an answer is a failure, never a missing row.

    Parameters
    ----------
    images, structures, reconstructions
        Rows of schemas STEM_IMAGES, STRUCTURES, RECONSTRUCTIONS.

    Returns
    -------
    Rows of schema STRUCTURE_SCORES.
    """
    truth = {row["structure_id"]: row for row in structures}
    answers = {row["image_id"]: row for row in reconstructions}
    return [
        _score(image, truth[image["structure_id"]], answers.get(image["image_id"]))
        for image in images
    ]


def _score(
    image: Mapping[str, Any], truth: Mapping[str, Any], answer: Mapping[str, Any] | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "image_id": image["image_id"],
        "structure_id": image["structure_id"],
        "formula": truth["formula"],
        "tier": image["tier"],
        "dose": image["dose"],
        **dict.fromkeys(_SCORES),
        "confidence": answer["confidence"] if answer else None,
        "seconds": answer["seconds"] if answer else None,
        "failure": answer["failure"] if answer else "missing: there is no reconstruction",
    }
    if answer is None or answer["cif"] is None:
        return row
    try:
        result = compare(from_cif(answer["cif"]), from_cif(truth["cif"]))
    except StructureError as error:
        row["failure"] = str(error)
        return row
    row.update({name: result[name] for name in _SCORES})
    return row


def summarise(
    scores: pd.DataFrame, settings: Benchmarks, seed: int, method: str
) -> list[dict[str, Any]]:
    """Figures over all images, by tier and by dose, with bootstrap intervals.

    Shares count a failure as a failure; errors of the lattice are over the images that got an
    answer, and say how many did not.
    """
    groups: list[tuple[str, pd.DataFrame]] = [("all", scores)]
    groups += [(f"tier {tier}", group) for tier, group in scores.groupby("tier", sort=True)]
    if scores["dose"].nunique() > 1:
        groups += [(f"{dose:g} e/Å²", group) for dose, group in scores.groupby("dose")]
    rows = []
    for name, group in groups:
        rows += _summarise_group(name, group, settings, seed, method)
    return rows


def _summarise_group(
    name: str, group: pd.DataFrame, settings: Benchmarks, seed: int, method: str
) -> list[dict[str, Any]]:
    failed = int(group["rmsd_xy"].isna().sum())
    shares = {
        "S.S.@0.47": "ss_047",
        "S.S.@0.2": "ss_020",
        "S.S.@0.1": "ss_010",
        "C.C.": "composition_correct",
    }
    errors: dict[str, tuple[str, Callable[[pd.Series], float]]] = {
        "RMSD_xy median [Å]": ("rmsd_xy", pd.Series.median),
        "RMSD_xy mean [Å]": ("rmsd_xy", pd.Series.mean),
        "γ error median [°]": ("gamma_error", pd.Series.median),
        "seconds per image, median": ("seconds", pd.Series.median),
    }
    rows = []
    for metric, column in shares.items():
        values = group[column].map(lambda value: value is True or value == 1).astype(float)
        mean, low, high = bootstrap_mean(
            values.tolist(), settings.bootstrap, settings.confidence, seed
        )
        rows.append(
            metric_row(
                metric,
                group=name,
                method=method,
                value=mean,
                low=low,
                high=high,
                n=len(group),
                n_failed=failed,
            )
        )
    for metric, (column, reduce) in errors.items():
        known = group[column].dropna().astype(float)
        value = float(reduce(known)) if len(known) else None
        rows.append(
            metric_row(
                metric, group=name, method=method, value=value, n=len(group), n_failed=failed
            )
        )
    return rows
