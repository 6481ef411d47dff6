"""Vocabulary of crystals: a text as numbers for a network, and back without loss.

A sequence is a prompt of fixed length and an answer::

    <begin> 4 x (element, amount) Bravais lattice <answer> | Å .00 Å .00 degree tenth
    (element, count) … <sites> (x y z) … <end>

The prompt says what is known: the reduced formula and the Bravais lattice, or `?` in their places.
The element of an atom is not repeated in the answer, since the contents of the cell say it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micrographia.errors import StructureError
from micrographia.language.structure.canonical import MOST_ATOMS, Written

#: The five plane lattices, as the prompt names them.
BRAVAIS = ("hexagonal", "square", "rectangular", "centred", "oblique")
#: Most elements that a formula may have.
MOST_ELEMENTS = 4
#: The heaviest element with a word of its own: lawrencium, as scattering factors have it.
HEAVIEST = 103


@dataclass(frozen=True)
class Words:
    """A range of the vocabulary: numbers `first` … `first + count - 1` stand at `start` ….

    Attributes
    ----------
    start
        Place of the first word in the vocabulary.
    first, count
        Value of the first word, and how many words there are.
    """

    start: int
    first: int
    count: int

    def word(self, value: int) -> int:
        """Place of a value in the vocabulary.

        Raises
        ------
        StructureError
            No word stands for the value.
        """
        if not self.first <= value < self.first + self.count:
            raise StructureError(
                "The vocabulary of crystals has no word for a number", seen=value,
                allowed=f"{self.first} to {self.first + self.count - 1}",
            )  # fmt: skip
        return self.start + value - self.first

    def value(self, word: int) -> int:
        """Value of a word."""
        return word - self.start + self.first

    def span(self, least: int | None = None, most: int | None = None) -> range:
        """Words of the values from `least` to `most`, both included."""
        last = self.first + self.count - 1
        low = self.first if least is None else max(least, self.first)
        high = last if most is None else min(most, last)
        return range(self.start + low - self.first, self.start + high - self.first + 1)


PAD, BEGIN, END, UNKNOWN, NONE, ANSWER, SITES = range(7)
_SIZES = {
    "bravais": (0, len(BRAVAIS)),
    "element": (1, HEAVIEST),
    "count": (1, MOST_ATOMS),
    "angstrom": (0, 40),
    "decimals": (0, 100),
    "degree": (90, 31),
    "tenth": (0, 10),
    "fraction": (0, 100),
    "height": (0, 200),
}


def _ranges() -> dict[str, Words]:
    start, found = SITES + 1, {}
    for name, (first, count) in _SIZES.items():
        found[name] = Words(start, first, count)
        start += count
    return found


#: The ranges by name.
RANGES = _ranges()
#: Number of words.
VOCABULARY = SITES + 1 + sum(count for _, count in _SIZES.values())
#: Length of every prompt, and most words of a sequence.
PROMPT = 1 + 2 * MOST_ELEMENTS + 1 + 1
LONGEST = PROMPT + 6 + 2 * MOST_ELEMENTS + 1 + 3 * MOST_ATOMS + 1


def prompt(formula: Mapping[int, int] | None, bravais: str | None) -> list[int]:
    """Return the words of a prompt, `PROMPT` of them.

    Parameters
    ----------
    formula
        Amounts by atomic number, in smallest whole numbers; None: not known.
    bravais
        One of `BRAVAIS`; None: not known.

    Raises
    ------
    StructureError
        The formula has too many elements, or amounts without a word; there is no such lattice.
    """
    if bravais is not None and bravais not in BRAVAIS:
        raise StructureError(
            "There is no such plane lattice", seen=bravais, allowed=", ".join(BRAVAIS)
        )
    words = [BEGIN]
    if formula is None:
        words += [UNKNOWN] * 2 * MOST_ELEMENTS
    else:
        if not 1 <= len(formula) <= MOST_ELEMENTS:
            raise StructureError(
                "A formula has too many elements", seen=len(formula),
                allowed=f"1 to {MOST_ELEMENTS}",
            )  # fmt: skip
        for number in sorted(formula, reverse=True):
            words += [RANGES["element"].word(number), RANGES["count"].word(formula[number])]
        words += [NONE] * 2 * (MOST_ELEMENTS - len(formula))
    words.append(UNKNOWN if bravais is None else RANGES["bravais"].word(BRAVAIS.index(bravais)))
    return [*words, ANSWER]


def encode(crystal: Written) -> list[int]:
    """Return the words of an answer, `<end>` the last.

    Raises
    ------
    StructureError
        The vocabulary has no word for one of the numbers.
    """
    words = []
    for length in (crystal.a, crystal.b):
        words += [RANGES["angstrom"].word(length // 100), RANGES["decimals"].word(length % 100)]
    words += [RANGES["degree"].word(crystal.gamma // 10), RANGES["tenth"].word(crystal.gamma % 10)]
    for number, count in crystal.contents:
        words += [RANGES["element"].word(number), RANGES["count"].word(count)]
    words.append(SITES)
    for _, x, y, z in crystal.sites:
        words += [RANGES["fraction"].word(x), RANGES["fraction"].word(y), RANGES["height"].word(z)]
    return [*words, END]


def decode(words: Sequence[int]) -> Written:
    """Return the crystal that the words of an answer say; what follows `<end>` is left out.

    Raises
    ------
    StructureError
        The words do not follow the grammar.
    """
    try:
        end = list(words).index(END)
        start = list(words[:end]).index(SITES)
        a, b = (
            100 * _value("angstrom", words[k]) + _value("decimals", words[k + 1]) for k in (0, 2)
        )
        gamma = 10 * _value("degree", words[4]) + _value("tenth", words[5])
        contents = tuple(
            (_value("element", words[k]), _value("count", words[k + 1]))
            for k in range(6, start, 2)
        )
        kinds = [kind for kind, (_, count) in enumerate(contents) for _ in range(count)]
        places = [words[k : k + 3] for k in range(start + 1, end, 3)]
        sites = tuple(
            (kind, _value("fraction", x), _value("fraction", y), _value("height", z))
            for kind, (x, y, z) in zip(kinds, places, strict=True)
        )
    except (ValueError, IndexError) as error:
        raise StructureError(f"These words are no crystal: {error}") from None
    return Written(a, b, gamma, contents, sites)


def _value(name: str, word: int) -> int:
    if word not in RANGES[name].span():
        raise ValueError(f"word {word} stands where a word for '{name}' belongs")
    return RANGES[name].value(word)


def bravais_of(crystal: Written) -> str:
    """Name the plane lattice of a cell, as its digits show it: what is equal in them is equal.

    Examples
    --------
    >>> bravais_of(Written(318, 318, 1200, ((6, 1),), ((0, 0, 0, 0),)))
    'hexagonal'
    """
    same = crystal.a == crystal.b
    if same and crystal.gamma == 1200:
        return "hexagonal"
    if crystal.gamma == 900:
        return "square" if same else "rectangular"
    # The reduced cell of a centred lattice is a rhombus, or has a + 2 b across a.
    lean = abs(crystal.a + 2 * crystal.b * math.cos(math.radians(crystal.gamma / 10)))
    return "centred" if same or lean <= 0.0035 * crystal.b + 1 else "oblique"
