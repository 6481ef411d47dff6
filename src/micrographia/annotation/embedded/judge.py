"""Judging by an embedded annotator: comparison with its own reading of the picture."""

from __future__ import annotations

from micrographia.annotation.schema import Attributes, Reading, Verdict, Verdicts
from micrographia.io.vocabulary import UNKNOWN

#: Words that may both be right of one picture: their borders are a matter of degree.
NEIGHBOURS: dict[str, tuple[frozenset[str], ...]] = {
    "particle_density": (frozenset({"sparse", "medium"}), frozenset({"medium", "high"})),
    "pixel_size_profile": (
        frozenset({"uniform", "minor_variation"}),
        frozenset({"minor_variation", "wide"}),
        frozenset({"wide", "multimodal"}),
        frozenset({"minor_variation", "outliers"}),
    ),
    "distribution": (frozenset({"scattered", "uniform"}), frozenset({"uniform", "ordered"})),
}


def judge_by_reading(own: Attributes, answer: Attributes, sure: float = 0.6) -> Verdicts:
    """Judge an answer by one's own.

    Parameters
    ----------
    own
        The judge's reading of the picture.
    answer
        What is judged.
    sure
        Confidence from which another word is rejected. A neighbouring word, whose border to one's
        own is a matter of degree, is rejected only at (1 + sure) / 2.

    Returns
    -------
    dict
        "yes" where both say the same; "no" where the judge is sure of another word; "abstain"
        where either says unknown or the judge is not sure.
    """
    return {
        name: _compare(name, mine, answer.readings()[name], sure)
        for name, mine in own.readings().items()
    }


def _compare(name: str, mine: Reading, theirs: Reading, sure: float) -> Verdict:
    if UNKNOWN in (mine.value, theirs.value):
        return Verdict(verdict="abstain")
    if mine.value == theirs.value:
        return Verdict(verdict="yes")
    close = {mine.value, theirs.value} in NEIGHBOURS.get(name, ())
    if mine.confidence >= ((1 + sure) / 2 if close else sure):
        return Verdict(verdict="no", comment=f"reads {mine.value} ({mine.confidence:.2f})")
    return Verdict(verdict="abstain", comment=f"rather {mine.value} ({mine.confidence:.2f})")
