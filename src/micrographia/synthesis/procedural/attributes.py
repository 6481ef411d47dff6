"""The nine attributes of a procedural micrograph, known from how it was made."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import BoolArray, GreyImage
from micrographia.io.vocabulary import UNKNOWN, density_word, spread_word
from micrographia.synthesis.procedural.placement import Scene
from micrographia.synthesis.procedural.recipe import Recipe

_MICROSCOPES = {"sem": "SEM", "tem": "TEM", "stem": "STEM"}
_MORPHOLOGIES = {
    "spheres": "spherical",
    "grains": "irregular",
    "rods": "rod_like",
    "polyhedra": "polyhedral",
    "plates": "plate_like",
    "fibres": "fibrous",
    "mixture": "mixed",
}
_DISTRIBUTIONS = {
    "random": "scattered",
    "even": "uniform",
    "lattice": "ordered",
    "packed": "packed",
    "clusters": "clustered",
    "network": "network",
}
#: Fewest particles that show an arrangement, or a distribution of sizes.
_FEWEST = 5
#: Share of the particles that others hide, from which on a picture has more than one layer.
_OVERLAPPED = 0.15
#: Least share of the frame that packed particles cover.
_PACKED = 0.5
#: Difference of mean grey levels below which particles and ground are even.
_EVEN = 0.03


def attributes_of(recipe: Recipe, scene: Scene, pixels: GreyImage) -> dict[str, str]:
    """Return the word of each attribute, "unknown" where the picture does not show it.

    Parameters
    ----------
    recipe
        What the picture was to show: shape, arrangement, surface, instrument.
    scene
        What became of it: number, overlap and sizes are those of the particles laid down.
    pixels
        The picture without annotation, uint8: its tones.
    """
    count = len(scene.patches)
    several = count >= _FEWEST
    layered = scene.overlapped_share >= _OVERLAPPED
    return {
        "subject": UNKNOWN,
        "microscopy_type": _MICROSCOPES[recipe.mode],
        "colour_profile": _tone(scene.labels > 0, pixels),
        "morphology": _MORPHOLOGIES[recipe.habit],
        "particle_density": density_word(count),
        "distribution": _arrangement(recipe, scene) if several else UNKNOWN,
        "layering": ("multilayer" if layered else "tiled") if count > 1 else UNKNOWN,
        "surface_texture": recipe.surface if recipe.habit != "mixture" else UNKNOWN,
        "pixel_size_profile": _sizes(recipe, scene),
    }


def _arrangement(recipe: Recipe, scene: Scene) -> str:
    covered = float(np.mean(scene.labels[scene.free] > 0))
    if recipe.arrangement == "packed" and covered < _PACKED:
        # Long and pointed particles do not always come to touch.
        return "scattered" if recipe.stacked else "uniform"
    return _DISTRIBUTIONS[recipe.arrangement]


def _tone(inside: BoolArray, pixels: GreyImage) -> str:
    if inside.all() or not inside.any():
        return "even"
    step = (pixels[inside].mean() - pixels[~inside].mean()) / 255
    return "even" if abs(step) < _EVEN else "bright_on_dark" if step > 0 else "dark_on_bright"


def _sizes(recipe: Recipe, scene: Scene) -> str:
    """Word for the diameters of the outlines drawn, hidden parts included, border not."""
    size = scene.labels.shape[0]
    areas = []
    for patch in scene.patches:
        rows, columns = np.nonzero(patch.inside)
        rows, columns = rows + patch.y0, columns + patch.x0
        edges = (rows.min(), columns.min(), size - 1 - rows.max(), size - 1 - columns.max())
        if min(edges) > 0:
            areas.append(rows.size)
    diameters = np.sqrt(4 / np.pi * np.array(areas))
    if diameters.size < _FEWEST:
        return UNKNOWN
    large = float(np.mean(diameters > 2 * np.median(diameters)))
    if recipe.sizes == "outliers" and 0 < large <= 0.1:
        return "outliers"
    if recipe.sizes == "two":
        return "multimodal"
    return spread_word(float(diameters.std() / diameters.mean()))
