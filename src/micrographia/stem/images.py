"""Shards of STEM images: noiseless images, noise for each dose, comparison of engines."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.config import Stem
from micrographia.errors import MicrographiaError, StructureError
from micrographia.io import schemas
from micrographia.io.schemas.rows import (
    EngineRow,
    StemImageRow,
    StructureRow,
    blank,
)
from micrographia.io.stem_images import read_stem_image, write_stem_image
from micrographia.io.structures import from_cif
from micrographia.method_names import Engine as EngineName
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.stem.draw import draw
from micrographia.stem.masks import write_column_masks
from micrographia.stem.multislice import Effort, multislice_series, orthogonal_cell
from micrographia.stem.phase_object import phase_object_series
from micrographia.stem.simulate import (
    View,
    add_noise,
    draw_view,
    render,
)

logger = logging.getLogger(__name__)


#: The pictures of two engines by name, and their pixel size [Å].
Pictures = dict[str, Any]

# Last word of a picture's seed: one stream of random numbers for each purpose.
_CONDITIONS, _JITTER = 1, 2

# Conditions that have a column of their own.
_COLUMNS = {"energy_keV", "semiangle_mrad", "defocus", "detector"}


def clean_images(
    structures: Sequence[StructureRow], settings: Stem, seed: int, folder: Path, engine: EngineName
) -> list[StemImageRow]:
    """Image each crystal without noise into `folder`; return rows of schema STEM_IMAGES.

    Rotation, origin and drawn conditions follow from the seed and the crystal's name alone, so a
    picture does not depend on which shard or run makes it.
    """
    return [_clean_image(record, settings, seed, folder, engine) for record in structures]


def _clean_image(
    record: StructureRow, settings: Stem, seed: int, folder: Path, engine: EngineName
) -> StemImageRow:
    name = str(record["structure_id"])
    stream = [seed, _number(name)]
    drawn = draw(settings, [*stream, _CONDITIONS])
    placed = draw_view(settings.pixel_size, drawn.field, settings.rotation, stream)
    view = replace(placed, drift=drawn.drift, jitter=drawn.jitter, jitter_seed=(*stream, _JITTER))
    row = _row(record, drawn.conditions, view, seed, engine)
    try:
        atoms = from_cif(record["cif"])
        path = f"{row['image_id']}.tif"
        write_stem_image(folder / path, render(atoms, drawn.conditions, view, engine))
        row["path"] = path
        if settings.masks:
            mask = folder / f"{row['image_id']}.mask.tif"
            write_column_masks(atoms, view, mask, settings.mask_sigma, settings.mask_radius)
    except MicrographiaError as error:
        logger.warning("%s: %s", name, error)
        row["failure"] = str(error)
    return row


def _row(
    record: StructureRow, conditions: ImagingConditions, view: View, seed: int, engine: EngineName
) -> StemImageRow:
    name = str(record["structure_id"])
    row: StemImageRow = blank(schemas.STEM_IMAGES)
    row.update(
        {
            "image_id": _name(name, seed, engine),
            "structure_id": name,
            "elements": record["elements"],
            "engine": engine,
            "energy_keV": conditions.energy_keV,
            "semiangle_mrad": conditions.semiangle_mrad,
            "defocus": conditions.defocus,
            "aberrations": conditions.model_dump_json(exclude=_COLUMNS),
            "detector": conditions.detector,
            "pixel_size": view.pixel_size,
            "field": view.field,
            "rotation": view.rotation,
            "seed": seed,
        }
    )
    return row


def exposures(
    images: Sequence[StemImageRow], source: Path, settings: Stem, seed: int, folder: Path
) -> Iterator[StemImageRow]:
    """Draw each dose of the settings from each noiseless image; yield rows of STEM_IMAGES."""
    for record in images:
        clean = None if record["failure"] else read_stem_image(source / record["path"])
        for dose in settings.doses:
            row = record.copy()
            row["image_id"] = _name(record["image_id"], f"{dose:g}")
            row["dose"] = dose
            row["tier"] = tier(len(record["elements"]), dose)
            if clean is not None:
                row["path"] = f"{row['image_id']}.tif"
                noise_seed = [seed, _number(row["image_id"])]
                write_stem_image(folder / row["path"], add_noise(clean, dose, noise_seed))
            yield row


def tier(n_elements: int, dose: float) -> int:
    """Tier of STEM2Mat-Bench (AutoMat, section 3): the harder of composition and dose.

    1: unary and at least 5×10⁴ e/Å²; 3: ternary or more, or less than 3×10⁴ e/Å²; 2: the rest.
    """
    by_composition = min(n_elements, 3)
    by_dose = 1 if dose >= 5e4 else 2 if dose >= 3e4 else 3
    return max(by_composition, by_dose)


def compare_engines(
    name: str, atoms: Atoms, conditions: ImagingConditions, pixel_size: float
) -> tuple[EngineRow, Pictures]:
    """Image one periodic cell by both engines.

    Returns
    -------
    row, arrays
        A row of schema ENGINES; the two pictures for the report. The times are of the same
        scan points, from the atoms to the finished picture. What either engine does once for
        all crystals (abTEM compiles, the phase object tabulates its transfer function) is left
        to the caller's first, unmeasured call.
    """
    layer, _ = orthogonal_cell(atoms)
    side = layer.cell.lengths()[:2]
    columns, rows = (max(8, round(length / pixel_size)) for length in side)
    pictures: Pictures = {"pixel_size": pixel_size}
    seconds: dict[str, float] = {}
    for engine, series in (
        ("phase_object", phase_object_series),
        ("multislice", partial(multislice_series, effort=Effort(spacing=pixel_size))),
    ):
        started = time.perf_counter()
        g, coefficients = series(layer, conditions)
        pictures[engine] = evaluate_series(g, coefficients, (rows, columns), pixel_size)
        seconds[engine] = time.perf_counter() - started
    correlation = np.corrcoef(pictures["phase_object"].ravel(), pictures["multislice"].ravel())
    row: EngineRow = {
        "structure_id": name,
        "formula": atoms.get_chemical_formula("metal"),
        "detector": conditions.detector,
        "correlation": float(correlation[0, 1]),
        "seconds_phase_object": seconds["phase_object"],
        "seconds_multislice": seconds["multislice"],
        "time_ratio": seconds["multislice"] / seconds["phase_object"],
        "scan_points": rows * columns,
        "failure": None,
    }
    return row, pictures


def engine_comparison(
    structures: Sequence[StructureRow], settings: Stem
) -> Iterator[tuple[EngineRow, Pictures]]:
    """Compare the engines on the crystals that `settings.multislice` names.

    Each is imaged with the ideal centre of mass and with four quadrants. A crystal that is not
    in the table, or that abTEM cannot image, yields a row with the failure.
    """
    by_name = {row["structure_id"]: row["cif"] for row in structures}
    compiled = False
    for name in settings.multislice:
        for detector in ("icom", "segments"):
            conditions = settings.conditions.model_copy(update={"detector": detector})
            try:
                if name not in by_name or by_name[name] is None:
                    raise StructureError(
                        f"stem.multislice contains '{name}', which is not one of the crystals",
                        allowed=", ".join(sorted(by_name)[:12]) + ", …",
                        remedy="Correct the name, or set an empty list",
                    )
                atoms = from_cif(by_name[name])
                phase_object_series(atoms, conditions)
                if not compiled:
                    multislice_series(atoms, conditions)
                    compiled = True
                yield compare_engines(name, atoms, conditions, settings.pixel_size)
            except MicrographiaError as error:
                logger.warning("%s: %s", name, error)
                yield _engine_failure(name, detector, str(error)), {}


def _engine_failure(name: str, detector: str, reason: str) -> EngineRow:
    row: EngineRow = blank(schemas.ENGINES)
    row.update({"structure_id": name, "detector": detector, "failure": reason})
    return row


def _name(*parts: object) -> str:
    return f"{_number('|'.join(str(part) for part in parts)):016x}"


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
