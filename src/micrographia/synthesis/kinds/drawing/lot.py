"""Random draws whose spread two dials set: variety within a class, likeness between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Fact = bool | int | float | str


@dataclass(frozen=True)
class Lot:
    """Source of randomness of one picture.

    Attributes
    ----------
    rng
        The generator itself, for what no dial governs: where things lie, and their noise.
    variety
        0…1. At 0 every draw gives its middle and every choice its first; at 1 all of its range.
    likeness
        0…1. How far a class leans towards the others: their ground, shapes and contents.
    facts
        What painters noted of the picture: names and numbers, words or truth values.
    """

    rng: np.random.Generator
    variety: float = 1.0
    likeness: float = 0.0
    facts: dict[str, Fact] = field(default_factory=dict)

    def note(self, **facts: Fact) -> None:
        """Keep what is known exactly of the picture; numbers to four digits.

        Lengths are shares of the picture's side, whatever the size it is drawn at.
        """
        for name, value in facts.items():
            self.facts[name] = float(f"{value:.4g}") if isinstance(value, float) else value

    def between(self, low: float, high: float) -> float:
        """Draw a number; its range shrinks to the middle with the variety."""
        share = 0.5 + self.variety * (self.rng.random() - 0.5)
        return float(low + share * (high - low))

    def scale(self, low: float, high: float) -> float:
        """Draw a positive number, evenly in its logarithm."""
        return float(np.exp(self.between(np.log(low), np.log(high))))

    def count(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`, both included."""
        return min(max(round(self.between(low - 0.49, high + 0.49)), low), high)

    def pick(self, choices: Sequence[T]) -> T:
        """Choose one; the first more often the lower the variety."""
        index = int(self.rng.integers(len(choices)))
        return choices[index if self.rng.random() < self.variety else 0]

    def chance(self, share: float) -> bool:
        """Say yes in `share` of all cases; at variety 0 always what is the more frequent."""
        usual = float(share >= 0.5)
        return bool(self.rng.random() < usual + self.variety * (share - usual))

    def towards(self, own: float, other: float) -> float:
        """Move a class's own value towards that of another class, at random up to the likeness."""
        return own + (other - own) * self.likeness * float(self.rng.random())

    def lean(self, share: float = 1.0) -> bool:
        """Say whether this picture borrows from another class: in likeness times `share`."""
        return bool(self.rng.random() < self.likeness * share)
