"""Pictures of crystals as a data set with ranked answers, by any engine, spoiled as asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.config import PictureDials
from micrographia.errors import ConfigError
from micrographia.io.atomic import write_text
from micrographia.io.structures import from_cif, to_cif
from micrographia.language.structure.pictures import PIXEL
from micrographia.language.structure.samples import show
from micrographia.language.structure.variants import Crystal


def dials_given(given: PictureDials, engine: str | None = None) -> PictureDials:
    """Keep the dials that were named; the others spoil nothing.

    Examples
    --------
    >>> dials = dials_given(PictureDials(noise=0.5), "incoherent")
    >>> dials.noise, dials.blur, dials.engine
    (0.5, 0.0, 'incoherent')
    """
    named = {name: getattr(given, name) for name in given.model_fields_set}
    named |= {} if engine is None else {"engine": engine}
    return PictureDials(**{"blur": 0.0, "noise": 0.0, "drift": 0.0, **named})


def draw_dataset(
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    dials: PictureDials,
    dose: float | None,
    seed: int,
    limit: int | None = None,
) -> int:
    """Draw a picture of each crystal, and the table that names their truths.

    Parameters
    ----------
    rows
        Rows of CRYSTAL_TEXTS.
    folder
        Where pictures (`.npy`) and `truth.jsonl` are written; see `io.datasets.ranked`.
    dials
        Engine, and what spoils the pictures.
    dose
        Electrons per Å² that are counted; None: none are.
    seed
        Of origins, noise and choice.
    limit
        Most crystals, chosen at random; None: all.

    Returns
    -------
    How many pictures there are.

    Raises
    ------
    ConfigError
        Electrons are to be counted in a picture of the phase.
    """
    if dose is not None and dials.engine == "phase-object":
        raise ConfigError(
            "A picture of the phase has no electrons to count",
            seen=f"a dose of {dose:g} with engine phase-object",
            allowed="a dose with engines convolution and incoherent",
            remedy="Leave out --dose and give the dial noise, or choose engine incoherent",
        )
    chosen = np.arange(len(rows))
    if limit is not None and limit < len(rows):
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), limit, replace=False))
    lines = []
    for number in chosen.tolist():
        row = rows[number]
        generator = np.random.default_rng([seed, number])
        atoms = from_cif(str(row["cif"]))
        picture = show(Crystal.of(atoms), dials, generator).picture
        name = f"{row['structure_id']}.npy"
        np.save(folder / name, picture if dose is None else counted(picture, dose, generator))
        truth = {
            "picture": name,
            "pixel_size": PIXEL,
            "structure_id": row["structure_id"],
            "composition": dict(Counter(atoms.get_chemical_symbols())),
            "cif": to_cif(atoms),
            "group": group_of(dials, dose),
        }
        lines.append(json.dumps(truth, ensure_ascii=False))
    write_text(folder / "truth.jsonl", "\n".join(lines) + "\n")
    return len(lines)


def group_of(dials: PictureDials, dose: float | None) -> str:
    """Say how pictures were taken.

    Examples
    --------
    >>> group_of(dials_given(PictureDials(noise=0.5), "incoherent"), 2e3)
    'incoherent, noise up to 0.5, 2000 electrons per Å²'
    """
    told = [] if dials.engine == "convolution" else [str(dials.engine)]
    spoiled = [name for name in ("blur", "noise", "drift") if getattr(dials, name)]
    told += [f"{name} up to {getattr(dials, name):g}" for name in spoiled]
    if dose is not None:
        told.append(f"{dose:g} electrons per Å²")
    elif not spoiled:
        told.append("no noise")
    return ", ".join(told)


def counted(picture: FloatImage, dose: float, generator: np.random.Generator) -> FloatImage:
    """Count electrons: Poisson numbers whose mean is the picture, `dose` per Å² on average."""
    positive = np.maximum(picture, 0.0)
    expected = positive / positive.mean() * dose * PIXEL**2
    return generator.poisson(expected).astype(np.float32)
