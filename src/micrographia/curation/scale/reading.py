"""Read the lines of text near candidates for the bar, with every reader that there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from micrographia.arrays import FloatImage, GreyImage
from micrographia.curation.scale.bars import find_bars
from micrographia.curation.scale.decide import Answer, Place, decide
from micrographia.curation.scale.labels import labels_near
from micrographia.curation.scale.lines import Line, find_lines
from micrographia.curation.scale.parse import Label, parse_label, parse_unit, unit_place
from micrographia.curation.scale.readers.lexicon import Lexicon, posterior, rapid_lexicon
from micrographia.curation.scale.readers.network import Reader, decode, normalise, score_many
from micrographia.curation.scale.readers.rapid import Rapid, Read, as_grey
from micrographia.curation.scale.readers.tesseract import enlarge, read_pages
from micrographia.curation.scale.readers.tools import Tools

#: How many bars are looked at, and how many lines RapidOCR and tesseract read of one picture.
_BARS, _READ = 4, 5
#: What one crop counts on which tesseract reads a label, and the factor for each character that
#: had to be put right. Three crops that agree are as good as all: some are always cut badly.
_VOTE, _REPAIR = 0.35, 0.6
#: What a text counts that holds a label, but says more, or other than the lexicon has.
_UNUSUAL = 0.6
#: The factor for a label whose unit is read as another one by itself.
_OTHER_UNIT = 0.15
_DIGITS, _UNITS = set("0123456789"), set("nmuµμÅA")


def read_scale(
    unit: FloatImage, tools: Tools, hints: Sequence[Sequence[int]] = ()
) -> Answer | None:
    """Return the likeliest reading of a picture's scale bar, or None where nothing can be read.

    Parameters
    ----------
    unit
        Picture on 0…1.
    tools
        The readers.
    hints
        Boxes of text that a detector found.
    """
    places = read_places(unit, tools, hints)
    return decide(places) if places else None


def read_places(
    unit: FloatImage, tools: Tools, hints: Sequence[Sequence[int]] = ()
) -> list[Place]:
    """Return the lines of text beside candidates for the bar, read; parameters of `read_scale`."""
    bars = find_bars(unit)[:_BARS]
    found = [*hints, *(labels_near(unit, bars, tools.rapid) if tools.rapid else ())]
    places = [Place(bar, lines) for bar in bars for lines in find_lines(unit, bar, found)]
    if not places:
        return []
    if tools.reader is not None:
        _ask_network(places, tools.reader)
    if tools.rapid is not None:
        _ask_rapid(places, tools.rapid)
    if tools.use_tesseract:
        _ask_tesseract(places)
    return places


def _crops(place: Place) -> list[tuple[Place, int, FloatImage]]:
    """Return what is read: each cut as it is, and with its ground taken away."""
    return [(place, at, crop) for at, line in enumerate(place.lines) for crop in line.variants()]


def _ask_network(places: Sequence[Place], reader: Reader) -> None:
    crops = [crop for place in places for crop in _crops(place)]
    lines = np.stack([normalise(crop) for *_, crop in crops])
    for (place, at, _), scores in zip(crops, score_many(reader, lines), strict=True):
        text = decode(scores).text
        # Most lines are texture, and say so: no digit, or no unit.
        told = set(text) & _DIGITS and set(text) & _UNITS
        votes = posterior(scores) if told else {}
        place.hear("network", at, votes, {label: str(label) for label in votes})


def _ask_rapid(places: Sequence[Place], rapid: Rapid) -> None:
    """Let RapidOCR read the places that look best, light on dark and dark on light."""
    known: dict[tuple[int, ...], list[tuple[Read, dict[Label, float]]]] = {}
    for place in _best(places):
        cuts = _few(place.lines)
        for at in cuts:
            line = place.lines[at]
            # Beside another bar the same line is the same text.
            key = (*line.box, line.bright)
            if key not in known:
                known[key] = [_read_twice(rapid, grey) for grey in _inks(line.crop)]
            for read, votes in known[key]:
                place.hear("rapidocr", at, votes, dict.fromkeys(votes, read.text))


def _read_twice(rapid: Rapid, grey: GreyImage) -> tuple[Read, dict[Label, float]]:
    """Read a line, then the letters after its number by themselves: a µ is easily lost."""
    read = rapid.read(grey)
    votes, place = label_votes(read, rapid_lexicon()), unit_place(read.text)
    if not votes or place is None:
        return read, votes
    wide, room = grey.shape[1], 0.25 * grey.shape[0]
    last, first = (read.starts[at] * wide for at in place)
    cut = grey[:, int(max((last + first) / 2, first - room)) :]
    unit = parse_unit(rapid.read(np.ascontiguousarray(cut)).text) if cut.shape[1] > 2 else None
    if unit is None:
        return read, votes
    return read, {
        label: vote * (1.0 if label.unit == unit else _OTHER_UNIT) for label, vote in votes.items()
    }


def label_votes(read: Read, lexicon: Lexicon) -> dict[Label, float]:
    """Return what a line that RapidOCR read speaks for."""
    if not (set(read.text) & _DIGITS and set(read.text) & _UNITS):
        return {}
    votes = posterior(read.scores, lexicon)
    label = parse_label(read.text)
    if label is not None and sum(votes.values()) < 1 - _UNUSUAL:
        plain = label._replace(repairs=0)
        votes[plain] = votes.get(plain, 0.0) + _UNUSUAL * _REPAIR**label.repairs
    return votes


def _ask_tesseract(places: Sequence[Place]) -> None:
    """Let tesseract read the places that look best."""
    crops = [crop for place in _best(places)[: _READ - 1] for crop in _crops(place)]
    texts = read_pages([enlarge(crop) for *_, crop in crops])
    for (place, at, _), text in zip(crops, texts, strict=True):
        label = parse_label(text)
        if label is not None:
            plain = label._replace(repairs=0)
            place.count("tesseract", at, plain, _VOTE * _REPAIR**label.repairs, text)


def _best(places: Sequence[Place]) -> list[Place]:
    """Return the places that most likely hold a label: by the network, a detector, the bar."""
    order = sorted(
        range(len(places)),
        key=lambda at: (
            -max((share for _, share in places[at].shares("network")), default=0.0),
            all(line.level is not None for line in places[at].lines),
            places[at].lines[0].distance,
        ),
    )
    return [places[at] for at in order[:_READ]]


def _few(lines: Sequence[Line]) -> list[int]:
    """Return the numbers of two cuts: what a detector found, and the middle threshold."""
    detected = [at for at, line in enumerate(lines) if line.level is None]
    cut = [at for at, line in enumerate(lines) if line.level is not None]
    return [*detected[:1], *cut[len(cut) // 2 :][:1]] if detected else cut[:2]


def _inks(crop: FloatImage) -> tuple[GreyImage, ...]:
    """Return a line, text light, as it is; dark on light; and so without what changes slowly."""
    flat = crop - ndimage.gaussian_filter(crop, crop.shape[0] / 3)
    return as_grey(crop), _dark(crop), _dark(np.asarray(flat, np.float32))


def _dark(crop: FloatImage) -> GreyImage:
    """Return a light text dark, over the whole range."""
    low, high = np.percentile(crop, (2, 98))
    return as_grey(np.asarray((high - crop) / max(float(high - low), 1e-6), np.float32))
