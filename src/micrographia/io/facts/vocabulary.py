"""The facts that can be known of a picture: names, units, and which tools measure them.

An assistant may say of a picture what one of these facts says, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from micrographia.io.vocabulary import ATTRIBUTE_NAMES, QUESTIONS

#: What a number counts; a class or an attribute is `words`.
Quantity = Literal["length", "count", "fraction", "ratio", "density", "words"]
#: Tools that measure; `text` is what an author states beside the picture.
Tool = Literal["scale", "segmentation", "classification", "annotation", "text"]


@dataclass(frozen=True)
class FactKind:
    """A fact that can be known of a picture.

    Attributes
    ----------
    meaning
        What it says, in words that complete "the picture's ...".
    quantity
        What its number counts.
    units
        Units that its number can have, the better one first; empty: it has none.
    tools
        What measures it.
    """

    meaning: str
    quantity: Quantity
    units: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()


_SIZED: tuple[Tool, ...] = ("segmentation", "scale")
#: Diameters are in pixels where the pixel size is not known.
_LENGTHS = ("nm", "px")


def _length(meaning: str) -> FactKind:
    return FactKind(meaning, "length", _LENGTHS, _SIZED)


#: Name → fact. Sizes are of particles that neither the border nor burnt-in text cuts, counts of
#: all; a diameter is that of the circle of equal area.
FACT_KINDS: Mapping[str, FactKind] = {
    "pixel_size": FactKind("pixel size", "length", ("nm",), ("scale",)),
    "field_width": FactKind("width of the field of view", "length", ("nm",), ("scale",)),
    "scale_bar": FactKind(
        "length that is written at the scale bar", "length", ("nm",), ("scale",)
    ),
    "particle_count": FactKind("number of particles", "count", (), ("segmentation",)),
    "whole_count": FactKind(
        "number of particles that are whole in the picture", "count", (), ("segmentation",)
    ),
    "median_diameter": _length("median diameter of the particles"),
    "median_diameter_low": _length("lower end of the median diameter's 95 % interval"),
    "median_diameter_high": _length("upper end of the median diameter's 95 % interval"),
    "mean_diameter": _length("mean diameter of the particles"),
    "diameter_spread": FactKind(
        "coefficient of variation of the diameters", "fraction", (), ("segmentation",)
    ),
    "smallest_diameter": _length("smallest diameter of a particle"),
    "largest_diameter": _length("largest diameter of a particle"),
    "area_fraction": FactKind(
        "fraction of the area that particles cover", "fraction", (), ("segmentation",)
    ),
    "number_density": FactKind("number of particles per area", "density", ("1/µm²",), _SIZED),
    "aspect_ratio": FactKind(
        "median ratio of length to width of the particles", "ratio", (), ("segmentation",)
    ),
    "neighbour_distance": _length("median distance of a particle's centre to the nearest other"),
    "fullest_quarter": FactKind(
        "fraction of the particles that lie in the fullest quarter of the picture",
        "fraction",
        (),
        ("segmentation",),
    ),
    "class_name": FactKind("class of nanomaterial", "words", (), ("classification", "text")),
    "material": FactKind("material as its author states it", "words", (), ("text",)),
    **{
        name: FactKind(question.rstrip("?").lower(), "words", (), ("annotation",))
        for name, question in QUESTIONS.items()
    },
}

#: Facts that are numbers, and those that are words.
NUMBERS: tuple[str, ...] = tuple(
    name for name, kind in FACT_KINDS.items() if kind.quantity != "words"
)
CATEGORIES: tuple[str, ...] = ("class_name", "material", *ATTRIBUTE_NAMES)
