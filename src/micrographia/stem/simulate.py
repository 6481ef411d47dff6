"""From a crystal to a STEM image: choose an engine, place the crystal, expose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms

from micrographia import __version__
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.stem.multislice import multislice_series
from micrographia.stem.noise import expose
from micrographia.stem.phase_object import phase_object_series

EngineName = Literal["phase-object", "multislice"]
ENGINES = {"phase-object": phase_object_series, "multislice": multislice_series}


@dataclass(frozen=True)
class View:
    """Where the crystal lies in the picture.

    Attributes
    ----------
    pixel_size, field
        Pixel size and side of the square field [Å].
    rotation
        Counter-clockwise rotation of the crystal [degree].
    origin
        Position of the crystal's origin in the picture [Å].
    """

    pixel_size: float = 0.1
    field: float = 48.0
    rotation: float = 0.0
    origin: tuple[float, float] = (0.0, 0.0)


def draw_view(pixel_size: float, field: float, rotation: float | None, seed: list[int]) -> View:
    """Place a crystal at random, from a seed; `rotation` [degree] is kept when given."""
    generator = np.random.default_rng(seed)
    angle = float(generator.uniform(0, 360))
    origin = generator.uniform(0, field, size=2)
    return View(
        pixel_size=pixel_size,
        field=field,
        rotation=angle if rotation is None else rotation,
        origin=(float(origin[0]), float(origin[1])),
    )


def render(
    atoms: Atoms, conditions: ImagingConditions, view: View, engine: EngineName
) -> StemImage:
    """Image a layer in a view, without noise.

    The crystal is turned before it is imaged: detector and aberrations stay where they are.
    """
    turned = atoms.copy()
    turned.rotate(view.rotation, "z", rotate_cell=True)
    g, coefficients = ENGINES[engine](turned, conditions)
    shifted = coefficients * np.exp(-2j * np.pi * (g @ np.asarray(view.origin)))
    side = max(8, round(view.field / view.pixel_size))
    pixels = evaluate_series(g, shifted, (side, side), view.pixel_size)
    return StemImage(pixels, view.pixel_size, image_metadata(conditions, engine, None, None))


def add_noise(
    clean: StemImage, dose: float, conditions: ImagingConditions, seed: list[int]
) -> StemImage:
    """Expose a noiseless image at a dose [e/Å²]."""
    pixels = expose(clean.pixels, clean.pixel_size, dose, conditions, seed)
    engine = str(clean.metadata.get("engine", "unknown"))
    return StemImage(pixels, clean.pixel_size, image_metadata(conditions, engine, dose, seed))


def simulate(
    atoms: Atoms,
    conditions: ImagingConditions,
    view: View,
    engine: EngineName = "phase-object",
    dose: float | None = None,
    seed: int = 0,
) -> StemImage:
    """Image a layer.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    conditions
        The microscope.
    view
        Pixel size, field, rotation, origin.
    engine
        `phase-object` or `multislice`.
    dose
        [e/Å²]; None for a noiseless image.
    seed
        Of the noise.
    """
    clean = render(atoms, conditions, view, engine)
    return clean if dose is None else add_noise(clean, dose, conditions, [seed])


def image_metadata(
    conditions: ImagingConditions, engine: str, dose: float | None, seed: list[int] | None
) -> dict[str, Any]:
    """What an image's file says of how it was made. Nothing of the crystal: that is the answer."""
    return {
        "conditions": conditions.model_dump(mode="json"),
        "engine": engine,
        "dose": dose,
        "seed": seed,
        "unit": "rad",
        "version": __version__,
    }
