"""Words of a text that claim a class, a material, or one of the nine attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micrographia.io.vocabulary import density_word, spread_word

#: What a term can mean: a fact's name and its word.
Meaning = tuple[str, str]

_PARTICLES = r"(?:nano-?|micro-?)?(?:particles?|objects?|grains?)"
#: Pattern → what it can mean; of overlapping ones the longest counts. A term is right where one
#: of its meanings is. "Particles" themselves are the subject of nearly every sentence: no claim.
_TERMS: tuple[tuple[str, tuple[Meaning, ...]], ...] = (
    # Shapes, and the classes that have them.
    (r"spher(?:ical|es?|oids?)|rounded|globular|round|nanospheres?",
     (("morphology", "spherical"),)),
    (r"(?:nano)?rods?(?:-like)?|elongated|needles?(?:-like)?",
     (("morphology", "rod_like"), ("morphology", "fibrous"), ("class_name", "nanowires"))),
    (r"fibrous|(?:nano)?fib(?:re|er)s?|filaments?|threads?",
     (("morphology", "fibrous"), ("class_name", "fibres"), ("class_name", "nanowires"))),
    (r"(?:nano)?wires?(?:-like)?|nanotubes?",
     (("class_name", "nanowires"), ("morphology", "fibrous"))),
    (r"(?:nano)?plate(?:let)?s?(?:-like)?|flakes?|(?:nano)?sheets?",
     (("morphology", "plate_like"),)),
    (r"polyhedr(?:al|a|ons?)|(?:nano)?cubes?|cubic|octahedr(?:al|a|on)|prisms?|polygonal",
     (("morphology", "polyhedral"),)),
    (r"facet(?:ed|s)?", (("surface_texture", "faceted"), ("morphology", "polyhedral"))),
    (r"irregular(?:ly)?", (("morphology", "irregular"),)),
    (r"mixed|various shapes|different shapes", (("morphology", "mixed"),)),
    (r"porous|pores?|spong[ey]\w*|foam",
     (("morphology", "porous"), ("surface_texture", "porous"), ("class_name", "porous_sponge"))),
    (r"powders?", (("class_name", "powder"),)),
    (r"(?:thin )?films?|coat(?:ed|ings?)", (("class_name", "films_coated_surface"),)),
    (r"patterned|lithograph\w*", (("class_name", "patterned_surface"),)),
    (r"mems|electrodes?|micro-?devices?|devices?", (("class_name", "mems_devices_electrodes"),)),
    (r"tips?|cantilevers?", (("class_name", "tips"),)),
    (r"biological|cells?|tissues?|bacteri(?:a|um)|pollen|virus(?:es)?",
     (("class_name", "biological"), ("subject", "biological"))),
    (r"none of the usual (?:classes|kinds)", (("class_name", "other"),)),
    # Materials as a person would sort them.
    (r"metal(?:s|lic)?|alloys?", (("subject", "metal"),)),
    (r"ceramics?|oxides?|nitrides?|carbides?", (("subject", "ceramic"),)),
    (r"semiconduct(?:ors?|ing)", (("subject", "semiconductor"),)),
    (r"carbon|graphene|graphite|diamond|soot", (("subject", "carbon"),)),
    (r"polymer(?:s|ic)?|latex|plastics?|resins?", (("subject", "polymer"),)),
    (r"minerals?|clays?|cement|rocks?", (("subject", "mineral"),)),
    (r"composites?", (("subject", "composite"),)),
    # Microscopes.
    (r"scanning transmission(?: electron)?|(?:haadf-?)?stem",
     (("microscopy_type", "STEM"),)),
    (r"scanning electron|scanning micro\w+|(?:fe-?)?sem", (("microscopy_type", "SEM"),)),
    (r"transmission(?: electron)?|(?:hr-?)?tem",
     (("microscopy_type", "TEM"), ("microscopy_type", "STEM"))),
    (r"another instrument than an electron or optical microscope|scanning probe|atomic force|afm",
     (("microscopy_type", "other"),)),
    (r"optical|light micro\w+", (("microscopy_type", "OM"),)),
    # Tone against the background.
    (r"brighter than (?:the|their) (?:back)?ground|bright(?: \w+)? on (?:a )?dark",
     (("colour_profile", "bright_on_dark"),)),
    (r"darker than (?:the|their) (?:back)?ground|dark(?: \w+)? on (?:a )?(?:bright|light)",
     (("colour_profile", "dark_on_bright"),)),
    (r"(?:about )?as bright as the background", (("colour_profile", "even"),)),
    (r"(?:in|false) colou?r|colou?red", (("colour_profile", "coloured"),)),
    # How many, in words.
    (rf"no {_PARTICLES}", (("particle_density", "none"),)),
    (rf"a single {_PARTICLES}", (("particle_density", "single"),)),
    (rf"(?:a )?few {_PARTICLES}|sparse(?:ly)?", (("particle_density", "sparse"),)),
    (rf"moderate (?:number|density)(?: of {_PARTICLES})?", (("particle_density", "medium"),)),
    (rf"large number(?: of {_PARTICLES})?|many {_PARTICLES}|numerous|high density|dense(?:ly)?",
     (("particle_density", "high"), ("distribution", "packed"))),
    # Where they lie.
    (r"scattered(?: at random)?|random(?:ly)?|at random", (("distribution", "scattered"),)),
    (r"even(?:ly)? (?:spread|distributed|spaced)", (("distribution", "uniform"),)),
    (r"(?:in )?(?:a )?regular order|ordered|periodic(?:ally)?|lattice|arrays?",
     (("distribution", "ordered"),)),
    (r"(?:closely |densely |tightly )?packed", (("distribution", "packed"),)),
    (r"(?:gathered in )?clust(?:ers?|ered)|agglomerat\w+|aggregat\w+",
     (("distribution", "clustered"),)),
    (r"(?:joined into a )?networks?|mesh(?:es)?|interconnected", (("distribution", "network"),)),
    (r"(?:side by side )?in one layer|side by side|monolayer|single layer",
     (("layering", "tiled"),)),
    (r"(?:partly )?on top of (?:one another|each other)|overlap\w*|stacked|multi-?layer(?:ed)?|"
     r"heaped|piled", (("layering", "multilayer"),)),
    # Surfaces.
    (r"smooth", (("surface_texture", "smooth"),)),
    (r"rough(?:ness)?|grainy|bumpy", (("surface_texture", "rough"),)),
    (r"striped|stripes?|striat\w+|groov\w+|lamell\w+", (("surface_texture", "striped"),)),
    (r"covered with finer structures|nanostructured|hierarchical",
     (("surface_texture", "nanostructured"),)),
    # Sizes, in words.
    (r"monodisperse|uniform(?:ly)?|homogeneous(?:ly)?|narrow(?:ly)?",
     (("pixel_size_profile", "uniform"), ("distribution", "uniform"))),
    (r"similar, with some variation|(?:of )?similar sizes?",
     (("pixel_size_profile", "minor_variation"), ("pixel_size_profile", "uniform"))),
    (r"(?:spread over )?a (?:wide|broad) range|polydisperse|broad(?:ly)?|widely",
     (("pixel_size_profile", "wide"),)),
    (r"uniform but for a few much larger ones|a few much larger(?: ones)?",
     (("pixel_size_profile", "outliers"),)),
    (r"(?:in )?several distinct groups|bimodal|multimodal",
     (("pixel_size_profile", "multimodal"),)),
)  # fmt: skip
_COMPILED = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), meanings) for pattern, meanings in _TERMS
)
#: A term that is denied is no claim.
_DENIED = re.compile(
    r"\b(?:no|not|neither|nor|without|never|non|rather than|instead of)[\s-]+(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Term:
    """A word that claims something, from `start` to `end` of a text.

    Attributes
    ----------
    meanings
        What it can mean; empty: a material, by its name.
    """

    start: int
    end: int
    text: str
    meanings: tuple[Meaning, ...]

    def holds(self, words: Mapping[str, Sequence[str]]) -> bool:
        """Whether one of its meanings is among the words of a picture's facts."""
        return any(word in words.get(name, ()) for name, word in self.meanings)


def terms_in(text: str) -> list[Term]:
    """Return the terms of a text that claim a class or an attribute, in their order.

    Examples
    --------
    >>> [one.text for one in terms_in("Spherical particles, evenly spread, not porous")]
    ['Spherical', 'evenly spread']
    """
    found = [
        Term(match.start(), match.end(), match[0], meanings)
        for pattern, meanings in _COMPILED
        for match in pattern.finditer(text)
    ]
    kept: list[Term] = []
    for one in sorted(found, key=lambda term: (term.start, -term.end)):
        if kept and one.start < kept[-1].end:
            continue
        kept.append(one)
    return [one for one in kept if one.text.lower().startswith("no ") or not denied(text, one)]


def denied(text: str, term: Term) -> bool:
    """Whether a text says that a term does not hold."""
    return _DENIED.search(text, 0, term.start) is not None


def words_of(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the words of a picture's facts by name, with those that its numbers imply.

    Parameters
    ----------
    facts
        Rows of `schemas.FACTS`, by any names.
    """
    found: dict[str, list[str]] = {}
    for row in facts.values():
        name, number = str(row["name"]), row["number"]
        if row["words"]:
            found.setdefault(name, []).append(str(row["words"]))
        elif name == "particle_count" and number is not None:
            found.setdefault("particle_density", []).append(density_word(round(number)))
        elif name == "diameter_spread" and number is not None:
            found.setdefault("pixel_size_profile", []).append(spread_word(float(number)))
    return found
