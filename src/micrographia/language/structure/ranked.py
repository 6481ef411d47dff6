"""Pictures of crystals as a data set with ranked answers, and the answers of the network."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from micrographia.arrays import FloatImage
from micrographia.config import PictureDials
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.datasets.ranked import Item
from micrographia.io.structures import from_cif, to_cif
from micrographia.language.structure.model import Writer
from micrographia.language.structure.pictures import PIXEL
from micrographia.language.structure.predict import resample, write_structures
from micrographia.language.structure.samples import show
from micrographia.language.structure.tokens import prompt
from micrographia.language.structure.variants import Crystal

_NONE_SPOILT = PictureDials(blur=0.0, noise=0.0, drift=0.0)


def draw_dataset(
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    dose: float | None,
    seed: int,
    limit: int | None = None,
) -> int:
    """Draw the paper's picture of each crystal, and the table that names their truths.

    Parameters
    ----------
    rows
        Rows of CRYSTAL_TEXTS.
    folder
        Where pictures (`.npy`) and `truth.jsonl` are written; see `io.datasets.ranked`.
    dose
        Electrons per Å² that are counted; None: no noise.
    seed
        Of origins, noise and choice.
    limit
        Most crystals, chosen at random; None: all.

    Returns
    -------
    How many pictures there are.
    """
    chosen = np.arange(len(rows))
    if limit is not None and limit < len(rows):
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), limit, replace=False))
    lines = []
    for number in chosen.tolist():
        row = rows[number]
        generator = np.random.default_rng([seed, number])
        atoms = from_cif(str(row["cif"]))
        picture = show(Crystal.of(atoms), _NONE_SPOILT, generator).picture
        name = f"{row['structure_id']}.npy"
        np.save(folder / name, picture if dose is None else counted(picture, dose, generator))
        truth = {
            "picture": name,
            "pixel_size": PIXEL,
            "structure_id": row["structure_id"],
            "composition": dict(Counter(atoms.get_chemical_symbols())),
            "cif": to_cif(atoms),
            "group": "no noise" if dose is None else f"{dose:g} electrons per Å²",
        }
        lines.append(json.dumps(truth, ensure_ascii=False))
    write_text(folder / "truth.jsonl", "\n".join(lines) + "\n")
    return len(lines)


def counted(picture: FloatImage, dose: float, generator: np.random.Generator) -> FloatImage:
    """Count electrons: Poisson numbers whose mean is the picture, `dose` per Å² on average."""
    positive = np.maximum(picture, 0.0)
    expected = positive / positive.mean() * dose * PIXEL**2
    return generator.poisson(expected).astype(np.float32)


def answer_items(
    writer: Writer, items: Iterable[Item], samples: int, temperature: float, seed: int
) -> Iterator[dict[str, Any]]:
    """Answer each picture of a data set; of the truth only the composition is told.

    Parameters
    ----------
    writer
        The network.
    items
        From `io.datasets.ranked.read_dataset`.
    samples, temperature, seed
        As in `write_structures`.

    Yields
    ------
    Rows as `io.datasets.answers.read_answers` describes them.
    """
    for item in items:
        row: dict[str, Any] = {"picture": item.picture}
        started = time.perf_counter()
        try:
            amounts = {atomic_numbers[name]: count for name, count in item.composition.items()}
            unit = int(np.gcd.reduce(list(amounts.values())))
            words = prompt({name: count // unit for name, count in amounts.items()}, None)
            picture = resample(item.read())
            found = write_structures(writer, [picture], [words], samples, temperature, seed)[0]
            row["answers"] = [to_cif(one.crystal.atoms()) for one in found]
            row["confidence"] = float(np.exp(found[0].log_likelihood))
        except MicrographiaError as error:
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row
