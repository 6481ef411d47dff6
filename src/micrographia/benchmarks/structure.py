"""Strict picture-level metrics of reconstructed crystals: projections against projections."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.results import metric_row
from micrographia.config import Benchmarks
from micrographia.errors import StructureError, TableError
from micrographia.io.structures import from_cif, orient_layer
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
_Statistic = Callable[[Sequence[float], int, float, int], tuple[float, float, float]]
_SCORES = (
    "rmsd_xy",
    "gamma_error",
    "area_error",
    "composition_correct",
    "rms_sites",
    *DISTANCES,
)


def project(atoms: Atoms) -> Projection:
    """Primitive projected cell of a layer; one whose c is not along z is set upright first.

    Raises
    ------
    StructureError
        The crystal is bulk and lies askew, or its cell has no area.
    """
    cell = np.asarray(atoms.cell[:])
    askew = max(np.abs(cell[:2, 2]).max(), np.abs(cell[2, :2]).max())
    if askew > 1e-3:
        atoms = orient_layer(atoms)
    try:
        plane, xy, numbers = primitive_projection(
            atoms.positions[:, :2],
            atoms.numbers,
            np.asarray(atoms.cell[:2, :2]),
            PROJECTION_TOLERANCE,
        )
    except ValueError as error:
        raise StructureError(f"The crystal has no projection: {error}") from None
    return Projection(plane, xy, numbers)


def compare(answer: Atoms, truth: Atoms) -> dict[str, Any]:
    """Compare two layers as their projections.

    Parameters
    ----------
    answer, truth
        Layers.

    Returns
    -------
    `rmsd_xy` [Å] of a and b; `gamma_error` [degree]; `area_error`, relative;
    `composition_correct`: same species per primitive projected cell; `rms_sites` [Å], None when
    lattice or species differ; `ss_047`, `ss_020`, `ss_010`: whether the sites agree within
    0.47, 0.2, 0.1 Å; `lattice_match`: within 5 % and 3°.

    Notes
    -----
    Lengths and γ are compared between the cells that lie best on each other where the lattices
    match, so a ≈ b or γ ≈ 90° cannot fool them, and between the reduced cells where not.
    A truth whose displacement from a smaller projected cell is close to the tolerance of 0.1 Å
    can be reduced differently from a good answer, which then counts as wrong.

    Raises
    ------
    StructureError
        A crystal has no projection.
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
    Rows of schema STRUCTURE_SCORES, in the order of the images.

    Raises
    ------
    TableError
        An image's crystal is not among the structures.
    """
    truth = {row["structure_id"]: row for row in structures if row["cif"] is not None}
    unknown = sorted({str(row["structure_id"]) for row in images} - {str(key) for key in truth})
    if unknown:
        raise TableError(
            f"{len(unknown)} imaged crystals are not in the table of structures",
            seen=", ".join(unknown[:5]),
            remedy="Give the table from which these images were made",
        )
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
        "engine": image["engine"],
        "tier": image["tier"],
        "dose": image["dose"],
        **dict.fromkeys(_SCORES),
        "confidence": answer["confidence"] if answer else None,
        "seconds": answer["seconds"] if answer else None,
        "failure": answer["failure"] if answer else "missing: there is no reconstruction",
    }
    if answer is None or answer["cif"] is None:
        row["failure"] = row["failure"] or "the solver gave neither a crystal nor a reason"
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

    Pictures made by multislice are a group apart: they test the solver on a forward model that
    is not its own, and enter no other group.

    Parameters
    ----------
    scores
        Columns of schema STRUCTURE_SCORES.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.
    method
        Which method was scored.

    Returns
    -------
    Entries of a benchmark's `metrics`. Shares count a failure as a failure; errors of the
    lattice and times are over the images that got an answer, and say how many did not.
    """
    foreign = scores["engine"] == "multislice"
    own = scores[~foreign]
    groups: list[tuple[str, pd.DataFrame]] = [("all", own)]
    groups += [(f"tier {tier}", group) for tier, group in own.groupby("tier", sort=True)]
    if own["dose"].nunique() > 1:
        groups += [(f"{dose:g} e/Å²", group) for dose, group in own.groupby("dose")]
    if foreign.any():
        groups.append(("multislice images", scores[foreign]))
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
    errors: dict[str, tuple[str, _Statistic]] = {
        "RMSD_xy median [Å]": ("rmsd_xy", _median),
        "RMSD_xy mean [Å]": ("rmsd_xy", bootstrap_mean),
        "γ error median [°]": ("gamma_error", _median),
        "area error median": ("area_error", _median),
        "rms of sites median [Å]": ("rms_sites", _median),
        "seconds per image, median": ("seconds", _median),
    }
    figures: list[tuple[str, _Statistic, list[float]]] = [
        (metric, bootstrap_mean, _successes(group[column])) for metric, column in shares.items()
    ]
    figures += [
        (metric, statistic, group[column].dropna().astype(float).tolist())
        for metric, (column, statistic) in errors.items()
    ]
    rows = []
    for metric, statistic, values in figures:
        value, low, high = statistic(values, settings.bootstrap, settings.confidence, seed)
        rows.append(
            metric_row(
                metric,
                group=name,
                method=method,
                value=value,
                low=low,
                high=high,
                n=len(group),
                n_failed=failed,
            )
        )
    return rows


def _successes(column: pd.Series) -> list[float]:
    return [float(value is True or value == 1) for value in column]


def _median(
    values: Sequence[float], resamples: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """Median with its percentile bootstrap interval; NaN three times without values."""
    if not values:
        return math.nan, math.nan, math.nan
    data = np.asarray(values, dtype=float)
    generator = np.random.default_rng(seed)
    # One resample at a time: all at once would be gigabytes for a large benchmark.
    medians = [
        float(np.median(data[generator.integers(0, len(data), len(data))]))
        for _ in range(resamples)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians, [tail, 1 - tail])
    return float(np.median(data)), float(low), float(high)
