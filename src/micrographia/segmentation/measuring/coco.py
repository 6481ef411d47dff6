"""Label masks as COCO JSON: every instance run-length encoded, exact to the pixel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from micrographia.arrays import LabelMask
from micrographia.io.atomic import atomic_path
from micrographia.io.masks.run_lengths import compress, run_lengths
from micrographia.segmentation.measuring.layers import Layer, instances_of

CATEGORY = {"id": 1, "name": "particle", "supercategory": "particle"}


class Picture(NamedTuple):
    """A picture and its label mask, and its layers where instances lie on one another."""

    image_id: str
    file_name: str
    labels: LabelMask
    layers: Sequence[Layer] | None = None


def write_coco(
    path: str | os.PathLike[str], pictures: Iterable[Picture], info: Mapping[str, Any]
) -> None:
    """Write pictures and their instances as COCO JSON, atomically.

    Instances that lie on one another overlap where a picture has layers. Masks are compressed run
    lengths as pycocotools writes them, since polygons can hold neither
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
            for instance in encoded(picture.labels, picture.layers):
                number += 1
                stream.write(",\n" if number > 1 else "\n")
                entry = {"id": number, "image_id": count, "category_id": CATEGORY["id"]}
                stream.write(json.dumps(entry | instance))
        rest = {"info": dict(info), "licenses": [], "categories": [CATEGORY], "images": images}
        stream.write("],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")


def encoded(labels: LabelMask, layers: Sequence[Layer] | None = None) -> Iterator[dict[str, Any]]:
    """Yield `label`, `segmentation`, `bbox` (x, y, width, height), `area` of each instance.

    Of layers each instance is whole, and `depth` is another key.
    """
    height, width = labels.shape
    for label, depth, x, y, mask in instances_of(labels, layers):
        counts = run_lengths(mask, x, y, (height, width))
        entry = {
            "label": label,
            "segmentation": {"size": [height, width], "counts": compress(counts)},
            "bbox": [x, y, mask.shape[1], mask.shape[0]],
            "area": int(np.count_nonzero(mask)),
            "iscrowd": 0,
        }
        yield entry if depth is None else entry | {"depth": depth}
