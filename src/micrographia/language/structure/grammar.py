"""Grammar of answers: which words may follow, so that every answer is a crystal of the formula.

An automaton reads an answer word by word. What it allows keeps the canonical cell (a ≤ b,
90° ≤ γ ≤ 120°), obeys the formula (amounts times one whole number) and the Bravais lattice of the
prompt, keeps the order of the atoms as far as there is room, and distances between any two that a
reader of crystals accepts, and ends after the last atom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from ase.data import covalent_radii
from transformers import LogitsProcessor

from micrographia.arrays import FloatArray
from micrographia.io.crystals.spacing import LEAST_SHARE
from micrographia.language.structure.canonical import (
    ANGLE,
    FRACTION,
    HEIGHT,
    LENGTH,
    MOST_ATOMS,
)
from micrographia.language.structure.tokens import (
    ANSWER,
    BRAVAIS,
    END,
    HEAVIEST,
    MOST_ELEMENTS,
    PAD,
    PROMPT,
    RANGES,
    SITES,
    UNKNOWN,
    VOCABULARY,
)
from micrographia.physics.lattice import minimum_image

#: Least distance of two atoms as a share of the sum of their covalent radii: a tenth more than
#: what `io.crystals.spacing` refuses, since reading thirds can move an atom. No layer of 4,821
#: relaxed ones (2DMatPedia) has less than 0.66.
APART = 1.1 * LEAST_SHARE
#: Where there is no room for that, atoms are at least so far apart [Å].
_APART = 0.6

#: Words before the first amount: the cell, and an element.
_AMOUNT = 7
_LAST = RANGES["fraction"].count - 1
_AROUND = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])


class Automaton:
    """Which words may come next in one answer.

    Parameters
    ----------
    formula
        Amounts by atomic number that the answer has to have; None: any.
    bravais
        Plane lattice that the answer has to have; None: any. Of 'centred' and 'oblique' nothing
        is asked.
    units
        How many times the cell holds a formula that is given; None: as often as it likes.
    cell
        Words that say the cell; None: any.
    """

    def __init__(
        self,
        formula: Mapping[int, int] | None,
        bravais: str | None,
        units: int | None = None,
        cell: Sequence[int] | None = None,
    ) -> None:
        self.units, self.cell = units, cell
        self.formula = None if formula is None else sorted(formula.items(), reverse=True)
        self.bravais = bravais
        self.words: list[int] = []
        self.contents: list[list[int]] = []
        self.inside = False  # among the atoms
        self.todo: list[int] = []  # atoms still to come, by element
        self.site: list[int] = []
        self.before: tuple[int, ...] = ()
        self.placed: list[list[int]] = []
        self.placed_elements: list[int] = []

    def allowed(self) -> Sequence[int]:
        """Words that may come next."""
        place = len(self.words)
        if self.words and self.words[-1] in (END, PAD):
            return (PAD,)
        if place < 6:
            return self._cell(place)
        if not self.inside:
            return self._contents()
        return self._sites() if self.todo else (END,)

    def take(self, word: int) -> None:
        """Read the next word, one of those allowed."""
        self.words.append(word)
        if word == SITES:
            self.inside, self.todo = True, [count for _, count in self.contents]
        elif self.inside and self.todo:
            self._take_site(word)
        elif len(self.words) > 6 and not self.inside:
            if self.contents and len(self.contents[-1]) == 1:
                self.contents[-1].append(RANGES["count"].value(word))
            else:
                self.contents.append([RANGES["element"].value(word)])

    def _take_site(self, word: int) -> None:
        self.site.append(RANGES["fraction" if len(self.site) < 2 else "height"].value(word))
        if len(self.site) < 3:
            return
        self.placed.append(self.site)
        self.placed_elements.append(self._element())
        self.before, self.site = tuple(self.site), []
        self.todo[0] -= 1
        if not self.todo[0]:
            self.todo, self.before = self.todo[1:], ()

    def _element(self) -> int:
        """Atomic number of the atom that is being placed."""
        return self.contents[len(self.contents) - len(self.todo)][0]

    def _cell(self, place: int) -> Sequence[int]:
        if self.cell is not None:
            return (self.cell[place],)
        words, equal = self.words, self.bravais in ("hexagonal", "square")
        if place == 0:
            return RANGES["angstrom"].span(1)
        if place in (1, 3):
            # b is at least a; of a lattice with equal vectors it is a.
            same = place == 3 and words[2] == words[0]
            least = RANGES["decimals"].value(words[1]) if same else 0
            return RANGES["decimals"].span(least, least if equal and place == 3 else None)
        if place == 2:
            least = RANGES["angstrom"].value(words[0])
            return RANGES["angstrom"].span(least, least if equal else None)
        right = self.bravais in ("square", "rectangular")
        if place == 4:
            low, high = (90, 90) if right else (120, 120) if equal else (90, 120)
            return RANGES["degree"].span(low, high)
        full = right or RANGES["degree"].value(words[4]) == 120
        return RANGES["tenth"].span(0, 0 if full else None)

    def _contents(self) -> Sequence[int]:
        if self.contents and len(self.contents[-1]) == 1:
            return self._counts()
        place = len(self.contents)
        if self.formula is not None:
            if place == len(self.formula):
                return (SITES,)
            return (RANGES["element"].word(self.formula[place][0]),)
        free = MOST_ATOMS - sum(count for _, count in self.contents)
        most = self.contents[-1][0] - 1 if self.contents else HEAVIEST
        more = RANGES["element"].span(1, most) if place < MOST_ELEMENTS and free else ()
        return (*more, SITES) if self.contents else more

    def _counts(self) -> Sequence[int]:
        if self.formula is None:
            free = MOST_ATOMS - sum(one[1] for one in self.contents[:-1])
            return RANGES["count"].span(1, free)
        amount = self.formula[len(self.contents) - 1][1]
        if len(self.contents) > 1:
            units = self.contents[0][1] // self.formula[0][1]
            return (RANGES["count"].word(units * amount),)
        if self.units is not None:
            return (RANGES["count"].word(self.units * amount),)
        most = most_units(self.formula)
        return [RANGES["count"].word(units * amount) for units in range(1, most + 1)]

    def _sites(self) -> Sequence[int]:
        known = len(self.site)
        if len(self.todo) == len(self.contents) and not self.before and known < 2:
            return (RANGES["fraction"].word(0),)  # the origin
        name = "fraction" if known < 2 else "height"
        tied = bool(self.before) and tuple(self.site) == self.before[:known]
        # At the end of the order there may be no room for the atoms to come: it begins anew.
        tied = tied and self.before[:2] < (_LAST, _LAST)
        span = RANGES[name].span(self.before[known] if tied else None)
        if known < 2 or not self.placed:
            return span
        across, least = self._spacing()
        for room in (least, np.full_like(least, _APART)):
            for words in (span, RANGES[name].span()):
                free = self._free(words, across, room)
                if free:
                    return free
        return span

    def _spacing(self) -> tuple[FloatArray, FloatArray]:
        """Distances in the plane to the atoms there are, and least distances to them (n,) [Å]."""
        lengths = [
            RANGES["angstrom"].value(self.words[k])
            + LENGTH * RANGES["decimals"].value(self.words[k + 1])
            for k in (0, 2)
        ]
        degrees = RANGES["degree"].value(self.words[4])
        gamma = np.radians(degrees + ANGLE * RANGES["tenth"].value(self.words[5]))
        placed = np.array(self.placed)
        least = APART * (covalent_radii[self.placed_elements] + covalent_radii[self._element()])
        # Of a reduced cell the nearest image is the nearest by rounding, or a neighbour of it.
        parts = minimum_image((placed[:, :2] - self.site) * FRACTION)[:, None] + _AROUND
        u, v = np.moveaxis(parts * lengths, -1, 0)
        across = np.sqrt((u * u + v * v + 2 * u * v * np.cos(gamma)).min(axis=1))
        return across, least

    def _free(self, span: range, across: FloatArray, least: FloatArray) -> Sequence[int]:
        """Heights that are not too near to an atom."""
        under = across < least
        if not under.any():
            return span
        heights = (np.array(span) - RANGES["height"].start) * HEIGHT
        gaps = np.abs(heights[:, None] - np.array(self.placed)[under, 2] * HEIGHT)
        free = np.all(gaps**2 + across[under] ** 2 >= least[under] ** 2, axis=1)
        return [int(word) for word in np.array(span)[free]]


def most_units(formula: Sequence[tuple[int, int]]) -> int:
    """How many times a cell can hold a formula, pairs of atomic number and amount, at most.

    Examples
    --------
    >>> most_units([(42, 1), (16, 2)])
    13
    """
    return MOST_ATOMS // sum(amount for _, amount in formula)


class CrystalGrammar(LogitsProcessor):  # type: ignore[misc]
    """The automaton for `generate` of transformers: what is not allowed gets no probability.

    Parameters
    ----------
    automata
        One for each sequence of the batch.
    certain
        Of each sequence, whether always its most likely word is taken, also where others of the
        batch are drawn at random; by default none.

    Attributes
    ----------
    log_likelihoods
        Natural logarithms (batch,) of the probabilities of what was written so far, among all
        that the grammar allowed. The last word of an answer has no alternative, and no part in it.
    amounts
        Natural logarithms (batch, words) of the probabilities of the word that says how often
        the first element is there; None: not written yet.
    """

    def __init__(
        self, automata: Sequence[Automaton], certain: Sequence[bool] | None = None
    ) -> None:
        self.automata = automata
        self.certain = torch.tensor(certain or [False] * len(automata))
        self.read = 0
        self.log_likelihoods = torch.zeros(len(automata))
        self.amounts: torch.Tensor | None = None
        self._logarithms: torch.Tensor | None = None  # of the words offered last

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.Tensor:
        """Mask the scores (batch, words) of what may not come next."""
        answers = input_ids[:, PROMPT:].tolist()
        if self._logarithms is not None:
            taken = self._logarithms.gather(1, input_ids[:, -1:].cpu())[:, 0]
            self.log_likelihoods += taken
        masked = torch.full_like(scores, -torch.inf)
        for row, (automaton, words) in enumerate(zip(self.automata, answers, strict=True)):
            for word in words[self.read :]:
                automaton.take(word)
            allowed = automaton.allowed()
            if isinstance(allowed, range):
                span = slice(allowed.start, allowed.stop)
                masked[row, span] = scores[row, span]
            else:
                places = list(allowed)
                masked[row, places] = scores[row, places]
        self.read = input_ids.shape[1] - PROMPT
        self._logarithms = masked.float().log_softmax(dim=-1).cpu()
        if self.read == _AMOUNT:
            self.amounts = self._logarithms
        certain = self.certain.to(masked.device)
        best = masked[certain].argmax(dim=-1, keepdim=True)
        masked[certain] = torch.full_like(masked[certain], -torch.inf).scatter(1, best, 0.0)
        return masked


def automaton_of(
    words: Sequence[int], units: int | None = None, cell: Sequence[int] | None = None
) -> Automaton:
    """Return the automaton that obeys a prompt of `tokens.prompt`, with this cell and contents."""
    assert len(words) == PROMPT and words[-1] == ANSWER and max(words) < VOCABULARY
    pairs = [words[k : k + 2] for k in range(1, 1 + 2 * MOST_ELEMENTS, 2)]
    known = [pair for pair in pairs if pair[0] in RANGES["element"].span()]
    formula = {RANGES["element"].value(one): RANGES["count"].value(two) for one, two in known}
    lattice = words[-2]
    bravais = None if lattice == UNKNOWN else BRAVAIS[RANGES["bravais"].value(lattice)]
    return Automaton(None if pairs[0][0] == UNKNOWN else formula, bravais, units, cell)
