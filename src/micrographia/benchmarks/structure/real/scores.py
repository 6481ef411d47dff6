"""One row for each real picture: the cell, its ratio, sites and species beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.benchmarks.structure.outcome import NO_ANSWER, REFUSED
from micrographia.benchmarks.structure.scores import compare, project
from micrographia.errors import StructureError
from micrographia.io.benchmark_results import MetricRow, metric_row
from micrographia.io.datasets.real_pictures import RealPicture
from micrographia.io.schemas import REAL_SCORES
from micrographia.io.schemas.rows import ReconstructionRow, blank
from micrographia.io.structures import from_cif, read_structure
from micrographia.physics.lattice import cell_parameters, lattice_mappings, niggli_parameters
from micrographia.physics.matching import Projection


def score_real(
    pictures: Sequence[RealPicture],
    used: Mapping[str, Mapping[str, Any]],
    answers: Mapping[str, ReconstructionRow],
) -> list[dict[str, Any]]:
    """Score every picture; one without an answer is a failure, never a missing row.

    Parameters
    ----------
    pictures
        From `read_real_pictures`.
    used
        Rows of schema REAL_PICTURES by name.
    answers
        Rows of schema RECONSTRUCTIONS by name.

    Returns
    -------
    Rows of schema REAL_SCORES in the order of the pictures. Without a truth, what would be
    compared with it is null.
    """
    return [_score(one, used.get(one.name, {}), answers.get(one.name)) for one in pictures]


def _score(
    picture: RealPicture, used: Mapping[str, Any], answer: ReconstructionRow | None
) -> dict[str, Any]:
    row: dict[str, Any] = blank(REAL_SCORES)
    row |= {
        "name": picture.name,
        "picture": picture.picture.name,
        "elements": list(picture.elements),
        "scale": picture.scale,
        "pixel_size": used.get("pixel_size"),
        "note": picture.note,
    }
    try:
        truth = None if picture.truth is None else read_structure(picture.truth)
        wanted = None if truth is None else project(truth)
    except StructureError as error:
        return row | {"failure": f"the true crystal: {error}", "outcome": NO_ANSWER}
    if wanted is not None:
        row |= _named(niggli_parameters(wanted.cell), "_true")
        row |= dict.fromkeys(("composition_correct", "ss_047", "ss_020", "ss_010"), False)
    if answer is None:
        return row | {"failure": "missing: there is no reconstruction", "outcome": NO_ANSWER}
    row |= {"confidence": answer["confidence"], "seconds": answer["seconds"]}
    if answer["cif"] is None:
        return row | {"failure": answer["failure"], "outcome": REFUSED}
    atoms = from_cif(answer["cif"])
    found = project(atoms)
    row["formula"] = str(atoms.get_chemical_formula("metal"))
    if truth is None or wanted is None:
        return row | _named(niggli_parameters(found.cell), "")
    result = compare(atoms, truth)
    row |= {key: value for key, value in result.items() if key in row}
    return row | _cells(found, wanted)


def _cells(found: Projection, wanted: Projection) -> dict[str, float]:
    """Both cells where they lie best on each other, or reduced; error of their ratio b/a."""
    mappings = lattice_mappings(wanted.cell, found.cell)
    if mappings:
        pair = cell_parameters(mappings[0] @ found.cell), cell_parameters(wanted.cell)
    else:
        pair = niggli_parameters(found.cell), niggli_parameters(wanted.cell)
    ratio = (pair[0][1] / pair[0][0]) / (pair[1][1] / pair[1][0])
    return {**_named(pair[0], ""), **_named(pair[1], "_true"), "ratio_error": abs(ratio - 1)}


def _named(parameters: tuple[float, float, float], suffix: str) -> dict[str, float]:
    return {
        f"{key}{suffix}": value for key, value in zip(("a", "b", "gamma"), parameters, strict=True)
    }


def summarise_real(rows: Sequence[Mapping[str, Any]]) -> list[MetricRow]:
    """Shares of the pictures with a truth, a failure counting as none, and median errors.

    Pictures are few: there are no intervals.
    """
    judged = [row for row in rows if row["a_true"] is not None]
    failed = sum(row["failure"] is not None for row in judged)
    shares = {
        "S.S.@0.47": "ss_047",
        "S.S.@0.2": "ss_020",
        "S.S.@0.1": "ss_010",
        "C.C.": "composition_correct",
    }
    figures = {
        metric: float(np.mean([bool(row[column]) for row in judged])) if judged else None
        for metric, column in shares.items()
    }
    ratios = [row["ratio_error"] for row in judged if row["ratio_error"] is not None]
    figures["error of b/a, median"] = float(np.median(ratios)) if ratios else None
    return [
        metric_row(
            metric, group="all", method="analysis", value=value, n=len(judged), n_failed=failed
        )
        for metric, value in figures.items()
    ]
