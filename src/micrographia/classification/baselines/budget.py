"""How long a baseline trains: in processor minutes, or in steps."""

from __future__ import annotations

import time
from dataclasses import dataclass

from micrographia.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """Length of a training; exactly one of the two is set.

    A processor minute is a minute of the time that all threads of the process computed, so that a
    busy machine takes nothing from a baseline. How many steps fit in it depends on the machine:
    only a budget of steps gives the same bytes twice.

    Attributes
    ----------
    minutes
        Processor minutes.
    steps
        Updates of the weights.

    Raises
    ------
    ConfigError
        Both or neither are set, or the one that is set is not above 0.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.minutes, self.steps) if each is not None]
        if len(given) != 1 or not given[0] > 0:
            raise ConfigError(
                "A budget is a number of processor minutes or of steps",
                seen=f"minutes: {self.minutes}, steps: {self.steps}",
                allowed="one of the two, above 0",
            )

    def half(self) -> Budget:
        """Return half of it; of steps at least one."""
        if self.minutes is not None:
            return Budget(minutes=self.minutes / 2)
        assert self.steps is not None
        return Budget(steps=max(1, self.steps // 2))


class Clock:
    """Says how much of a budget is spent; it starts when it is made."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._start = time.process_time()

    def share(self, steps: int) -> float:
        """Return the fraction that is spent after a number of steps, from 0; over at 1."""
        if self._budget.steps is not None:
            return steps / self._budget.steps
        assert self._budget.minutes is not None
        return self.minutes() / self._budget.minutes

    def minutes(self) -> float:
        """Return the processor minutes since the start."""
        return (time.process_time() - self._start) / 60
