"""Ranked answers of the network to a data set of pictures."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from micrographia.config import StructureText
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.ranked import Item
from micrographia.io.structures import to_cif
from micrographia.language.structure.model import Writer
from micrographia.language.structure.predict import resample, write_structures
from micrographia.language.structure.tokens import prompt


def answer_items(
    writer: Writer, items: Iterable[Item], samples: int, settings: StructureText, seed: int
) -> Iterator[dict[str, Any]]:
    """Answer each picture of a data set; of the truth only the composition is told.

    Parameters
    ----------
    writer
        The network.
    items
        From `io.datasets.ranked.read_dataset`.
    samples, seed
        As in `write_structures`.
    settings
        Temperature, and how answers are ranked by the picture.

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
            found = write_structures(
                writer, [picture], [words], samples, settings.temperature, seed, settings.again
            )[0]
            row["answers"] = [to_cif(one.crystal.atoms()) for one in found]
            row["confidence"] = float(np.exp(found[0].log_likelihood))
        except MicrographiaError as error:
            row["failure"] = str(error)
        row["seconds"] = time.perf_counter() - started
        yield row
