"""From a crystal to a STEM image: choose an engine, place the crystal, expose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from micrographia import __version__
from micrographia.arrays import ComplexArray, FloatArray
from micrographia.config import Stem, validate
from micrographia.errors import ConfigError
from micrographia.io.stem_images import StemImage
from micrographia.method_names import Engine as EngineName
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series
from micrographia.stem.convolution import convolution_series
from micrographia.stem.distortion import row_displacements
from micrographia.stem.incoherent import incoherent_series
from micrographia.stem.multislice import multislice_series
from micrographia.stem.noise import expose
from micrographia.stem.phase_object import phase_object_series
from micrographia.stem.prism import prism_series

Engine = Callable[[Atoms, ImagingConditions], tuple[FloatArray, ComplexArray]]
ENGINES: dict[EngineName, Engine] = {
    "phase-object": phase_object_series,
    "multislice": multislice_series,
    "prism": prism_series,
    "convolution": convolution_series,
    "incoherent": incoherent_series,
}


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
    drift
        Drift (x, y) of the beam over the crystal in one frame [Å].
    jitter
        Root mean square displacement of single rows [Å].
    jitter_seed
        Of the rows' displacements.
    """

    pixel_size: float = 0.1
    field: float = 48.0
    rotation: float = 0.0
    origin: tuple[float, float] = (0.0, 0.0)
    drift: tuple[float, float] = (0.0, 0.0)
    jitter: float = 0.0
    jitter_seed: tuple[int, ...] = (0,)


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
    Scan points that drift or jitter displace are evaluated where they are.
    """
    turned = atoms.copy()
    turned.rotate(view.rotation, "z", rotate_cell=True)
    g, coefficients = ENGINES[engine](turned, conditions)
    shifted = coefficients * np.exp(-2j * np.pi * (g @ np.asarray(view.origin)))
    side = max(8, round(view.field / view.pixel_size))
    steady = view.drift == (0.0, 0.0) and view.jitter == 0
    moved = (
        None
        if steady
        else row_displacements(side, view.drift, view.jitter, list(view.jitter_seed))
    )
    pixels = evaluate_series(g, shifted, (side, side), view.pixel_size, moved)
    metadata = image_metadata(conditions, engine, None, None)
    if not steady:
        metadata["scan"] = {"drift": list(view.drift), "jitter": view.jitter}
    return StemImage(pixels, view.pixel_size, metadata)


def add_noise(clean: StemImage, dose: float, seed: list[int]) -> StemImage:
    """Expose a noiseless image at a dose [e/Å²], under the conditions that its metadata states."""
    conditions = ImagingConditions(**clean.metadata.get("conditions", {}))
    pixels = expose(clean.pixels, clean.pixel_size, dose, conditions, seed)
    metadata = {**clean.metadata, "dose": dose, "seed": seed, "version": __version__}
    return StemImage(pixels, clean.pixel_size, metadata)


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
        One of `ENGINES`.
    dose
        [e/Å²]; None for a noiseless image.
    seed
        Of the noise.

    Raises
    ------
    ConfigError
        There is no such engine, or pixel size, field, rotation or dose are out of bounds.
    """
    if engine not in ENGINES:
        raise ConfigError("There is no such engine", seen=engine, allowed=", ".join(ENGINES))
    chosen = {"pixel_size": view.pixel_size, "field": view.field, "rotation": view.rotation}
    validate(chosen if dose is None else {**chosen, "doses": [dose]}, Stem)
    clean = render(atoms, conditions, view, engine)
    return clean if dose is None else add_noise(clean, dose, [seed])


def image_metadata(
    conditions: ImagingConditions, engine: str, dose: float | None, seed: list[int] | None
) -> dict[str, Any]:
    """What an image's file says of how it was made. Nothing of the crystal: that is the answer."""
    return {
        "conditions": conditions.model_dump(mode="json"),
        "engine": engine,
        "dose": dose,
        "seed": seed,
        "unit": conditions.unit,
        "version": __version__,
    }
