"""Samples for training and judging: a crystal, how it is changed, how it is seen, what is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.config import PictureDials, StructureText, Variants
from micrographia.errors import StructureError
from micrographia.io.structures import from_cif
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.pictures import View, draw_picture, draw_view
from micrographia.language.structure.seen.features import sheet
from micrographia.language.structure.seen.repeats import find_repeats
from micrographia.language.structure.tokens import LONGEST, PAD, bravais_of, encode, prompt
from micrographia.language.structure.variants import Crystal, make_up, set_at_random

#: What the prompt can tell, in the order of the settings `told`.
TOLD = ("formula", "lattice", "nothing")
#: Groups of crystals of similar size, from one of which a batch is drawn.
_GROUPS = 4


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture and its truth.

    Attributes
    ----------
    picture
        (256, 256).
    crystal
        In the setting in which the picture was taken.
    view
        How it was taken.
    """

    picture: FloatImage
    crystal: Crystal
    view: View

    @property
    def truth(self) -> Written:
        """The text in this setting."""
        return self.crystal.written()

    def truth_from(self, place: FloatArray) -> Written:
        """Return the text that begins next to a place (2,) of the picture [Å]."""
        cell = self.crystal.plane().cell @ self.view.turn()
        return self.crystal.written(place @ np.linalg.inv(cell) - self.view.origin)


def formula_of(crystal: Written) -> dict[int, int]:
    """Amounts by atomic number, in smallest whole numbers."""
    unit = math.gcd(*(count for _, count in crystal.contents))
    return {number: count // unit for number, count in crystal.contents}


def prompt_of(crystal: Written, told: str) -> list[int]:
    """Return the prompt that tells one of `TOLD` of a crystal."""
    formula = None if told == "nothing" else formula_of(crystal)
    return prompt(formula, bravais_of(crystal) if told == "lattice" else None)


def words_of(crystal: Written, told: str) -> IntArray:
    """Return prompt and answer, filled up to `LONGEST` words."""
    words = prompt_of(crystal, told) + encode(crystal)
    return np.array(words + [PAD] * (LONGEST - len(words)), dtype=np.int64)


def crystals_of(rows: Sequence[Mapping[str, Any]]) -> list[Crystal]:
    """Read the crystals of rows of CRYSTAL_TEXTS.

    Raises
    ------
    StructureError
        There is none.
    """
    if not rows:
        raise StructureError(
            "There are no crystals to learn from or to judge by",
            remedy="Make a larger table with `micrographia language texts`",
        )
    return [Crystal.of(from_cif(str(row["cif"]))) for row in rows]


def show(
    crystal: Crystal, dials: PictureDials, generator: np.random.Generator,
    variants: Variants | None = None,
) -> Shown:  # fmt: skip
    """Take a picture of a crystal in a random setting of its cell.

    Parameters
    ----------
    crystal
        What to show.
    dials
        What spoils the picture.
    generator
        Source of randomness.
    variants
        How crystals are made up from known ones; None: the crystal itself is shown.
    """
    if variants is not None and generator.uniform() < variants.share:
        crystal = make_up(crystal, variants, generator)
    crystal = set_at_random(crystal, generator)
    view = draw_view(dials, generator)
    return Shown(draw_picture(crystal.plane(), view, generator), crystal, view)


def sample_of(shown: Shown, told: str) -> dict[str, np.ndarray]:
    """Return `image` (1, 48, 293), what the network sees, and `text` (LONGEST,).

    The text begins where the network is shown that the cell begins.
    """
    found = find_repeats(shown.picture)
    return {"image": sheet(found), "text": words_of(shown.truth_from(found.origin), told)}


class Series:
    """An endless series of training samples; each is a function of its number.

    The samples of a batch show crystals with about the same number of atoms, since the longest
    text of a batch decides how long it takes.

    Parameters
    ----------
    known, invented
        To learn from; one of them may be empty.
    settings
        How they are changed, seen and told; the size of a batch.
    seed
        Of the series.
    """

    def __init__(
        self,
        known: Sequence[Crystal],
        invented: Sequence[Crystal],
        settings: StructureText,
        seed: int,
    ) -> None:
        self.settings, self.seed = settings, seed
        self.shares = np.array(settings.told) / sum(settings.told)
        everything = [(crystal, crystals is known)
                      for crystals in (known, invented) for crystal in crystals]  # fmt: skip
        ranked = sorted(everything, key=lambda one: len(one[0].numbers))
        pieces = np.array_split(np.arange(len(ranked)), min(_GROUPS, len(ranked)))
        #: Of each group the known crystals and the invented ones.
        self.groups = [
            [[ranked[k][0] for k in piece if ranked[k][1] is kind] for kind in (True, False)]
            for piece in pieces
        ]

    def sample(self, number: int) -> dict[str, np.ndarray]:
        """Return `image` and `text` as `sample_of`."""
        batch = np.random.default_rng([self.seed, number // self.settings.loop.batch, 2])
        group = self.groups[int(batch.integers(len(self.groups)))]
        generator = np.random.default_rng([self.seed, number])
        known, invented = group
        take_known = generator.uniform() < self.settings.variants.known
        source = known if known and (take_known or not invented) else invented
        crystal = source[int(generator.integers(len(source)))]
        told = TOLD[int(generator.choice(3, p=self.shares))]
        shown = show(crystal, self.settings.pictures, generator, self.settings.variants)
        return sample_of(shown, told)
