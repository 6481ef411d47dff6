"""A folder for each class, and the rows that say what every picture shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from micrographia.synthesis.kinds.looks import looks_of
from micrographia.synthesis.kinds.picture import CLASSES, KindSettings, draw_picture


def make_set(
    folder: Path,
    settings: KindSettings,
    per_class: int,
    seed: int,
    *,
    classes: Sequence[str] = tuple(CLASSES),
    shard: int = 0,
    shards: int = 1,
) -> list[dict[str, Any]]:
    """Write pictures into `folder`/<class>/; return their rows of `schemas.KIND_PICTURES`.

    Parameters
    ----------
    folder
        An empty folder.
    settings
        Size and dials.
    per_class
        Number of pictures of each class.
    seed
        Seed of the whole set. A picture follows from its class, its index and this.
    classes
        Those of `CLASSES` to draw, and `other` for pictures of none of them.
    shard, shards
        Draw the pictures whose index modulo `shards` is `shard`.

    Raises
    ------
    ConfigError
        There is no such class.
    """
    rows: list[dict[str, Any]] = []
    for name in classes:
        (folder / name).mkdir()
        for index in range(shard, per_class, shards):
            drawn = draw_picture(name, index, seed, settings)
            file = f"{name}/{name}_{index:06d}.png"
            Image.fromarray(drawn.pixels).save(folder / file)
            known = looks_of(name, drawn.sub_kind) | drawn.facts
            rows.append(
                {
                    "file": file,
                    "label": name,
                    "sub_kind": drawn.sub_kind,
                    "modality": drawn.modality,
                    "index": index,
                    "seed": seed,
                    "size": settings.size,
                    "variety": settings.variety,
                    "likeness": settings.likeness,
                    "annotated_share": settings.annotated_share,
                    "transmitted_share": settings.transmitted_share,
                    "facts": json.dumps(known, sort_keys=True, ensure_ascii=False),
                }
            )
    return rows
