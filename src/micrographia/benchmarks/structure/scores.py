"""Strict picture-level metrics of reconstructed crystals: projections against projections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from ase import Atoms

from micrographia.benchmarks.structure.alternatives import is_among_first
from micrographia.benchmarks.structure.outcome import (
    NO_ANSWER,
    REFUSED,
    classify,
    refusal_class,
)
from micrographia.errors import StructureError, TableError
from micrographia.io.schemas import STRUCTURE_SCORES
from micrographia.io.schemas.rows import (
    ReconstructionRow,
    StemImageRow,
    StructureRow,
    StructureScoreRow,
    blank,
)
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
#: Track of answers that name none.
GIVEN = "given"


class Comparison(TypedDict):
    """What `compare` finds; see there."""

    rmsd_xy: float
    gamma_error: float
    area_error: float
    composition_correct: bool
    rms_sites: float | None
    ss_047: bool
    ss_020: bool
    ss_010: bool
    lattice_match: bool
    outcome: str


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


def compare(answer: Atoms, truth: Atoms) -> Comparison:
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
    0.47, 0.2, 0.1 Å; `lattice_match`: within 5 % and 3°; `outcome`: right, or wrong in which
    way (`structure_outcome.OUTCOMES`).

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
    return _compare(project(answer), project(truth))


def _compare(found: Projection, wanted: Projection) -> Comparison:
    mappings = lattice_mappings(wanted.cell, found.cell)
    if mappings:
        a, b, gamma = cell_parameters(mappings[0] @ found.cell)
        a_true, b_true, gamma_true = cell_parameters(wanted.cell)
    else:
        a, b, gamma = niggli_parameters(found.cell)
        a_true, b_true, gamma_true = niggli_parameters(wanted.cell)
    areas = [abs(float(np.linalg.det(item.cell))) for item in (found, wanted)]
    distance = site_distance(found, wanted)
    within = {
        name: distance is not None and distance <= limit for name, limit in DISTANCES.items()
    }
    return {
        "rmsd_xy": float(np.sqrt(((a - a_true) ** 2 + (b - b_true) ** 2) / 2)),
        "gamma_error": abs(gamma - gamma_true),
        "area_error": abs(areas[0] / areas[1] - 1),
        "composition_correct": found.same_composition(wanted),
        "rms_sites": distance,
        "ss_047": within["ss_047"],
        "ss_020": within["ss_020"],
        "ss_010": within["ss_010"],
        "lattice_match": bool(mappings),
        "outcome": classify(found, wanted, distance),
    }


def score_rows(
    images: Sequence[StemImageRow],
    structures: Sequence[StructureRow],
    reconstructions: Sequence[ReconstructionRow],
) -> list[StructureScoreRow]:
    """Score every image in every run; one without an answer is a failure, never a missing row.

    Parameters
    ----------
    images, structures, reconstructions
        Rows of schemas STEM_IMAGES, STRUCTURES, RECONSTRUCTIONS. Answers of the same `method`
        and `track` are a run; an answer that names no track was told the elements.

    Returns
    -------
    Rows of schema STRUCTURE_SCORES, run by run in order of appearance, each in the order of the
    images.

    Raises
    ------
    TableError
        An image's crystal is not among the structures, or a run answers an image twice.
    """
    truth = {row["structure_id"]: row for row in structures if row["cif"] is not None}
    unknown = sorted({str(row["structure_id"]) for row in images} - {str(key) for key in truth})
    if unknown:
        raise TableError(
            f"{len(unknown)} imaged crystals are not in the table of structures",
            seen=", ".join(unknown[:5]),
            remedy="Give the table from which these images were made",
        )
    shown = sorted({image["structure_id"] for image in images})
    targets = {name: _target(truth[name]["cif"]) for name in shown}
    return [
        _score(image, run, truth[image["structure_id"]], targets[image["structure_id"]], answer)
        for run, answers in _runs(reconstructions).items()
        for image, answer in ((image, answers.get(image["image_id"])) for image in images)
    ]


def _target(cif: str) -> Projection | str:
    """Projection of a true crystal, or why it has none."""
    try:
        return project(from_cif(cif))
    except StructureError as error:
        return f"the true crystal: {error}"


def _runs(
    reconstructions: Sequence[ReconstructionRow],
) -> dict[tuple[str, str], dict[str, ReconstructionRow]]:
    """Answers by image, for each method and track; one run without answers where there is none."""
    runs: dict[tuple[str, str], dict[str, ReconstructionRow]] = {}
    for row in reconstructions:
        key = (row["method"], row.get("track") or GIVEN)
        answers = runs.setdefault(key, {})
        if row["image_id"] in answers:
            raise TableError(
                f"Image {row['image_id']} is answered twice by {key[0]} on track {key[1]}",
                remedy="If two runs differ only in their settings, give them different method "
                "names",
            )
        answers[row["image_id"]] = row
    return runs or {("none", GIVEN): {}}


def _score(
    image: StemImageRow,
    run: tuple[str, str],
    truth: StructureRow,
    target: Projection | str,
    answer: ReconstructionRow | None,
) -> StructureScoreRow:
    row: StructureScoreRow = blank(STRUCTURE_SCORES)
    row = {
        **row,
        "image_id": image["image_id"],
        "structure_id": image["structure_id"],
        "formula": truth["formula"],
        "method": run[0],
        "track": run[1],
        "engine": image["engine"],
        "tier": image["tier"],
        "dose": image["dose"],
        "composition_in_top_3": False,
    }
    if answer is not None:
        row["template"], row["failure"] = answer.get("template"), answer["failure"]
        row["confidence"], row["seconds"] = answer["confidence"], answer["seconds"]
    if isinstance(target, str):
        return {**row, "failure": target, "outcome": NO_ANSWER}
    if answer is None or answer["cif"] is None:
        return _unanswered(row, answer, target)
    try:
        found = project(from_cif(answer["cif"]))
    except StructureError as error:
        return {**row, "failure": str(error), "outcome": NO_ANSWER}
    result = _compare(found, target)
    among = is_among_first(
        found.numbers.tolist(), answer["alternatives"] or (), target.numbers.tolist()
    )
    return {
        **row,
        "rmsd_xy": result["rmsd_xy"],
        "gamma_error": result["gamma_error"],
        "area_error": result["area_error"],
        "composition_correct": result["composition_correct"],
        "rms_sites": result["rms_sites"],
        "ss_047": result["ss_047"],
        "ss_020": result["ss_020"],
        "ss_010": result["ss_010"],
        "composition_in_top_3": among,
        "outcome": result["outcome"],
    }


def _unanswered(
    row: StructureScoreRow, answer: ReconstructionRow | None, target: Projection
) -> StructureScoreRow:
    """What is said of an image without a crystal; its alternatives, if any, still count."""
    if answer is None:
        reason = "missing: there is no reconstruction"
        return {**row, "failure": reason, "outcome": NO_ANSWER}
    if not answer["failure"]:
        reason = "the solver gave neither a crystal nor a reason"
        return {**row, "failure": reason, "outcome": NO_ANSWER}
    alternatives = answer.get("alternatives") or ()
    return {
        **row,
        "outcome": REFUSED,
        "refusal": refusal_class(answer["failure"]),
        "composition_in_top_3": is_among_first(None, alternatives, target.numbers.tolist()),
    }
