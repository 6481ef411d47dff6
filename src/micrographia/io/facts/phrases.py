"""How the words of facts stand in a sentence, and by which other words a text may say them."""

from __future__ import annotations

from collections.abc import Mapping

#: Fact → its word → the phrase for a sentence. What is not listed stands as it is.
PHRASES: Mapping[str, Mapping[str, str]] = {
    "class_name": {
        "biological": "a biological sample",
        "fibres": "fibres",
        "films_coated_surface": "a film or coated surface",
        "mems_devices_electrodes": "a microdevice or electrodes (MEMS)",
        "nanowires": "nanowires",
        "particles": "particles",
        "patterned_surface": "a patterned surface",
        "porous_sponge": "a porous sponge",
        "powder": "powder",
        "tips": "a tip",
        "other": "none of the usual classes of nanomaterials",
    },
    "subject": {
        "metal": "a metal",
        "ceramic": "a ceramic",
        "semiconductor": "a semiconductor",
        "carbon": "a carbon material",
        "polymer": "a polymer",
        "mineral": "a mineral",
        "composite": "a composite of several materials",
        "biological": "biological matter",
    },
    "microscopy_type": {
        "SEM": "a scanning electron microscope (SEM)",
        "TEM": "a transmission electron microscope (TEM)",
        "STEM": "a scanning transmission electron microscope (STEM)",
        "OM": "an optical microscope",
        "other": "another instrument than an electron or optical microscope",
    },
    "colour_profile": {
        "bright_on_dark": "brighter than the background",
        "dark_on_bright": "darker than the background",
        "even": "about as bright as the background",
        "coloured": "shown in colour",
    },
    "morphology": {
        "spherical": "spherical",
        "rod_like": "rod-like",
        "fibrous": "fibrous",
        "plate_like": "plate-like",
        "polyhedral": "polyhedral",
        "irregular": "irregular",
        "porous": "porous",
        "mixed": "mixed, without a prevailing shape",
    },
    "particle_density": {
        "none": "no particles",
        "single": "a single particle",
        "sparse": "few particles",
        "medium": "a moderate number of particles",
        "high": "a large number of particles",
    },
    "distribution": {
        "scattered": "scattered at random",
        "uniform": "evenly spread",
        "ordered": "in a regular order",
        "packed": "closely packed",
        "clustered": "gathered in clusters",
        "network": "joined into a network",
    },
    "layering": {
        "tiled": "side by side in one layer",
        "multilayer": "partly on top of one another",
    },
    "surface_texture": {
        "smooth": "smooth",
        "rough": "rough",
        "faceted": "faceted",
        "porous": "porous",
        "striped": "striped",
        "nanostructured": "covered with finer structures",
    },
    "pixel_size_profile": {
        "uniform": "uniform",
        "minor_variation": "similar, with some variation",
        "wide": "spread over a wide range",
        "outliers": "uniform but for a few much larger ones",
        "multimodal": "in several distinct groups",
    },
}


def phrase_of(name: str, word: str) -> str:
    """Return the phrase for a fact's word.

    Examples
    --------
    >>> phrase_of("morphology", "rod_like"), phrase_of("material", "ZnO")
    ('rod-like', 'ZnO')
    """
    return PHRASES.get(name, {}).get(word, word)
