"""Decide between bars and labels: which reading is likeliest, how sure it is, who agrees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from micrographia.curation.scale.bars import CUT, Bar
from micrographia.curation.scale.lines import Line
from micrographia.curation.scale.parse import Label, usualness

READERS = ("network", "rapidocr", "tesseract")
#: Pixels finer than this are rare even where atoms are seen [nm].
_FINE = 0.012
#: Share of the crops from which a reader counts as having read a label.
HEARD = 0.12
#: Readers that count zeros well, and from which share of a tenth on a point may have been lost.
_POINTS, _TENTH = ("rapidocr", "tesseract"), 0.05
#: Least margin of a bar over another one beside the same label.
_RIVAL = 0.8
#: How far from its bar a label may stand [letters' height].
_APART = 3.0
#: Least share of a label that a reader agrees with, relative to its likeliest one.
_SECOND = 0.5
#: From how much a bar looks like a stroke of its label on it is none (see `_of_letters`).
_STROKE = 5.0
#: Logistic model of "within 5 % of the truth", fitted on the tuning half of the labelled EMPS
#: pictures by `studies/scale_bars.py --fit`: intercept, reading, margin, geometry,
#: bar's margin (see `features`).
CALIBRATION = (-1.07, 0.66, 0.7, 0.66, 0.78)
#: How many crops a reader's share is the mean of.
_BEST = 2
#: Logarithm by which equal pixel sizes may differ, and a margin that is as good as any.
_SAME, _CLEAR = 0.03, 4.0
#: What a reader's vote weighs in the evidence.
_READING = 2.5


@dataclass(frozen=True)
class Answer:
    """Reading of one scale bar.

    Attributes
    ----------
    bar, label
        The bar and what stands beside it.
    text
        What was read, as the first reader wrote it.
    nm
        Side of a pixel [nm].
    evidence, margin, bar_margin
        How much speaks for it, how much more than for the best other label, and than for the same
        label beside another bar.
    shares
        Share of the crops on which each reader reads this label; 0 for one that does not.
    said
        What each reader reads beside this bar that read anything.
    agreed
        Whether two readers read this number and unit, and neither another one rather.
    doubt
        Why the bar itself may be none, or not whole; None if nothing is known.
    confidence
        Probability that the pixel size is within 5 % of the truth.
    """

    bar: Bar
    label: Label
    text: str
    nm: float
    evidence: float
    margin: float
    bar_margin: float
    shares: Mapping[str, float]
    said: Mapping[str, Label]
    agreed: bool
    doubt: str | None
    confidence: float


@dataclass
class Place:
    """Cuts of one line of text near one bar, and what was read there."""

    bar: Bar
    lines: Sequence[Line]
    heard: dict[str, list[Mapping[Label, float]]] = field(default_factory=dict)
    counted: dict[str, dict[Label, float]] = field(default_factory=dict)
    support: dict[Label, list[float]] = field(default_factory=dict)
    texts: dict[Label, str] = field(default_factory=dict)

    def hear(
        self, reader: str, at: int, votes: Mapping[Label, float], texts: Mapping[Label, str]
    ) -> None:
        """Note the probabilities of labels that a reader gives one crop."""
        self.heard.setdefault(reader, []).append(votes)
        for label, vote in votes.items():
            self._back(label, at, vote, texts[label])

    def count(self, reader: str, at: int, label: Label, vote: float, text: str) -> None:
        """Note that a reader without probabilities reads a label on a crop."""
        votes = self.counted.setdefault(reader, {})
        votes[label] = min(votes.get(label, 0.0) + vote, 1.0)
        self._back(label, at, vote, text)

    def _back(self, label: Label, at: int, vote: float, text: str) -> None:
        self.support.setdefault(label, [0.0] * len(self.lines))[at] += vote
        self.texts.setdefault(label, text)

    def share(self, reader: str, label: Label) -> float:
        """Return the share of the crops on which a reader reads a label.

        Of probabilities, the mean over the two best: most crops are cut badly, or show an
        embossed letter's shadow.
        """
        if reader in self.counted:
            return self.counted[reader].get(label, 0.0)
        votes = sorted((one.get(label, 0.0) for one in self.heard.get(reader, ())), reverse=True)
        return sum(votes[:_BEST]) / _BEST

    def shares(self, reader: str) -> list[tuple[Label, float]]:
        """Return the labels that a reader reads, with their shares, likeliest first."""
        labels = {label for one in self.heard.get(reader, ()) for label in one}
        labels |= set(self.counted.get(reader, ()))
        known = [(label, self.share(reader, label)) for label in labels]
        return sorted(known, key=lambda item: (-item[1], item[0]))

    def line(self, label: Label) -> Line:
        """Return the cut on which a label is read best."""
        votes = self.support[label]
        return self.lines[votes.index(max(votes))]


def decide(places: Sequence[Place], readers: Sequence[str] = READERS) -> Answer | None:
    """Return the likeliest reading, or None where nothing was read.

    Parameters
    ----------
    places
        Lines beside bars, read.
    readers
        Whose reading counts.
    """
    ranked = []
    best = max(place.bar.score for place in places)
    for place in places:
        for label in place.support:
            shares = {
                reader: place.share(reader, label) if reader in readers else 0.0
                for reader in READERS
            }
            if any(shares.values()):
                evidence = _evidence(place, label, best, reading(shares))
                ranked.append((evidence, place, label, shares))
    if not ranked:
        return None
    ranked.sort(key=lambda item: (-item[0], item[1].bar.x0, item[2]))
    evidence, place, label, shares = ranked[0]
    nm = label.nm / place.bar.length
    rivals = [
        item for item in ranked[1:] if abs(math.log(item[2].nm / item[1].bar.length / nm)) > _SAME
    ]
    margin = evidence - max((item[0] for item in rivals if item[2] != label), default=0.0)
    same = [item[0] for item in rivals if item[2] == label]
    bar_margin = evidence - max(same) if same else _CLEAR
    first = {reader: known[0] for reader in readers if (known := place.shares(reader))}
    agreeing = sum(
        shares[reader] > max(HEARD, _SECOND * share) for reader, (_, share) in first.items()
    )
    return Answer(
        place.bar,
        label,
        place.texts.get(label, str(label)),
        nm,
        evidence,
        margin,
        bar_margin,
        shares,
        {reader: known for reader, (known, _) in first.items()},
        agreeing >= 2,
        "two bars fit the label" if bar_margin < _RIVAL else _doubt(place, label),
        confidence(shares, margin, bar_margin, evidence),
    )


def _doubt(place: Place, label: Label) -> str | None:
    """Return why a bar may be none, or not whole."""
    bar, line = place.bar, place.line(label)
    wide, high = line.box[2] - line.box[0], line.box[3] - line.box[1]
    if _of_letters(bar, line, wide, high, bar.y1 - bar.y0) >= _STROKE:
        return "the bar may be a stroke of its label"
    if line.distance > _APART:
        return "the label stands far from the bar"
    if bar.kind == "split" and line.place != "within":
        return "the label is not the one within the bar"
    if bar.sharpness <= CUT:
        return "the bar may be cut off at the border"
    tenths = (
        share
        for reader in _POINTS
        for known, share in place.shares(reader)
        if known.unit == label.unit and math.isclose(10 * known.value, label.value)
    )
    return "its number may have a point" if max(tenths, default=0.0) > _TENTH else None


def reading(shares: Mapping[str, float]) -> float:
    """Return how well a label is read: by the two best readers together, 0…2."""
    return sum(sorted(shares.values(), reverse=True)[:2])


def _evidence(place: Place, label: Label, best: float, read: float) -> float:
    """Return how much speaks for a bar with a label: reading, custom, geometry; no unit.

    `best` is the score of the picture's likeliest bar: one label stands beside one bar.
    """
    bar, line = place.bar, place.line(label)
    wide, high, thick = line.box[2] - line.box[0], line.box[3] - line.box[1], bar.y1 - bar.y0
    middle, centre = (line.box[0] + line.box[2]) / 2, (bar.x0 + bar.x1) / 2
    value = _READING * read
    value += (-1.2, 0.0, 0.6)[usualness(label)]
    value += 0.5 * min(max(math.log(max(bar.score, 1e-3)), -2.0), 3.0)
    value -= min(math.log(max(best, 1e-3) / max(bar.score, 1e-3)), 3.0)
    value -= 1.0 if label.nm / bar.length < _FINE else 0.0
    value += {"within": 0.8, "above": 0.4, "below": 0.4, "beside": -0.3}[line.place]
    value -= 0.3 * min(line.distance, 4.0)
    value += 0.4 if abs(middle - centre) < 0.6 * max(bar.length, wide) else 0.0
    # Bar and label are of one ink.
    value -= 0.0 if line.alike else 1.5
    value -= 1.5 if bar.sharpness < 0.5 else 0.0
    value -= 2.0 if bar.sharpness <= CUT else 0.0
    value -= 2.0 if bar.kind == "split" and line.place != "within" else 0.0
    return value - _of_letters(bar, line, wide, high, thick)


def _of_letters(bar: Bar, line: Line, wide: int, high: int, thick: int) -> float:
    """Return how much a bar looks like a stroke of the letters beside it."""
    doubt = 0.8 if thick > 1.5 * high else 0.0
    doubt += 3.0 if bar.length < 1.3 * high else 0.0
    doubt += min(max(math.log2(wide / bar.length), 0.0), 2.0)
    rows = min(line.box[3], bar.y1) - max(line.box[1], bar.y0)
    reaches = line.place in ("above", "below") and rows > thick / 2
    return doubt + (2.0 if reaches else 0.0)


def features(
    shares: Mapping[str, float], margin: float, bar_margin: float, evidence: float
) -> tuple[float, ...]:
    """Return what the confidence is a function of: 1, reading, margin, geometry, bar's margin.

    Geometry counts against only: a fine bar makes no label readable.
    """
    read = reading(shares)
    # Where hardly anything could be read there is no rival, and the margin says little.
    distance = min(max(margin, 0.0), _CLEAR) * min(read, 1.0)
    aside = min(max(bar_margin, 0.0), _CLEAR) * min(read, 1.0)
    geometry = min(max(evidence - _READING * read, -6.0), 0.5)
    return 1.0, min(read, 1.5), distance, geometry, aside


def confidence(
    shares: Mapping[str, float], margin: float, bar_margin: float, evidence: float
) -> float:
    """Return the probability that a pixel size is within 5 % of the truth.

    Examples
    --------
    >>> doubtful = {"network": 0.1, "rapidocr": 0.0, "tesseract": 0.0}
    >>> sure = {"network": 0.9, "rapidocr": 1.0, "tesseract": 0.0}
    >>> confidence(doubtful, 0.2, 1.0, 1.0) < 0.75 < 0.95 < confidence(sure, 4.0, 4.0, 6.0)
    True
    """
    known = features(shares, margin, bar_margin, evidence)
    odds = sum(weight * value for weight, value in zip(CALIBRATION, known, strict=True))
    return 1 / (1 + math.exp(-odds))
