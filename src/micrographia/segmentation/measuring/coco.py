"""Label masks as COCO JSON: every instance run-length encoded, exact to the pixel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from micrographia.arrays import BoolArray, LabelMask
from micrographia.io.atomic import atomic_path

CATEGORY = {"id": 1, "name": "particle", "supercategory": "particle"}


class Picture(NamedTuple):
    """A picture and its label mask."""

    image_id: str
    file_name: str
    labels: LabelMask


def write_coco(
    path: str | os.PathLike[str], pictures: Iterable[Picture], info: Mapping[str, Any]
) -> None:
    """Write pictures and their instances as COCO JSON, atomically.

    Masks are compressed run lengths as pycocotools writes them, since polygons can hold neither
    holes nor several parts. Only one picture is held at a time.

    Parameters
    ----------
    path
        Where to write.
    pictures
        Any number, one after the other.
    info
        Kept as `info`.
    """
    images, number = [], 0
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write('{"annotations": [')
        for count, picture in enumerate(pictures, start=1):
            height, width = picture.labels.shape
            images.append(
                {"id": count, "file_name": picture.file_name, "width": width, "height": height,
                 "image_id": picture.image_id}
            )  # fmt: skip
            for instance in encoded(picture.labels):
                number += 1
                stream.write(",\n" if number > 1 else "\n")
                entry = {"id": number, "image_id": count, "category_id": CATEGORY["id"]}
                stream.write(json.dumps(entry | instance))
        rest = {"info": dict(info), "licenses": [], "categories": [CATEGORY], "images": images}
        stream.write("],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")


def encoded(labels: LabelMask) -> Iterator[dict[str, Any]]:
    """Yield `label`, `segmentation`, `bbox` (x, y, width, height), `area` of each instance."""
    height, width = labels.shape
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        rows, columns = box
        mask = labels[box] == label
        counts = run_lengths(mask, columns.start, rows.start, (height, width))
        yield {
            "label": label,
            "segmentation": {"size": [height, width], "counts": compress(counts)},
            "bbox": [
                columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start
            ],
            "area": int(np.count_nonzero(mask)),
            "iscrowd": 0,
        }  # fmt: skip


def run_lengths(mask: BoolArray, x: int, y: int, shape: tuple[int, int]) -> list[int]:
    """Lengths of the runs of 0 and 1 in turn, column by column, of a mask in a larger picture.

    Parameters
    ----------
    mask
        Shape (h, w); some pixel is set.
    x, y
        Place of its upper left pixel in the picture.
    shape
        Height and width of the picture.

    Examples
    --------
    >>> run_lengths(np.ones((1, 2), bool), 1, 0, (2, 3))
    [2, 1, 1, 1, 1]
    """
    column, row = np.nonzero(mask.T)
    places = (column + x) * shape[0] + row + y
    breaks = np.flatnonzero(np.diff(places) > 1)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [len(places) - 1]))] + 1
    edges = np.column_stack([starts, ends]).ravel()
    runs: list[int] = np.diff(np.concatenate(([0], edges, [shape[0] * shape[1]]))).tolist()
    return runs if runs[-1] else runs[:-1]


def compress(counts: list[int]) -> str:
    """Write run lengths as pycocotools does: differences of every second, five bits a letter.

    Examples
    --------
    >>> compress([2, 1, 1, 1, 1])
    '21100'
    """
    letters = []
    for place, count in enumerate(counts):
        # The fourth count is the first that is written as a difference.
        rest = count - counts[place - 2] if place > 2 else count
        while True:
            bits, rest = rest & 31, rest >> 5
            last = rest == (-1 if bits & 16 else 0)
            letters.append(chr(48 + bits + (0 if last else 32)))
            if last:
                break
    return "".join(letters)
