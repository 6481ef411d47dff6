"""Text regions that people marked in real pictures: a CSV of boxes beside a folder of pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from micrographia.config import LabelledText
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph

Box = tuple[int, int, int, int]

#: Columns that the CSV must have; `half` says which part of the pictures a row belongs to.
COLUMNS = ("image", "x0", "y0", "x1", "y1", "class", "half")


@dataclass
class Labelled:
    """What was marked in one picture: the half it belongs to, and class and box of each region."""

    half: str
    regions: list[tuple[str, Box]] = field(default_factory=list)

    @property
    def boxes(self) -> list[Box]:
        """The boxes alone [px]."""
        return [box for _, box in self.regions]


def read_text_labels(path: Path) -> dict[str, Labelled]:
    """Return what was marked, by picture. A picture without text has one row of class `none`.

    Raises
    ------
    MicrographiaError
        A column is missing, or an edge is no number.
    """
    labels: dict[str, Labelled] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if absent := set(COLUMNS) - set(reader.fieldnames or ()):
            raise MicrographiaError(
                f"{path} has no column {', '.join(sorted(absent))}", allowed=", ".join(COLUMNS)
            )
        for row in reader:
            labelled = labels.setdefault(row["image"], Labelled(row["half"]))
            if row["class"] == "none":
                continue
            try:
                x0, y0, x1, y1 = (round(float(row[edge])) for edge in ("x0", "y0", "x1", "y1"))
            except (ValueError, TypeError, OverflowError) as error:
                raise MicrographiaError(
                    f"{path}, line {reader.line_num}: {error}", allowed="pixels, such as 14"
                ) from None
            if not (x0 < x1 and y0 < y1) or row["half"] != labelled.half:
                raise MicrographiaError(
                    f"{path}, line {reader.line_num} has an empty box, or another half than an "
                    "earlier line of the picture",
                    seen=[x0, y0, x1, y1, row["half"]],
                    allowed="x0 < x1, y0 < y1, and one half for all regions of a picture",
                )
            labelled.regions.append((row["class"], (x0, y0, x1, y1)))
    return labels


def labelled_pictures(settings: LabelledText) -> Iterator[tuple[NDArray[Any], list[Box]]]:
    """Yield the pictures of the halves named, and the boxes in each.

    Raises
    ------
    MicrographiaError
        A picture is absent or cannot be read.
    """
    for name, labelled in read_text_labels(Path(settings.boxes)).items():
        if not settings.halves or labelled.half in settings.halves:
            file = Path(settings.images) / (name if Path(name).suffix else f"{name}.png")
            yield read_micrograph(file).pixels, labelled.boxes
