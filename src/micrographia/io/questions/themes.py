"""The ten themes of questions about a picture of a nanomaterial, after GDL-NMID (table 1)."""

from __future__ import annotations

from collections.abc import Mapping

#: What is asked under each theme; the words are ours.
THEMES: Mapping[str, str] = {
    "basics": "what is shown, at which scale",
    "morphology": "shapes, their order and direction",
    "size": "number, sizes and their spread, distances",
    "surface": "texture, facets, pores, damage",
    "composition": "materials, elements, foreign matter",
    "contacts": "how neighbours touch, overlap or stand apart",
    "surroundings": "ground, support and what lies about",
    "technique": "microscope, imaging faults, changes to the picture",
    "function": "parts that serve a purpose, as far as they can be seen",
    "context": "purpose and origin, as far as picture and text tell",
}
