"""Write the structures that pictures show: several for each, ranked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase.formula import Formula
from scipy.ndimage import gaussian_filter, map_coordinates

from micrographia.arrays import FloatImage
from micrographia.config import LookAgain, StructureText
from micrographia.errors import ImageError, MicrographiaError, StructureError
from micrographia.io.resources import find_resource
from micrographia.io.schemas import WRITTEN_CRYSTALS
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import StemImage
from micrographia.io.structures import to_cif
from micrographia.language.structure.again.ranking import rank_answers
from micrographia.language.structure.model import Writer, load_writer
from micrographia.language.structure.pictures import PIXEL, SIDE
from micrographia.language.structure.samples import crystals_of, prompt_of, show
from micrographia.language.structure.writing import Answer
from micrographia.training.devices import choose_device

#: Weights that are used where none are named.
SHIPPED = "language/structure/weights/structure.safetensors"
#: Pictures that are answered at once.
_BATCH = 16
#: Smallest field of a picture that is read [Å]: three of the usual cells along a side.
_SMALLEST = 10.0
#: The network alone: its likelihood ranks its answers.
_ALONE = LookAgain(cells=1, units=0, picture=0.0, amounts=0.0, area=0.0)


@dataclass(frozen=True)
class Asked:
    """How a table of crystals is asked for.

    Attributes
    ----------
    told
        One of `samples.TOLD`.
    samples
        Structures for a picture.
    seed
        Of pictures and samples.
    blind
        Whether an empty picture stands for each, so that the text alone speaks.
    """

    told: str = "formula"
    samples: int = 5
    seed: int = 1665
    blind: bool = False


def open_writer(checkpoint: str | Path | None, settings: StructureText) -> Writer:
    """Load the network: the named weights, those of the settings, or the shipped ones.

    Raises
    ------
    CheckpointError
        As `load_writer`.
    """
    path = checkpoint or settings.checkpoint or find_resource(SHIPPED)
    return load_writer(path)[0].to(choose_device(settings.device))


def parse_formula(text: str) -> dict[int, int]:
    """Return the amounts of a formula by atomic number, in smallest whole numbers.

    Raises
    ------
    StructureError
        It is no formula.

    Examples
    --------
    >>> parse_formula("Mo2S4")
    {42: 1, 16: 2}
    """
    from ase.data import atomic_numbers

    try:
        counts = Formula(text).reduce()[0].count()
        if not counts:
            raise ValueError("it is empty")
        return {atomic_numbers[symbol]: int(count) for symbol, count in counts.items()}
    except (ValueError, KeyError) as error:
        raise StructureError(
            f"'{text}' is no chemical formula ({str(error) or 'it cannot be read'})",
            allowed="such as MoS2 or Ti3C2O2",
        ) from None


def resample(image: StemImage) -> FloatImage:
    """Cut the middle of a picture and bring it to the pixels that the network knows.

    Returns
    -------
    (256, 256) with pixels of 0.1 Å; of a picture that shows less than 25.6 Å, as much as there
    is, an even number of pixels along a side.

    Raises
    ------
    ImageError
        The picture shows less than 10 Å, or nothing.
    """
    pixels = np.asarray(image.pixels, dtype=np.float64)
    if np.ptp(pixels) == 0:
        raise ImageError("The picture shows nothing: all of it has one grey level")
    field = min(pixels.shape) * image.pixel_size
    if field < _SMALLEST:
        raise ImageError(
            "The picture is too small for the network", seen=f"{field:.1f} Å",
            allowed=f"at least {_SMALLEST:g} Å along both sides",
            remedy="Take a larger picture, or check the pixel size",
        )  # fmt: skip
    # A picture that lacks less than a pixel of its own is as good as whole.
    whole = field >= SIDE * PIXEL - image.pixel_size
    side = SIDE if whole else 2 * int(field / (2 * PIXEL))
    step = PIXEL / image.pixel_size
    if step > 1:
        # What is finer than the new pixels must not fold back.
        pixels = gaussian_filter(pixels, 0.35 * np.sqrt(step**2 - 1))
    offset = (np.arange(side) - (side - 1) / 2) * step
    rows, columns = ((length - 1) / 2 + offset for length in pixels.shape)
    grid = np.meshgrid(rows, columns, indexing="ij")
    return np.asarray(map_coordinates(pixels, grid, order=3, mode="nearest"), dtype=np.float32)


def write_structures(
    writer: Writer,
    pictures: Sequence[FloatImage],
    prompts: Sequence[Sequence[int]],
    samples: int,
    temperature: float,
    seed: int,
    again: LookAgain | None = None,
) -> list[list[Answer]]:
    """Write structures for a batch of pictures.

    Parameters
    ----------
    writer
        The network.
    pictures
        (256, 256) each, or smaller, pixels of 0.1 Å.
    prompts
        Of `tokens.prompt`, one for each picture.
    samples
        Structures for a picture: the most likely word each time, and random ones.
    temperature
        Of the random ones.
    seed
        Of the random ones.
    again
        How further answers are asked for and all are compared with the picture; None: the network
        alone answers.

    Returns
    -------
    For each picture its different structures, the best first: by the mean logarithm of the
    probabilities of their words, and by `again.ranking`. All obey the grammar; the same structure
    twice is given once, so there can be fewer than `samples`.

    Raises
    ------
    ImageError
        Nothing repeats in a picture smaller than 256 pixels.
    """
    torch.manual_seed(seed)
    return rank_answers(writer, pictures, prompts, samples, temperature, again or _ALONE)


def answer_rows(
    writer: Writer, rows: Sequence[Mapping[str, Any]], settings: StructureText, asked: Asked
) -> list[dict[str, Any]]:
    """Draw a picture of each crystal, write structures for it, and say what was written.

    Parameters
    ----------
    writer
        The network.
    rows
        Rows of CRYSTAL_TEXTS.
    settings
        What spoils the pictures; temperature.
    asked
        What is told, how many structures.

    Returns
    -------
    Rows of schema WRITTEN_CRYSTALS, ranked, picture by picture; a failure is a row. `seconds` is
    the mean of a batch.
    """
    found = []
    for first in range(0, len(rows), _BATCH):
        here = rows[first : first + _BATCH]
        began = time.perf_counter()
        try:
            answers = _answers(writer, here, first, settings, asked)
        except MicrographiaError as error:
            found += [_row(row, asked) | {"failure": str(error)} for row in here]
            continue
        seconds = (time.perf_counter() - began) / len(here)
        for row, ranked in zip(here, answers, strict=True):
            for rank, answer in enumerate(ranked, 1):
                crystal = answer.crystal
                found.append(
                    _row(row, asked)
                    | {
                        "rank": rank,
                        "log_likelihood": answer.log_likelihood,
                        "text": crystal.text(),
                        "cif": to_cif(crystal.atoms(), (), str(row["structure_id"])),
                        "seconds": seconds,
                    }
                )
    return found


def _answers(
    writer: Writer,
    rows: Sequence[Mapping[str, Any]],
    first: int,
    settings: StructureText,
    asked: Asked,
) -> list[list[Answer]]:
    pictures, prompts = [], []
    for number, crystal in enumerate(crystals_of(rows), first):
        generator = np.random.default_rng([asked.seed, number])
        shown = show(crystal, settings.pictures, generator)
        pictures.append(np.zeros_like(shown.picture) if asked.blind else shown.picture)
        prompts.append(prompt_of(shown.truth, asked.told))
    return write_structures(
        writer, pictures, prompts, asked.samples, settings.temperature, asked.seed + first,
        settings.again,
    )  # fmt: skip


def _row(row: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = blank(WRITTEN_CRYSTALS)
    return found | {
        "image_id": f"{row['structure_id']}-{asked.seed}",
        "structure_id": row["structure_id"],
        "told": asked.told,
    }
