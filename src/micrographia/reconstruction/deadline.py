"""A limit of time that a search looks at itself, so that it ends with a reason.

The limit ends a search and never shapes it: nothing that is decided depends on the time that is
left. What is found within the limit is therefore the same on a fast machine and on a slow one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from micrographia.errors import SolveError


class OutOfTimeError(SolveError):
    """A search was stopped at its limit of time; nothing is known of the crystal."""


class Deadline:
    """Limit of time of one search, with what the search has reached so far.

    Parameters
    ----------
    seconds
        From now on [s]; inf for none.
    clock
        Seconds that never run backwards; another clock is for tests.

    Examples
    --------
    >>> deadline = Deadline(60)
    >>> deadline.begin("looking for a lattice")
    >>> deadline.check()
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._doing = "reading the picture"
        self._reached: list[str] = []

    def begin(self, doing: str) -> None:
        """Say what is done next, as a user would understand it; and check."""
        self._doing = doing
        self.check()

    def reach(self, what: str) -> None:
        """Keep an intermediate result for the message."""
        self._reached.append(what)

    def check(self) -> None:
        """Do nothing while there is time.

        Raises
        ------
        OutOfTimeError
            There is none left; the message says what was being done, and what was found before.
        """
        if self._clock() < self._end:
            return
        found = f"; found before that: {', '.join(self._reached)}" if self._reached else ""
        raise OutOfTimeError(
            f"The search was not finished within the time limit, so there is no crystal: it was "
            f"stopped while {self._doing}{found}",
            allowed=f"{self.seconds:g} s (--time-limit, reconstruction.time_limit)",
            remedy="A cell that is this hard to fill is often a wrong one: check the pixel size, "
            "name only elements that the sample holds, cut out a part of one crystal without a "
            "border or text, or lower max_cell_area or max_atoms. If all of that is right, raise "
            "the limit",
        )


#: For functions that are called by themselves, as in tests and studies.
UNLIMITED = Deadline(float("inf"))
