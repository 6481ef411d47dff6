"""Choice of the cases on the page: from best to worst at equal steps of rank."""

from __future__ import annotations

import numpy as np
import pandas as pd


def choose(scores: pd.Series, count: int) -> list[tuple[str, float, str]]:
    """Choose cases spread evenly over the ranks: best, median and worst among them.

    Parameters
    ----------
    scores
        One figure per case under its name, higher is better; missing ones are left out.
    count
        How many to choose at most. Of an even number one is the second worst.

    Returns
    -------
    Name, score and standing (`best`, `median`, `worst` or empty) of each case, best first.

    Examples
    --------
    >>> choose(pd.Series([0.1, 0.9, 0.5, 0.7, 0.2], index=list("abcde")), 3)
    [('b', 0.9, 'best'), ('c', 0.5, 'median'), ('a', 0.1, 'worst')]
    """
    # Ties stay in the order of the table, so that the choice is the same in every run.
    ranked = scores.dropna().sort_values(ascending=False, kind="stable")
    last = len(ranked) - 1
    if last < 0:
        return []
    odd = count if count % 2 else count - 1
    steps = np.floor(np.linspace(0, last, odd)) if odd > 1 else [last // 2]
    places = {int(step) for step in steps}
    if count % 2 == 0 and last > 0:
        places.add(last - 1)
    standing = {last // 2: "median"} | ({0: "best", last: "worst"} if last else {})
    return [
        (str(ranked.index[place]), float(ranked.iloc[place]), standing.get(place, ""))
        for place in sorted(places)
    ]
