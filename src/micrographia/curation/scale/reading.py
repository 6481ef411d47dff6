"""Combine candidates for the bar and nearby lines of text into one pixel size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from micrographia.arrays import FloatImage
from micrographia.curation.scale.bars import CUT, Bar, find_bars
from micrographia.curation.scale.lexicon import posterior
from micrographia.curation.scale.lines import Line, find_lines
from micrographia.curation.scale.network import Reader, decode, normalise, score_many
from micrographia.curation.scale.parse import Label, parse_label, usualness
from micrographia.curation.scale.tesseract import enlarge, read_pages

#: How many bars are looked at, and how many lines tesseract reads of one picture.
_BARS, _READ = 4, 4
#: What one crop counts on which tesseract reads a label, and the factor for each character that
#: had to be put right. Three crops that agree are as good as all: some are always cut badly.
_VOTE, _REPAIR = 0.35, 0.6
#: Pixels finer than this are rare even where atoms are seen [nm].
_FINE = 0.012
_DIGITS, _UNITS = set("0123456789"), set("nmµÅ")
#: Share of the crops from which a reader counts as having read a label.
_HEARD = 0.2
#: Logistic model of "within 5 % of the truth", fitted on the tuning half of the labelled EMPS
#: pictures by `studies/scale_bars.py --fit`: intercept, reading, margin, both
#: readers, geometry (see `features`).
CALIBRATION = (-0.404, 1.089, 1.092, 1.5, 1.327)
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
        What was read, as the best reader wrote it.
    nm
        Side of a pixel [nm].
    evidence, margin
        How much speaks for it, and how much more than for the best other pixel size.
    network, tesseract
        Share of the crops on which either reader reads this label (the network's by its
        probability).
    confidence
        Probability that the pixel size is within 5 % of the truth.
    """

    bar: Bar
    label: Label
    text: str
    nm: float
    evidence: float
    margin: float
    network: float
    tesseract: float
    confidence: float


@dataclass
class _Place:
    """Cuts of one line of text near one bar, and what was read there.

    `network` and `tesseract` are the readers' votes, `support` both by cut.
    """

    bar: Bar
    lines: Sequence[Line]
    network: dict[Label, float] = field(default_factory=dict)
    tesseract: dict[Label, float] = field(default_factory=dict)
    support: dict[Label, list[float]] = field(default_factory=dict)
    texts: dict[Label, str] = field(default_factory=dict)

    def crops(self) -> list[tuple[_Place, int, FloatImage]]:
        """Return what is read: each cut as it is and with its ground taken away."""
        return [
            (self, at, crop)
            for at, line in enumerate(self.lines)
            for crop in (line.crop, line.hardened())
        ]

    def backs(self, label: Label, at: int, vote: float, text: str) -> None:
        """Note that a cut speaks for a label."""
        self.support.setdefault(label, [0.0] * len(self.lines))[at] += vote
        self.texts.setdefault(label, text)

    def line(self, label: Label) -> Line:
        """Return the cut on which a label is read best."""
        votes = self.support[label]
        return self.lines[votes.index(max(votes))]


def read_scale(
    unit: FloatImage,
    reader: Reader,
    use_tesseract: bool,
    hints: Sequence[Sequence[int]] = (),
) -> Answer | None:
    """Return the likeliest reading of a picture's scale bar, or None where nothing can be read.

    Parameters
    ----------
    unit
        Picture on 0…1.
    reader
        The built-in reader.
    use_tesseract
        Whether tesseract reads too.
    hints
        Boxes of text that a detector found.
    """
    places = [
        _Place(bar, lines)
        for bar in find_bars(unit)[:_BARS]
        for lines in find_lines(unit, bar, hints)
    ]
    if not places:
        return None
    _ask_network(places, reader)
    if use_tesseract:
        _ask_tesseract(places)
    return _decide(places)


def _ask_network(places: Sequence[_Place], reader: Reader) -> None:
    crops = [crop for place in places for crop in place.crops()]
    lines = np.stack([normalise(crop) for *_, crop in crops])
    for (place, at, _), scores in zip(crops, score_many(reader, lines), strict=True):
        reading = decode(scores)
        # Most lines are texture, and say so: no digit, or no unit.
        if not (set(reading.text) & _DIGITS and set(reading.text) & _UNITS):
            continue
        for label, share in posterior(scores).items():
            vote = share / (2 * len(place.lines))
            place.network[label] = place.network.get(label, 0.0) + vote
            place.backs(label, at, share, str(label))


def _ask_tesseract(places: Sequence[_Place]) -> None:
    """Let tesseract read the places that look best."""
    order = sorted(
        range(len(places)),
        key=lambda at: (
            -max(places[at].network.values(), default=0.0),
            places[at].lines[0].distance,
        ),
    )
    crops = [crop for at in order[:_READ] for crop in places[at].crops()]
    texts = read_pages([enlarge(crop) for *_, crop in crops])
    for (place, at, _), text in zip(crops, texts, strict=True):
        label = parse_label(text)
        if label is not None:
            plain = label._replace(repairs=0)
            vote = _VOTE * _REPAIR**label.repairs
            place.tesseract[plain] = min(place.tesseract.get(plain, 0.0) + vote, 1.0)
            place.backs(plain, at, vote, text)


def _decide(places: Sequence[_Place]) -> Answer | None:
    ranked = []
    best = max(place.bar.score for place in places)
    for place in places:
        for label in set(place.network) | set(place.tesseract):
            read = place.network.get(label, 0.0), place.tesseract.get(label, 0.0)
            ranked.append((_evidence(place, label, best, *read), place, label, *read))
    if not ranked:
        return None
    ranked.sort(key=lambda item: (-item[0], item[1].bar.x0, item[2]))
    evidence, place, label, network_share, tesseract_share = ranked[0]
    nm = label.nm / place.bar.length
    others = [
        item[0]
        for item in ranked[1:]
        if abs(math.log(item[2].nm / item[1].bar.length / nm)) > 0.05
    ]
    margin = evidence - max(others, default=0.0)
    return Answer(
        place.bar,
        label,
        place.texts.get(label, str(label)),
        nm,
        evidence,
        margin,
        network_share,
        tesseract_share,
        confidence(network_share, tesseract_share, margin, evidence),
    )


def _evidence(place: _Place, label: Label, best: float, network: float, tesseract: float) -> float:
    """Return how much speaks for a bar with a label: reading, custom, geometry; no unit.

    `best` is the score of the picture's likeliest bar: one label stands beside one bar.
    """
    bar, line = place.bar, place.line(label)
    wide, high, thick = line.box[2] - line.box[0], line.box[3] - line.box[1], bar.y1 - bar.y0
    middle, centre = (line.box[0] + line.box[2]) / 2, (bar.x0 + bar.x1) / 2
    value = _READING * (network + tesseract)
    value += (-1.2, 0.0, 0.6)[usualness(label)]
    value += 0.5 * min(max(math.log(max(bar.score, 1e-3)), -2.0), 3.0)
    value -= min(math.log(max(best, 1e-3) / max(bar.score, 1e-3)), 3.0)
    value -= 1.0 if label.nm / bar.length < _FINE else 0.0
    value += {"within": 0.8, "above": 0.4, "below": 0.4, "beside": -0.3}[line.place]
    value -= 0.3 * min(line.distance, 4.0)
    value += 0.4 if abs(middle - centre) < 0.6 * max(bar.length, wide) else 0.0
    # Bar and label are of one ink.
    value -= 0.0 if line.alike else 1.0
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
    network: float, tesseract: float, margin: float, evidence: float
) -> tuple[float, ...]:
    """Return what the confidence is a function of: 1, reading, margin, both readers, geometry.

    Geometry counts against only: a fine bar makes no label readable.
    """
    both = min(network, tesseract) > _HEARD
    # Where hardly anything could be read there is no rival, and the margin says little.
    distance = min(max(margin, 0.0), 4.0) * min(network + tesseract, 1.0)
    geometry = min(max(evidence - _READING * (network + tesseract), -3.0), 0.5)
    return 1.0, min(network + tesseract, 1.5), distance, float(both), geometry


def confidence(network: float, tesseract: float, margin: float, evidence: float) -> float:
    """Return the probability that a pixel size is within 5 % of the truth.

    Examples
    --------
    >>> confidence(0.1, 0.0, 0.2, 1.0) < 0.75 < 0.9 < confidence(0.9, 1.0, 4.0, 6.0)
    True
    """
    known = features(network, tesseract, margin, evidence)
    odds = sum(weight * value for weight, value in zip(CALIBRATION, known, strict=True))
    return 1 / (1 + math.exp(-odds))
