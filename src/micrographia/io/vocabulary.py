"""The nine attributes of a micrograph: names, coarse vocabularies and what each word means.

Names and examples follow UniEM-3M (section 4.1, figure 9); the words are few enough to be counted
and compared, and each meaning is one that a person, a vision model and a measurement can share.
Annotators, the procedural generator's truth, cross-check, agreement and report all use this table.
"""

from __future__ import annotations

#: "It cannot be told, or does not apply": an abstention, never a class of its own.
UNKNOWN = "unknown"

_CANNOT_TELL = "cannot be told from the picture, or does not apply"

#: What each attribute asks.
QUESTIONS: dict[str, str] = {
    "subject": "What kind of material is shown?",
    "microscopy_type": "Which kind of microscope took the picture?",
    "colour_profile": "How do particles (or features) and background differ in tone or colour?",
    "morphology": "What is the basic shape of the single particles or units?",
    "particle_density": "How many particles or units does the frame hold?",
    "distribution": "How are the particles arranged over the frame?",
    "layering": "Do particles lie in one layer, or on top of one another?",
    "surface_texture": "What does the surface of the single particles look like?",
    "pixel_size_profile": "How uniform are the particles' sizes, as seen in pixels?",
}

#: Attribute → word → meaning. D is the diameter of the circle of equal area; a diameter's
#: coefficient of variation (CV) is its standard deviation over its mean.
VOCABULARY: dict[str, dict[str, str]] = {
    "subject": {
        "metal": "metals and alloys, as particles, grains or films",
        "ceramic": "oxides, nitrides, carbides, glasses and other inorganic compounds",
        "semiconductor": "semiconductor particles, wires, wafers or devices",
        "carbon": "graphite, graphene, nanotubes, carbon black, diamond",
        "polymer": "plastics, latex, resins, organic fibres and crystals",
        "mineral": "rocks, soils, clays, cement, zeolites",
        "composite": "two or more of these materials side by side",
        "biological": "cells, tissue, viruses, pollen, diatoms, wood",
        UNKNOWN: _CANNOT_TELL,
    },
    "microscopy_type": {
        "SEM": "scanning electron microscope: surfaces with relief, edges bright",
        "TEM": "transmission electron microscope: shadows of thin matter, mostly on bright ground",
        "STEM": "scanning transmission: thin matter, bright on a dark field, or atomic columns",
        "OM": "optical microscope",
        "other": "another instrument, such as a scanning probe",
        UNKNOWN: _CANNOT_TELL,
    },
    "colour_profile": {
        "bright_on_dark": "particles are on average brighter than the background",
        "dark_on_bright": "particles are on average darker than the background",
        "even": "particles and background have about the same tone, or there is no background",
        "coloured": "false colour or stain: the picture is not grey",
        UNKNOWN: _CANNOT_TELL,
    },
    "morphology": {
        "spherical": "round outlines: discs, spheres, drops",
        "rod_like": "straight and elongated, 1.8 to 8 times as long as wide",
        "fibrous": "fibres, wires, tubes: more than 8 times as long as wide, or bent",
        "plate_like": "flakes, sheets, platelets",
        "polyhedral": "straight edges and corners: cubes, crystals, polygonal grains",
        "irregular": "outlines without a common simple shape",
        "porous": "a continuous body with holes: sponge, foam, mesh",
        "mixed": "two or more of these shapes, none of which most particles have",
        UNKNOWN: _CANNOT_TELL,
    },
    "particle_density": {
        "none": "no particle",
        "single": "one object",
        "sparse": "2 to 29 particles",
        "medium": "30 to 99 particles",
        "high": "100 particles or more",
        UNKNOWN: _CANNOT_TELL,
    },
    "distribution": {
        "scattered": "apart from one another at random, without order",
        "uniform": "evenly spread: nearest distances vary less than at random; no lattice",
        "ordered": "periodic: particles sit on a lattice or in rows",
        "packed": "touching one another over most of the frame",
        "clustered": "gathered in groups, with empty space between the groups",
        "network": "joined or crossing one another into a net",
        UNKNOWN: _CANNOT_TELL,
    },
    "layering": {
        "tiled": "one layer: particles lie side by side",
        "multilayer": "particles lie on top of others and hide parts of them",
        UNKNOWN: _CANNOT_TELL,
    },
    "surface_texture": {
        "smooth": "even surfaces, without detail finer than the particle",
        "rough": "grainy or bumpy surfaces",
        "faceted": "flat crystal faces that meet in edges",
        "porous": "holes, webs or sponge on the surface",
        "striped": "lines, steps or lamellae on the surface",
        "nanostructured": "smaller particles, needles or hairs grow on the surface",
        UNKNOWN: _CANNOT_TELL,
    },
    "pixel_size_profile": {
        "uniform": "all about one size (CV of D below 0.15)",
        "minor_variation": "one size with some variation (CV of D from 0.15 to 0.35)",
        "wide": "a wide range of sizes (CV of D above 0.35)",
        "outliers": "uniform but for at most a tenth above twice the median",
        "multimodal": "two or more distinct sizes",
        UNKNOWN: _CANNOT_TELL,
    },
}

#: The nine names, in the order of every table and schema.
ATTRIBUTE_NAMES: tuple[str, ...] = tuple(VOCABULARY)


def density_word(count: int) -> str:
    """Return the word of `particle_density` for a number of particles.

    Examples
    --------
    >>> [density_word(count) for count in (0, 1, 29, 30, 99, 100)]
    ['none', 'single', 'sparse', 'medium', 'medium', 'high']
    """
    if count < 2:
        return "single" if count else "none"
    return "sparse" if count < 30 else "medium" if count < 100 else "high"


def spread_word(variation: float) -> str:
    """Return the word of `pixel_size_profile` for one group of sizes, by their CV.

    Examples
    --------
    >>> [spread_word(variation) for variation in (0.1, 0.15, 0.4)]
    ['uniform', 'minor_variation', 'wide']
    """
    return "uniform" if variation < 0.15 else "minor_variation" if variation < 0.35 else "wide"
