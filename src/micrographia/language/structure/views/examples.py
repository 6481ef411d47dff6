"""Pictures that were answered, drawn again, so that a reader can judge the answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.config import StructureText
from micrographia.errors import MicrographiaError, TableError
from micrographia.io.schemas import WRITTEN_EXAMPLES
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.language.structure.pictures import PIXEL
from micrographia.language.structure.samples import Shown, crystals_of, show
from micrographia.language.structure.seen.repeats import find_repeats


def choose(scores: Sequence[Mapping[str, Any]], count: int) -> list[tuple[int, Mapping[str, Any]]]:
    """Choose answers from the best to the worst, the median and misses among them.

    Parameters
    ----------
    scores
        Rows of WRITTEN_SCORES.
    count
        How many stand at equal steps of rank. The median, and half as many misses at equal steps
        of theirs, come in addition, since a good network has few.

    Returns
    -------
    Rank from 1 and row of each, the best first. Answers with Hit@1 come before those without,
    then the smaller error of a and b comes first; no answer comes last.
    """

    def worse(row: Mapping[str, Any]) -> tuple[bool, float, str]:
        error = math.inf if row["rmsd_xy"] is None else float(row["rmsd_xy"])
        return not row["hit_1"], error, str(row["image_id"])

    ranked = sorted(scores, key=worse)
    misses = [place for place, row in enumerate(ranked) if not row["hit_1"]]
    chosen = set(_steps(list(range(len(ranked))), count)) | set(_steps(misses, (count + 1) // 2))
    if ranked:
        chosen.add((len(ranked) - 1) // 2)
    return [(place + 1, ranked[place]) for place in sorted(chosen)]


def _steps(places: Sequence[int], count: int) -> list[int]:
    if not places:
        return []
    steps = np.linspace(0, len(places) - 1, min(count, len(places))).round().astype(int)
    return [places[step] for step in steps.tolist()]


def draw_examples(
    rows: Sequence[Mapping[str, Any]],
    scores: Sequence[Mapping[str, Any]],
    settings: StructureText,
    seed: int,
    count: int,
    folder: Path,
) -> list[dict[str, Any]]:
    """Draw pictures that were answered again, pixel for pixel.

    Parameters
    ----------
    rows
        Rows of CRYSTAL_TEXTS that were answered, in their order: it decides, with the seed, how
        each picture looks.
    scores
        Rows of WRITTEN_SCORES of these answers.
    settings
        What spoiled the pictures.
    seed
        Of the pictures.
    count
        As for `choose`.
    folder
        Where the pictures are written as TIFF.

    Returns
    -------
    Rows of WRITTEN_EXAMPLES, the best answer first.

    Raises
    ------
    TableError
        A score is of a picture that these rows and this seed do not make.
    """
    numbers = {f"{row['structure_id']}-{seed}": number for number, row in enumerate(rows)}
    unknown = sorted({str(row["image_id"]) for row in scores} - set(numbers))
    if unknown:
        raise TableError(
            f"{len(unknown)} scored pictures are not of these crystals and this seed",
            seen=unknown[0],
            remedy="Give --seed and --split as for `language structures`, and the same texts",
        )
    found = []
    for rank, score in choose(scores, count):
        number = numbers[score["image_id"]]
        line: dict[str, Any] = blank(WRITTEN_EXAMPLES)
        line |= {"image_id": score["image_id"], "structure_id": score["structure_id"]}
        line |= {"rank": rank, "pictures": len(scores)}
        try:
            (crystal,) = crystals_of([rows[number]])
            shown = show(crystal, settings.pictures, np.random.default_rng([seed, number]))
            line |= {"path": f"{rank}.tif", "pixel_size": PIXEL, **_frame(shown)}
            write_stem_image(folder / line["path"], StemImage(shown.picture, PIXEL))
        except MicrographiaError as error:
            line |= {"failure": str(error)}
        found.append(line)
    return found


def _frame(shown: Shown) -> dict[str, Any]:
    """The true crystal where the picture shows it, and its text from where the network begins."""
    plane, view = shown.crystal.plane(), shown.view
    cell = plane.cell @ view.turn()
    xy = (plane.fractions + np.array(view.origin)) @ cell
    return {
        "rotation": float(np.degrees(view.rotation)),
        "text": shown.truth_from(find_repeats(shown.picture).origin).text(),
        "cell": cell.ravel().tolist(),
        "x": xy[:, 0].tolist(),
        "y": xy[:, 1].tolist(),
        "numbers": plane.numbers.tolist(),
    }
