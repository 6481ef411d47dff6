"""Training pictures of a segmenter: split by article, drawn by density class."""

from __future__ import annotations

import csv
import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micrographia.arrays import FloatArray, FloatImage, IntArray, LabelMask
from micrographia.config import LabelledPictures
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.images import image_id, read_labels, read_micrograph, to_unit
from micrographia.io.label_masks import refuse_binary
from micrographia.io.pictures.kinds import is_read
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.schemas.rows import (
    TrainingPictureRow,
)
from micrographia.io.tables import read_rows
from micrographia.segmentation.inference.tiling import normalise

LOG = logging.getLogger(__name__)

#: Upper ends of the classes of density that are drawn from evenly [instances].
DENSITIES = (10, 30, 100)


def collect(
    real: Sequence[LabelledPictures],
    procedural: Sequence[Path],
    validation: float,
    seed: int,
) -> list[TrainingPictureRow]:
    """List pictures with masks and divide them.

    Parameters
    ----------
    real
        Folders of real pictures with their masks.
    procedural
        Folders that `micrographia synthesis micrographs` wrote; copies, blurred and small
        pictures in them, which test curation, are left out.
    validation
        Fraction of the pictures that is held out from training; articles are not split.
    seed
        Seed of the division.

    Returns
    -------
    list of dict
        Rows of `schemas.TRAINING_PICTURES`; a picture that cannot be read is named in the log
        and left out.

    Raises
    ------
    MicrographiaError
        There is nothing to train or to validate on, or a list of articles is unusable.
    """
    rows = [row for source in real for row in _real(source)]
    rows += [row for folder in procedural for row in _procedural(folder)]
    measured = [row for row in rows if _measure(row)]
    for source in ("real", "procedural"):
        _divide([row for row in measured if row["source"] == source], validation, seed)
    if not any(row["split"] == "train" for row in measured):
        raise MicrographiaError(
            "There is no picture with a mask to train on",
            remedy="Set folders in segmentation.training.real, or generate pictures: "
            "segmentation.training.procedural",
        )
    if not any(row["split"] == "validation" for row in measured):
        groups = len({row["group"] for row in measured})
        raise MicrographiaError(
            "No picture is left for validation: a picture cannot be both trained on and held out",
            seen=f"validation: {validation} of {len(measured)} pictures in {groups} groups",
            allowed="a fraction that contains at least one whole article",
            remedy="Raise segmentation.training.validation, or add pictures",
        )
    return measured


def _real(source: LabelledPictures) -> list[TrainingPictureRow]:
    articles = _articles(Path(source.articles)) if source.articles else {}
    masks = {path.stem: path for path in sorted(Path(source.masks).iterdir())}
    rows = []
    for path in sorted(Path(source.images).iterdir()):
        if not is_read(path.name) or path.name[0] == ".":
            continue
        if path.stem not in masks:
            LOG.warning("%s has no mask in %s", path, source.masks)
            continue
        if articles and path.name not in articles:
            raise MicrographiaError(
                f"{path.name} is not listed in {source.articles}",
                remedy="Add a line for it; otherwise its article could be both trained on and "
                "held out",
            )
        group = articles.get(path.name, path.stem)
        rows.append(_row(path, masks[path.stem], "real", source.licence, group))
    return rows


def _articles(path: Path) -> dict[str, str]:
    """Article of each file name, from a CSV table with the columns `filename` and `doi`."""
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if not {"filename", "doi"} <= set(reader.fieldnames or ()):
            raise MicrographiaError(
                f"{path} does not assign pictures to articles",
                seen=reader.fieldnames,
                allowed="columns filename, doi",
            )
        return {row["filename"]: row["doi"] for row in reader}


def _procedural(folder: Path) -> list[TrainingPictureRow]:
    truth = read_rows(folder / "truth.parquet", SYNTHETIC)
    return [
        _row(
            folder / "images" / f"{row['name']}.png",
            folder / "masks" / f"{row['name']}.png",
            "procedural",
            "CC0-1.0",
            row["name"],
        )
        for row in truth
        if row["defect"] is None and row["duplicate_of_name"] is None
    ]


def _row(path: Path, mask: Path, source: str, licence: str, group: str) -> TrainingPictureRow:
    return {
        "path": str(path),
        "mask_path": str(mask),
        "source": source,
        "licence": licence,
        "group": group,
        "split": "train",
        "n_instances": 0,
        "diameter_px": None,
    }


def _measure(row: TrainingPictureRow) -> bool:
    """Fill in number and size of the instances; False if the picture is of no use."""
    try:
        labels = read_labels(row["mask_path"])
        refuse_binary(labels, Path(row["mask_path"]).name)
        if read_micrograph(row["path"]).pixels.shape != labels.shape:
            raise ImageError(f"{row['path']} and its mask differ in size")
    except MicrographiaError as error:
        LOG.warning("left out: %s", error)
        return False
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    row["n_instances"] = len(areas)
    row["diameter_px"] = median_diameter(areas)
    return True


def median_diameter(areas: IntArray) -> float | None:
    """Median diameter of the discs of these areas [px]; None where there is no instance."""
    return float(np.median(np.sqrt(areas * (4 / np.pi)))) if len(areas) else None


def _divide(rows: Sequence[TrainingPictureRow], share: float, seed: int) -> None:
    """Mark whole groups, in an order drawn by the seed, until `share` of the pictures is met.

    A group's place follows from its name: another picture in the list moves no other group.
    """
    groups: dict[str, list[TrainingPictureRow]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    order = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    marked = 0
    for name in order:
        if marked + len(groups[name]) > share * len(rows):
            continue
        for row in groups[name]:
            row["split"] = "validation"
        marked += len(groups[name])


def weights_of(
    rows: pd.DataFrame, procedural_share: float, pseudo_share: float = 0.0
) -> FloatArray:
    """How likely each picture is to be drawn: sources in their share, densities more evenly.

    Within a source a class of density is drawn in proportion to the square root of its number
    of pictures: the few dense ones come up often, and none of them all the time. Of what is not
    procedural, `pseudo_share` is drawn from pictures with pseudo-labels or corrected ones, but
    no more than their share among these pictures.
    """
    weight = np.zeros(len(rows))
    sources = rows["source"].replace("corrected", "pseudo").to_numpy()
    classes = np.digitize(rows["n_instances"].to_numpy(), DENSITIES)
    n_pseudo, n_real = (sources == "pseudo").sum(), (sources == "real").sum()
    pseudo = min(pseudo_share, n_pseudo / max(n_pseudo + n_real, 1))
    shares = {
        "real": (1 - procedural_share) * (1 - pseudo),
        "pseudo": (1 - procedural_share) * pseudo,
        "procedural": procedural_share,
    }
    for source, share in shares.items():
        mine = sources == source
        for value in np.unique(classes[mine]):
            inside = mine & (classes == value)
            weight[inside] = 1 / np.sqrt(inside.sum())
        if mine.any():
            weight[mine] *= share / weight[mine].sum()
    if weight.sum() <= 0:
        raise MicrographiaError(
            "No training picture has a chance to be drawn",
            seen=f"procedural_share: {procedural_share}",
            allowed="0 only with real pictures, 1 only with procedural ones",
        )
    return np.asarray(weight / weight.sum())


def ignored_beside(mask_path: str | Path) -> Path:
    """Where the pixels that do not count lie, of a mask that `pseudo-label` wrote."""
    mask = Path(mask_path)
    return mask.parents[1] / "ignored" / mask.name


class Shelf:
    """Pictures with their masks, kept in memory once read, as long as there is room.

    Parameters
    ----------
    room
        Most pixels that are kept; eight bytes each.
    """

    def __init__(self, room: int = 300_000_000) -> None:
        self.room = room
        self.kept: dict[str, tuple[FloatImage, LabelMask]] = {}

    def read(
        self, path: str, mask_path: str, partly: bool = False
    ) -> tuple[FloatImage, LabelMask]:
        """Return a normalised picture and its label mask.

        With `partly`, pixels that `pseudo-label` left in doubt have the label -1.
        """
        if path in self.kept:
            return self.kept[path]
        labels = read_labels(mask_path)
        if partly and ignored_beside(mask_path).is_file():
            labels[read_labels(ignored_beside(mask_path)) > 0] = -1
        pair = normalise(to_unit(read_micrograph(path).pixels)), labels
        if pair[0].size <= self.room:
            self.room -= pair[0].size
            self.kept[path] = pair
        return pair


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the entry of the pictures in a checkpoint's card: numbers, sources, digest.

    `seen` lists the `image_id` of every picture that somebody took, by its split: who scores the
    network on one of them is warned.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row['split']} {row['source']} {row['group']}\n".encode())
        digest.update(Path(row["path"]).read_bytes() + Path(row["mask_path"]).read_bytes())
        if row["source"] == "pseudo" and ignored_beside(row["mask_path"]).is_file():
            digest.update(ignored_beside(row["mask_path"]).read_bytes())
    counts: dict[str, int] = {}
    for row in rows:
        key = f"{row['source']} {row['split']}"
        counts[key] = counts.get(key, 0) + 1
    seen: dict[str, list[str]] = {"train": [], "validation": []}
    for row in rows:
        if row["source"] != "procedural":
            seen[row["split"]].append(image_id(read_micrograph(row["path"]).pixels))
    return {
        "sha256": digest.hexdigest(),
        "pictures": counts,
        "seen": {split: sorted(set(names)) for split, names in seen.items()},
        "licences": sorted({row["licence"] for row in rows}),
    }
