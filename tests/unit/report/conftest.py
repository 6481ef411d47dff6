"""A small run on disk, made by the library itself: pictures, masks, crystals, scores."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2
from ase.io.cif import write_cif
from PIL import Image
from scipy import ndimage

from micrographia.io import schemas
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.images import image_id, write_labels
from micrographia.io.stem_images import write_stem_image
from micrographia.io.tables import write_table
from micrographia.physics.conditions import ImagingConditions
from micrographia.provenance import stamp
from micrographia.stem.simulate import View, simulate

SIDE = 256


def blank(schema: Any, **values: Any) -> dict[str, Any]:
    """Return a row with every column of a schema, null where nothing is given."""
    return dict.fromkeys(schema.names) | values


def draw_particles(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw bright discs on a noisy ground: picture and labels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), dtype=np.int32)
    for label in range(1, count + 1):
        cx, cy = random.uniform(20, SIDE - 20, 2)
        disc = (x - cx) ** 2 + (y - cy) ** 2 < random.uniform(8, 18) ** 2
        labels[disc & (labels == 0)] = label
    picture = ndimage.gaussian_filter(90.0 + 90.0 * (labels > 0), 1.2)
    picture += random.normal(0, 8, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), labels


def write_micrograph_wing(root: Path) -> None:
    """Five micrographs, one of them rejected; predictions that lose and invent instances."""
    micrographs, scores = [], []
    predictions: list[dict[str, Any]] = []
    instances = []
    shard = root / "segmentation" / "predicted" / "000"
    for index in range(5):
        picture, labels = draw_particles(index, 6 + 3 * index)
        name, path = image_id(picture), root / "synthesis" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
        write_labels(path.with_name(f"{index}_mask.png"), labels)
        known = {"image_id": name, "path": str(path), "status": "kept", "pixel_size_nm": 2.0}
        known["mask_path"] = str(path.with_name(f"{index}_mask.png"))
        if index == 4:
            known |= {"status": "rejected", "reason": "blurred: sharpness 0.004"}
        micrographs.append(blank(schemas.MICROGRAPHS, **known))
        if index == 4:
            continue
        found = np.where(np.isin(labels, range(1, 1 + index)), 0, labels)
        found[2:20, 2:20] = 99
        write_labels(shard / f"{name}.png", found)
        n_true, n_found = (np.unique(part).size - 1 for part in (labels, found))
        row = {"image_id": name, "path": str(path), "method": "watershed"}
        predictions.append(
            blank(schemas.PREDICTIONS, **row, mask=f"{name}.png", n_instances=n_found, seconds=0.1)
        )
        for label in np.unique(found)[1:]:
            area = float((found == label).sum())
            diameter = 2 * np.sqrt(area / np.pi)
            instances.append(
                blank(
                    schemas.INSTANCES,
                    image_id=name,
                    label=int(label),
                    area_px=area,
                    equivalent_diameter_px=diameter,
                    equivalent_diameter_nm=2 * diameter,
                )
            )
        ap50 = (n_true - index) / (n_true + 1)
        scores.append(
            blank(
                schemas.SEGMENTATION_SCORES,
                **row,
                n_true=n_true,
                n_predicted=n_found,
                ap50=ap50,
                density="sparse",
            )
        )
    predictions.append(
        blank(schemas.PREDICTIONS, image_id="f00d", path="torn.png", failure="torn.png is damaged")
    )
    write_table(micrographs, root / "curation" / "micrographs.parquet", schemas.MICROGRAPHS)
    write_table(predictions, shard / "predictions.parquet", schemas.PREDICTIONS)
    write_table(instances, shard / "instances.parquet", schemas.INSTANCES)
    write_table([], shard.with_name("001") / "instances.parquet", schemas.INSTANCES)
    whole = {"n": len(instances), "geometric_mean": 31.4, "geometric_sd": 1.25, "ks": 0.087}
    ends = {"geometric_mean_low": 29.1, "geometric_mean_high": 33.9}
    fits = [blank(schemas.SIZES, unit=unit, **whole, **ends) for unit in ("px", "nm")]
    write_table(fits, root / "segmentation" / "measurements" / "sizes.parquet", schemas.SIZES)
    folder = root / "benchmarks"
    write_table(scores, folder / "segmentation.parquet", schemas.SEGMENTATION_SCORES)
    values = [row["ap50"] for row in scores]
    figures = {"value": float(np.mean(values)), "low": min(values), "high": max(values)}
    write_result(
        folder / "segmentation.json",
        "segmentation",
        [metric_row("AP@0.5", group="all", method="watershed", n=5, n_failed=1, **figures)],
        stamp({}, 1),
        n=5,
        n_failed=1,
    )


def cif_of(atoms: Atoms) -> str:
    """Write a crystal as CIF text."""
    text = io.BytesIO()
    write_cif(text, atoms)
    return text.getvalue().decode()


def write_stem_wing(root: Path) -> None:
    """Pictures of graphene and MoS2 with the answers of an ideal solver, and one failure."""
    conditions = ImagingConditions()
    crystals = {"graphene": graphene(vacuum=10.0), "MoS2-1H": mx2("MoS2", vacuum=10.0)}
    structures, exposures, answers, scores = [], [], [], []
    shot = root / "stem" / "exposures" / "000"
    solved = root / "reconstruction" / "000"
    (solved / "cells").mkdir(parents=True)
    for index, (name, atoms) in enumerate(crystals.items()):
        atoms.pbc = True
        formula = atoms.get_chemical_formula("metal")
        row = {"structure_id": name, "elements": sorted(set(atoms.symbols))}
        structures.append(
            blank(schemas.STRUCTURES, **row, formula=formula, cif=cif_of(atoms), status="kept")
        )
        view = View(field=48.0, rotation=20.0 + 31.0 * index, origin=(3.0, 5.0))
        picture = simulate(atoms, conditions, view, dose=3e4, seed=index)
        write_stem_image(shot / f"{name}.tif", picture)
        exposures.append(
            blank(
                schemas.STEM_IMAGES,
                image_id=name,
                path=f"{name}.tif",
                dose=3e4,
                engine="phase-object",
                pixel_size=0.1,
                rotation=view.rotation,
                **row,
            )
        )
        np.savez(solved / "cells" / f"{name}.npz", **ideal_answer(atoms, view))
        answers.append(
            blank(schemas.RECONSTRUCTIONS, image_id=name, method="solver", confidence=0.9)
        )
        scores.append(
            blank(
                schemas.STRUCTURE_SCORES,
                image_id=name,
                **{"structure_id": name, "formula": formula, "composition_correct": True},
                rmsd_xy=0.004 * (index + 1),
                rms_sites=0.02 * (index + 1),
            )
        )
    reason = "no lattice explains the picture"
    answers.append(blank(schemas.RECONSTRUCTIONS, image_id="noise", failure=reason))
    write_table(structures, root / "stem" / "structures.parquet", schemas.STRUCTURES)
    write_table(exposures, shot / "images.parquet", schemas.STEM_IMAGES)
    write_table(answers, solved / "reconstructions.parquet", schemas.RECONSTRUCTIONS)
    write_table(scores, root / "benchmarks" / "structure.parquet", schemas.STRUCTURE_SCORES)
    write_engines(root, crystals["graphene"], conditions)


def ideal_answer(atoms: Atoms, view: View) -> dict[str, np.ndarray]:
    """What a faultless solver returns: the crystal in the frame of its picture."""
    angle = np.deg2rad(view.rotation)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    cell = atoms.cell[:2, :2] @ turn
    xy = atoms.positions[:, :2] @ turn + view.origin
    # The clean picture, read at the points of a grid over one cell in its middle.
    clean = simulate(atoms, ImagingConditions(), view).pixels
    fractions = np.stack(np.meshgrid(*[np.arange(40) / 40] * 2, indexing="ij"), axis=-1)
    home = np.round(np.linalg.solve(cell.T, [24.0, 24.0])) @ cell
    points = (fractions @ cell + home) / view.pixel_size
    average = ndimage.map_coordinates(clean, [points[..., 1], points[..., 0]], order=1)
    numbers = atoms.numbers
    return {
        "average": average.astype(np.float32),
        "model": (average - average.mean()).astype(np.float32),
        "cell": cell,
        "xy": xy,
        "numbers": numbers,
        "counts": np.ones(len(numbers), dtype=int),
    }


def write_engines(root: Path, atoms: Atoms, conditions: ImagingConditions) -> None:
    """Two engines that differ by a little noise: multislice itself takes too long here."""
    view = View(field=8.0, pixel_size=0.1)
    ours = simulate(atoms, conditions, view).pixels
    theirs = ours + np.random.default_rng(0).normal(0, 0.02 * ours.std(), ours.shape)
    correlation = float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    (root / "stem" / "engines").mkdir()
    np.savez(
        root / "stem" / "engines" / "graphene-segments.npz",
        phase_object=ours,
        multislice=theirs,
        pixel_size=0.1,
    )
    row = {"structure_id": "graphene", "formula": "C2", "detector": "segments"}
    row |= {"correlation": correlation, "seconds_phase_object": 0.002, "seconds_multislice": 3.1}
    row |= {"time_ratio": 1550.0, "scan_points": 900}
    write_table(
        [blank(schemas.ENGINES, **row)], root / "stem" / "engines.parquet", schemas.ENGINES
    )


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a run of both wings."""
    root = tmp_path_factory.mktemp("run") / "results"
    write_micrograph_wing(root)
    write_stem_wing(root)
    return root


@pytest.fixture
def micrographs_only(tmp_path: Path) -> Path:
    """Results of a run in which only the micrograph wing took part."""
    write_micrograph_wing(tmp_path / "results")
    return tmp_path / "results"
