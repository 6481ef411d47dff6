"""Ranked answers to pictures: written, asked for once more, drawn again, and weighed.

The network alone writes too few atoms, and knows nothing of how its whole answer looks. So for
each picture it is shown several cells; on each it writes as it likes, and with the numbers of
formula units for which there is room. What was written is drawn on the measured lattice and
compared with the picture. An answer's rank follows from

    mean log probability of its words - picture * log(share not explained) + area * room
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from micrographia.arrays import FloatArray, FloatImage
from micrographia.config import LookAgain
from micrographia.errors import ImageError
from micrographia.language.structure.again.look import Again
from micrographia.language.structure.again.units import likely_units, room
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.grammar import automaton_of
from micrographia.language.structure.model import Writer
from micrographia.language.structure.pictures import PIXEL, SIDE
from micrographia.language.structure.seen.features import sheet
from micrographia.language.structure.seen.repeats import Repeats, flatten
from micrographia.language.structure.seen.superlattices import several
from micrographia.language.structure.writing import Answer, Row, write_rows

#: Share of the variance below which it does not matter how little is left unexplained: two
#: decimals of fractions leave so much.
_LEFT = 0.02


@dataclass(frozen=True, eq=False)
class _Sheet:
    """One cell of one picture that is shown to the network."""

    picture: int
    repeats: Repeats
    prompt: Sequence[int]


def rank_answers(
    writer: Writer,
    pictures: Sequence[FloatImage],
    prompts: Sequence[Sequence[int]],
    samples: int,
    temperature: float,
    again: LookAgain,
) -> list[list[Answer]]:
    """Write structures for a batch of pictures, and rank them by what is seen.

    Parameters
    ----------
    writer
        The network.
    pictures
        (2 n, 2 n) each, pixels of 0.1 Å, 2 n up to 256.
    prompts
        Of `tokens.prompt`, one for each picture.
    samples
        Answers as the network likes on the measured cell; so many are returned.
    temperature
        Of those that are drawn at random.
    again
        Cells, numbers of formula units, and weights.

    Returns
    -------
    For each picture its different structures, the best first.

    Raises
    ------
    ImageError
        Nothing repeats in a picture that is smaller than those the network learned from.
    """
    sheets = [
        _Sheet(number, repeats, prompts[number])
        for number, picture in enumerate(pictures)
        for repeats in _repeats(picture, again.cells)
    ]
    found = _written(writer, sheets, samples, temperature, again)
    ranked = []
    for number, picture in enumerate(pictures):
        flat = flatten(picture)
        best: dict[Written, Answer] = {}
        for place, shown in enumerate(sheets):
            if shown.picture == number:
                for answer in _looked(flat, shown.repeats.cell, found[place], again):
                    known = best.setdefault(answer.crystal, answer)
                    if _score(answer, again) > _score(known, again):
                        best[answer.crystal] = answer
        order = sorted(best.values(), key=lambda answer: -_score(answer, again))
        ranked.append(order[:samples])
    return ranked


def _repeats(picture: FloatImage, cells: int) -> list[Repeats]:
    found = several(picture, cells)
    if found[0].cell is None and len(picture) < SIDE:
        raise ImageError(
            "Nothing repeats in the picture, which is small",
            seen=f"{len(picture) * PIXEL:g} Å",
            allowed=f"a lattice that repeats, or {SIDE * PIXEL:g} Å along both sides",
            remedy="Take a larger picture, or check the pixel size",
        )
    return found


def _written(
    writer: Writer,
    sheets: Sequence[_Sheet],
    samples: int,
    temperature: float,
    again: LookAgain,
) -> list[list[Answer]]:
    """Answers on each sheet: as the network likes, then with numbers of units."""
    device = next(writer.parameters()).device
    images = torch.from_numpy(np.stack([sheet(one.repeats) for one in sheets])).to(device)
    prompts = [one.prompt for one in sheets]
    rows = []
    for place, shown in enumerate(sheets):
        # Of further cells one answer will do: it says how the network likes the cell.
        first = place == 0 or sheets[place - 1].picture != shown.picture
        rows += [Row(place, number == 0) for number in range(samples if first else 1)]
    answers, amounts = write_rows(writer, images, prompts, rows, temperature)
    asked: list[Row] = []
    for row, answer, logarithms in zip(rows, answers, amounts, strict=True):
        if row.certain:
            asked += _asked(row.sheet, sheets[row.sheet], answer, logarithms, again)
    if asked:
        answers += write_rows(writer, images, prompts, asked, temperature)[0]
    found: list[list[Answer]] = [[] for _ in sheets]
    for row, answer in zip([*rows, *asked], answers, strict=True):
        found[row.sheet].append(answer)
    return found


def _asked(
    place: int, shown: _Sheet, answer: Answer, amounts: FloatArray, again: LookAgain
) -> list[Row]:
    """Rows that ask for numbers of formula units; none where no formula or no cell is known."""
    formula = automaton_of(shown.prompt).formula
    if formula is None or shown.repeats.cell is None or not again.units:
        return []
    units = likely_units(answer.crystal, amounts, dict(formula), again.units)
    return [Row(place, number == 0, one) for one in units for number in range(again.each)]


def _looked(
    flat: FloatImage, cell: FloatArray | None, answers: Sequence[Answer], again: LookAgain
) -> list[Answer]:
    """The answers with what they explain of the picture, where there is a cell to draw them on."""
    if cell is None or not again.picture:
        return list(answers)
    look = Again(flat, cell)
    return [replace(answer, explained=look.explained(answer.crystal)) for answer in answers]


def _score(answer: Answer, again: LookAgain) -> float:
    score = answer.per_word + again.area * room(answer.crystal)
    if answer.explained is not None:
        score -= again.picture * float(np.log(1 - answer.explained + _LEFT))
    return score
