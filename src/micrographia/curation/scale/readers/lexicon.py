"""Probability of each usual label on a line of text, from the output of the network.

The reader's best path is one of many alignments of one of many texts. Bars carry few texts,
so each can be scored: P(label | line) by the forward recursion of connectionist temporal
classification (Graves et al. 2006), times how usual the label is, over the sum with all else
that the line may say.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.curation.scale.parse import Label, parse_label, usualness
from micrographia.curation.scale.readers import network, rapid

_WHOLE = "1 2 3 4 5 6 8 10 15 20 25 30 35 40 50 60 80 100 120 125 150 200 250 300 400 500 600 800"
_FINE = "1.0 1.5 2.0 2.5 3.0 4.0 5.0 10.0 20.0 25.0 30.0 40.0 50.0 100.0 200.0 300.0 500.0"
_FINEST = "1.00 1.50 2.00 2.50 3.00 4.00 5.00"
_BELOW = "0.1 0.2 0.25 0.3 0.4 0.5 0.10 0.20 0.50"
_NUMBERS = {
    "nm": f"{_WHOLE} {_FINE} 0.5 0.2",
    "µm": f"{_WHOLE} {_FINE} {_FINEST} {_BELOW}",
    "mm": "0.1 0.2 0.5 1 1.0 1.00 2 2.0 2.00 3 4 5 5.00",
    "Å": "1 2 5 10 20 50",
}
#: Weight of a label by how usual its number is, against a text that is no label.
_PRIOR = (0.1, 0.4, 1.0)
#: How usual bars of a length are, by the logarithm of nanometres: what tells nm from µm where
#: the letters do not. Pictures of particles; by order of magnitude only.
_LENGTHS = ((0.0, 0.15), (0.5, 0.4), (1.0, 1.0), (2.7, 1.0), (3.0, 0.8), (4.0, 0.3), (5.0, 0.12))
_LEAST = 0.05
_NEVER = -1e30


class Lexicon(NamedTuple):
    """Texts that a reader may find on a line, and the labels that they are.

    Attributes
    ----------
    labels
        One per text; several texts may be the same label.
    targets, lengths
        Texts as classes of the reader, padded with zeros, (texts, longest), and their lengths.
    usual, priors
        How usual the number of each label is, and its length.
    """

    labels: list[Label]
    targets: IntArray
    lengths: IntArray
    usual: FloatArray
    priors: FloatArray


def posterior(scores: FloatArray, lexicon: Lexicon | None = None) -> dict[Label, float]:
    """Return the labels that a line may bear, with their probabilities; those below 1 % left out.

    Parameters
    ----------
    scores
        Log-probabilities per step and class, of one line.
    lexicon
        The reader's texts; by default those of the built-in reader.
    """
    known = lexicon or network_lexicon()
    found = np.exp(likelihoods(scores, known.targets, known.lengths))
    # Whether it is a label at all is a question of its number; which one, also of its length.
    whole = float((found * known.usual).sum())
    whole /= max(whole + max(1.0 - float(found.sum()), 0.0), 1e-12)
    weighted = found * known.usual * known.priors
    shares = whole * weighted / max(float(weighted.sum()), 1e-12)
    votes: dict[Label, float] = {}
    for at in np.flatnonzero(shares > 0.002):
        votes[known.labels[at]] = votes.get(known.labels[at], 0.0) + float(shares[at])
    return {label: share for label, share in votes.items() if share > 0.01}


def likelihoods(scores: FloatArray, targets: IntArray, lengths: IntArray) -> FloatArray:
    """Return log P(text | line) of texts, summed over all alignments.

    Parameters
    ----------
    scores
        (steps, classes), class 0 being "nothing here".
    targets, lengths
        Texts as classes, padded with zeros: (texts, longest), and their lengths.
    """
    count, longest = targets.shape
    states = np.zeros((count, 2 * longest + 1), np.int64)
    states[:, 1::2] = targets
    skip = np.zeros(states.shape, bool)
    skip[:, 3::2] = targets[:, 1:] != targets[:, :-1]
    paths = np.full(states.shape, _NEVER)
    paths[:, 0] = scores[0, 0]
    paths[:, 1] = scores[0, targets[:, 0]]
    for step in scores[1:]:
        one = np.full(states.shape, _NEVER)
        one[:, 1:] = paths[:, :-1]
        two = np.full(states.shape, _NEVER)
        two[:, 2:] = paths[:, :-2]
        two[~skip] = _NEVER
        paths = np.logaddexp(np.logaddexp(paths, one), two) + step[states]
    rows = np.arange(count)
    return np.asarray(np.logaddexp(paths[rows, 2 * lengths], paths[rows, 2 * lengths - 1]))


@cache
def network_lexicon() -> Lexicon:
    """Return the texts of the built-in reader, which knows neither blanks nor other spellings."""
    return _lexicon(network.ALPHABET, {unit: (unit,) for unit in _NUMBERS})


@cache
def rapid_lexicon() -> Lexicon:
    """Return the texts of RapidOCR, whose µ is Greek or a u, whose Å is an A, blanks at will."""
    spelled = {"nm": ("nm",), "µm": ("um", "μm"), "mm": ("mm",), "Å": ("A", "Å")}
    spaced = {unit: (*texts, *(f" {one}" for one in texts)) for unit, texts in spelled.items()}
    return _lexicon(rapid.ALPHABET, spaced)


def _lexicon(alphabet: str, spellings: dict[str, tuple[str, ...]]) -> Lexicon:
    labels, spelled = [], []
    for unit, numbers in _NUMBERS.items():
        for number in numbers.split():
            label = parse_label(f"{number} {unit}")
            if label is not None:
                for ending in spellings[unit]:
                    labels.append(label)
                    spelled.append([alphabet.index(char) + 1 for char in number + ending])
    lengths = np.array([len(text) for text in spelled])
    targets = np.zeros((len(spelled), int(lengths.max())), np.int64)
    for row, text in zip(targets, spelled, strict=True):
        row[: len(text)] = text
    usual = np.array([_PRIOR[usualness(label)] for label in labels])
    places, weights = zip(*_LENGTHS, (6.0, _LEAST), strict=True)
    priors = np.interp([math.log10(label.nm) for label in labels], places, weights)
    return Lexicon(labels, targets, lengths, usual, priors)
