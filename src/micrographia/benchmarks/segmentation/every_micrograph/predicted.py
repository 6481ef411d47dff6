"""Predicted masks of a method: a folder of `segmentation predict`, or of any other program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from micrographia.benchmarks.segmentation.every_micrograph.cases import Case
from micrographia.benchmarks.segmentation.every_micrograph.scores import Masks
from micrographia.benchmarks.segmentation.scores import seen_in_training
from micrographia.errors import MicrographiaError
from micrographia.io.label_masks import MASK_SUFFIXES, masks_in
from micrographia.io.schemas import PREDICTIONS
from micrographia.io.tables import read_table


def read_masks(folder: Path, method: str | None, cases: Sequence[Case]) -> tuple[Masks, int]:
    """List the masks of a folder, each named as its picture.

    Parameters
    ----------
    folder
        Holds `<name of the picture>.png` or `.tif`. The table that `segmentation predict` writes
        beside its masks tells the method, and why pictures failed.
    method
        Name of the method; None: as the table says, or the folder's name.
    cases
        The pictures that will be scored.

    Returns
    -------
    masks, n_seen
        The masks, and how many pictures are known to be of the method's training.

    Raises
    ------
    MicrographiaError
        There is no such folder or no mask in it, two pictures have the same name, or the masks
        are of several methods.
    """
    _refuse_namesakes(cases)
    files = masks_in(folder, "predicted") if folder.is_dir() else {}
    if not files:
        raise MicrographiaError(
            f"Folder {folder} contains no predicted mask",
            allowed=", ".join(MASK_SUFFIXES),
            remedy="Give the output folder of `segmentation predict`, or masks named as the "
            "pictures",
        )
    if not (folder / "predictions.parquet").is_file():
        return Masks(files, {}, method or folder.name), 0
    table = read_table(folder / "predictions.parquet", PREDICTIONS)
    methods = sorted(set(table["method"]))
    if len(methods) != 1:
        raise MicrographiaError(
            f"The masks in {folder} must come from exactly one method",
            seen=", ".join(methods) or "no prediction",
            remedy="Predict into a folder for each method",
        )
    failed = table[table["failure"].notna()]
    failures = {
        Path(path).stem: str(failure)
        for path, failure in zip(failed["path"], failed["failure"], strict=True)
    }
    names = {Path(case.file).stem for case in cases}
    scored = table[[Path(path).stem in names for path in pd.Series(table["path"], dtype=str)]]
    return Masks(files, failures, method or methods[0]), seen_in_training(
        [(folder, scored)], methods[0]
    )


def _refuse_namesakes(cases: Sequence[Case]) -> None:
    taken: dict[str, str] = {}
    for case in cases:
        other = taken.setdefault(Path(case.file).stem, case.file)
        if other != case.file:
            raise MicrographiaError(
                f"{other} and {case.file} have the same name, so their masks cannot be told apart",
                remedy="Rename one of the pictures",
            )
