"""Ranked answers to pictures: written, asked for once more, moved, drawn again, and weighed.

The network alone writes too few atoms, places them roughly, and knows nothing of how its whole
answer looks. So it is shown several cells; on each it writes as it likes, and with the numbers of
formula units for which there is room. Atoms are moved to where the picture shows them. All that
was written is drawn on the measured lattice and compared with the picture. The rank follows from

    mean log probability of its words - picture * log(share not explained)
        + amounts * log probability of its first amount + area * room - further * place of the cell
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from micrographia.arrays import FloatArray, FloatImage
from micrographia.config import LookAgain
from micrographia.errors import ImageError
from micrographia.language.structure.again.look import Again
from micrographia.language.structure.again.units import likely_units, measured_shape, room
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.grammar import automaton_of
from micrographia.language.structure.model import Writer
from micrographia.language.structure.pictures import PIXEL, SIDE
from micrographia.language.structure.seen.features import sheet
from micrographia.language.structure.seen.repeats import Repeats, flatten
from micrographia.language.structure.seen.superlattices import several
from micrographia.language.structure.tokens import UNKNOWN, VOCABULARY, encode
from micrographia.language.structure.writing import Answer, Row, write_rows

#: Share of the variance below which it does not matter how little is left unexplained: two
#: decimals of fractions leave so much.
_LEFT = 0.02
#: Logarithm of the least probability that an amount is thought to have.
_LEAST = -15.0
#: Words of an answer that say its cell, and the place of the first amount among them all.
_CELL, _AMOUNT = 6, 7


@dataclass(eq=False)
class _Sheet:
    """One cell of one picture that is shown to the network, and what it wrote on it.

    Attributes
    ----------
    picture, place
        Numbers of the picture, and of the cell among those of the picture.
    repeats, prompt
        What is shown and told.
    answers
        Each with whether its words are the most likely ones.
    amounts
        Logarithms (words,) of the probabilities of the word for the first amount.
    """

    picture: int
    place: int
    repeats: Repeats
    prompt: Sequence[int]
    answers: list[tuple[Answer, bool]] = field(default_factory=list)
    amounts: FloatArray = field(default_factory=lambda: np.zeros(VOCABULARY))

    def scored(self, answer: Answer, again: LookAgain) -> float:
        """How good an answer on this cell is; see the module."""
        liked = float(self.amounts[encode(answer.crystal)[_AMOUNT]])
        score = answer.per_word - again.further * self.place
        score += again.amounts * max(liked, _LEAST) + again.area * room(answer.crystal)
        if answer.explained is not None:
            score -= again.picture * float(np.log(1 - answer.explained + _LEFT))
        return score


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
        _Sheet(number, place, repeats, prompts[number])
        for number, picture in enumerate(pictures)
        for place, repeats in enumerate(_repeats(picture, again.cells))
    ]
    _write(writer, sheets, samples, temperature, again)
    ranked = []
    for number, picture in enumerate(pictures):
        flat = flatten(picture)
        best: dict[Written, tuple[float, Answer]] = {}
        for shown in sheets:
            if shown.picture == number:
                for answer in _looked(flat, shown, again):
                    score = shown.scored(answer, again)
                    if answer.crystal not in best or score > best[answer.crystal][0]:
                        best[answer.crystal] = score, answer
        order = sorted(best.values(), key=lambda one: -one[0])
        ranked.append([answer for _, answer in order[:samples]])
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


def _write(
    writer: Writer,
    sheets: Sequence[_Sheet],
    samples: int,
    temperature: float,
    again: LookAgain,
) -> None:
    """Answers on each sheet: as the network likes, then with numbers of units."""
    device = next(writer.parameters()).device
    images = torch.from_numpy(np.stack([sheet(one.repeats) for one in sheets])).to(device)
    prompts = [one.prompt for one in sheets]
    # Of further cells one answer will do: it says how the network likes the cell.
    rows = [
        Row(number, sample == 0)
        for number, shown in enumerate(sheets)
        for sample in range(1 if shown.place else samples)
    ]
    answers, amounts = write_rows(writer, images, prompts, rows, temperature)
    asked: list[Row] = []
    for row, answer, logarithms in zip(rows, answers, amounts, strict=True):
        if row.certain:
            sheets[row.sheet].amounts = logarithms
            asked += _asked(row.sheet, sheets[row.sheet], answer, again)
    if asked:
        answers += write_rows(writer, images, prompts, asked, temperature)[0]
    for row, answer in zip([*rows, *asked], answers, strict=True):
        sheets[row.sheet].answers.append((answer, row.certain))


def _asked(number: int, shown: _Sheet, answer: Answer, again: LookAgain) -> list[Row]:
    """Rows that ask for numbers of formula units; none where no formula or no cell is known."""
    formula = automaton_of(shown.prompt).formula
    if formula is None or shown.repeats.cell is None or not again.units:
        return []
    crystal = answer.crystal
    cell: tuple[int, ...] | None = None
    if again.hold:
        crystal = measured_shape(crystal, shown.repeats.cell)
        told = shown.prompt[-2] != UNKNOWN
        # A lattice that was told is obeyed, whatever was measured.
        cell = None if told else tuple(encode(crystal)[:_CELL])
    units = likely_units(crystal, shown.amounts, dict(formula), again.units)
    return [Row(number, sample == 0, one, cell) for one in units for sample in range(again.each)]


def _looked(flat: FloatImage, shown: _Sheet, again: LookAgain) -> list[Answer]:
    """The answers with what they explain of the picture, as written and with atoms moved.

    Where there is no cell to draw them on, or nothing is drawn, the answers as they are.
    """
    answers = [answer for answer, _ in shown.answers]
    if shown.repeats.cell is None or not again.picture:
        return answers
    look = Again(flat, shown.repeats.cell)
    if again.move:
        for answer, certain in shown.answers:
            crystals = look.moved(answer.crystal, kept=True)
            if certain:
                # Where the contents are right, the picture alone may know the places better.
                crystals += look.moved(answer.crystal, kept=False)
            answers += [replace(answer, crystal=crystal) for crystal in crystals]
    found = {answer.crystal: answer for answer in reversed(answers)}
    return [replace(answer, explained=look.explained(answer.crystal)) for answer in found.values()]
