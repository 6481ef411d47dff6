"""Pictures, the table of what is known and true, and the table of what is hidden."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from ase import Atoms
from ase.io import write as write_atoms
from numpy.typing import NDArray
from PIL import Image
from tests.stem2crystal_double.crystals import Slab, choose_slabs
from tests.stem2crystal_double.picture import SIDE, draw_hidden, draw_picture

FORMATS = ("png", "npy", "tif")
#: Smallest and largest field of view [Å]; large cells have at least this many cells across it.
_FIELD, _CELLS = (20.0, 40.0), 2.5


def write_double(
    source: Path,
    folder: Path,
    *,
    count: int,
    levels: Sequence[int],
    split: str,
    seed: int,
    max_atoms: int = 16,
    suffix: str = "png",
) -> int:
    """Write `pictures/`, `truth.jsonl` and `hidden.jsonl`; return how many pictures.

    A line of `truth.jsonl` has `picture` (path from the folder), `cif`, `composition` of the
    primitive cell, `pixel_size` and `field_of_view` [Å], `level`, `structure_id`, `formula`. The
    solver may see picture, composition and pixel size.
    """
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    truth, hidden = [], []
    for place, slab in enumerate(choose_slabs(source, count, split, seed, max_atoms)):
        level = levels[place % len(levels)]
        # Own random numbers for each crystal: another count or level changes no other picture.
        rng = np.random.default_rng([seed, level, int(slab.name[-8:], 16)])
        longest = float(np.linalg.norm(slab.cell[:2], axis=1).max())
        field = max(rng.uniform(*_FIELD), _CELLS * longest)
        drawn = draw_hidden(level, rng)
        picture = draw_picture(
            slab.cell[:2, :2], slab.positions[:, :2], slab.numbers, field, drawn, rng
        )
        name = f"pictures/{slab.name}-{level}.{suffix}"
        _save(picture, folder / name)
        truth.append(_truth(slab, name, level, field))
        hidden.append({"picture": name, **drawn.as_row()})
    for table, rows in (("truth", truth), ("hidden", hidden)):
        text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
        (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
    return len(truth)


def _truth(slab: Slab, name: str, level: int, field: float) -> dict[str, object]:
    buffer = io.BytesIO()
    atoms = Atoms(slab.numbers, positions=slab.positions, cell=slab.cell, pbc=True)
    write_atoms(buffer, atoms, format="cif")
    return {
        "picture": name,
        "cif": buffer.getvalue().decode(),
        "composition": slab.composition,
        "pixel_size": field / SIDE,
        "field_of_view": field,
        "level": level,
        "structure_id": slab.name,
        "formula": slab.formula,
    }


def _save(picture: NDArray[np.float64], path: Path) -> None:
    if path.suffix == ".npy":
        np.save(path, picture.astype(np.float32))
    elif path.suffix == ".tif":
        tifffile.imwrite(path, picture.astype(np.float32))
    else:
        Image.fromarray(np.round(65535 * picture).astype(np.uint16)).save(path)
