"""Crystals to STEM images, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from micrographia.api.micrograph import UNITS, Micrograph, plain_pixels
from micrographia.errors import ImageError, MicrographiaError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike

    from micrographia.config import Reconstruction
    from micrographia.method_names import Engine
    from micrographia.physics.conditions import Detector, ImagingConditions
    from micrographia.reconstruction.crystal import Crystal


def simulate(
    crystal: Atoms | Crystal | str | os.PathLike[str],
    *,
    engine: Engine = "phase-object",
    field: float = 48.0,
    pixel_size: float = 0.1,
    dose: float | None = None,
    conditions: ImagingConditions | None = None,
    rotation: float = 0.0,
    seed: int = 0,
) -> Micrograph:
    """Simulate the STEM image of a layer.

    Parameters
    ----------
    crystal
        `ase.Atoms`; what `solve` returns; a CIF, POSCAR or extended XYZ file; or the name of an
        embedded crystal, such as "graphene" or "MoS2-1H".
    engine
        "phase-object" (fast), "multislice" or "prism" (abTEM, slow), or "incoherent" or
        "convolution" (fast, dark field).
    field
        Side of the square field [Å].
    pixel_size
        Side of a pixel [Å].
    dose
        Electrons [e/Å²]; None for an image without noise.
    conditions
        The microscope: `micrographia.physics.conditions.ImagingConditions`; None for 200 keV,
        25 mrad and a segmented detector.
    rotation
        Of the crystal, counter-clockwise [degree].
    seed
        Random seed of the noise.

    Returns
    -------
    Micrograph
        float32 grey values, shape (H, W), of the unit that `metadata["unit"]` states: phase in
        rad, or the share of the beam that an annular detector counts. Pixel size in Å.

    Raises
    ------
    StructureError
        The crystal cannot be read, is no layer, or no embedded one has this name.
    ConfigError
        There is no such engine, or a number is out of bounds.

    Examples
    --------
    >>> import micrographia as mg
    >>> mg.simulate("graphene", field=20, dose=1e5)
    Micrograph(200 × 200 px, float32, 0.1 Å per pixel (simulation))
    """
    from micrographia.io.structures import orient_layer
    from micrographia.physics.conditions import ImagingConditions
    from micrographia.stem.simulate import View
    from micrographia.stem.simulate import simulate as image_layer

    image = image_layer(
        orient_layer(_atoms_of(crystal)),
        conditions or ImagingConditions(),
        View(pixel_size, field, rotation),
        engine=engine,
        dose=dose,
        seed=seed,
    )
    return Micrograph(
        image.pixels, image.pixel_size, "Å", "simulation", metadata=dict(image.metadata)
    )


def solve(
    image: Micrograph,
    elements: Sequence[str] | str | None = None,
    *,
    composition: str | Mapping[str, int] | None = None,
    detector: Detector | None = None,
    mask: ArrayLike | None = None,
    conditions: ImagingConditions | None = None,
    settings: Reconstruction | None = None,
) -> Crystal:
    """Read a crystal from a STEM image of a layer.

    Parameters
    ----------
    image
        Atomically resolved, with its pixel size.
    elements
        Symbols of the elements that the sample is known to hold: ["Mo", "S"] or "Mo,S". None
        if nobody knows: they are then inferred, which takes an image in radians of phase.
    composition
        Formula of the sample where it is known, "MoS2" or {"Mo": 1, "S": 2}; it says the
        elements, too.
    detector
        What the signal is, where nothing else of the microscope is known: "icom" or "segments"
        (iDPC, centre of mass), "haadf" or "abf". None for what the image states, or else what
        its noise says.
    mask
        Shape (H, W); what is not zero is no part of the picture, such as burnt-in text.
    conditions
        The whole microscope; wins over what the image states. None for what it states; what
        nobody states is fitted with the atoms.
    settings
        Limits of the search: `micrographia.config.Reconstruction`; None for the defaults. Its
        `microscope` takes what is known of voltage, semi-angle and defocus. Its
        `time_limit` [s] ends a search that takes longer, and answers of a confidence below its
        `min_confidence` are not `sure`.

    Returns
    -------
    Crystal
        Layer, cell, columns, confidence, CIF; `Crystal.model` gives the picture that it explains.

    Raises
    ------
    ImageError
        The pixel size is unknown, or too coarse or too fine to resolve atoms; or the mask is
        none.
    SolveError
        The image holds no crystal that can be stated with honesty, or the search was stopped at
        its time limit; the message says why.

    Examples
    --------
    >>> import micrographia as mg
    >>> image = mg.simulate("MoS2-1H", dose=1e5, rotation=10)
    >>> found = mg.solve(image, elements=["Mo", "S"])
    >>> found.formula, round(found.a, 2), found.confidence > 0.9
    ('MoS2', 3.18, True)
    """
    from micrographia.config import Reconstruction, parse_section
    from micrographia.io.stem_images import StemImage, check_resolves_atoms
    from micrographia.reconstruction.crystal import read_crystal
    from micrographia.reconstruction.unstated.sample import checked_mask, parse_composition

    remedy = 'Give the right one: mg.Micrograph(pixels, pixel_size=0.1, unit="Å")'
    if not isinstance(image, Micrograph) or image.pixel_size is None:
        raise ImageError("To solve an image takes its pixel size", remedy=remedy)
    size = image.pixel_size if image.unit == "Å" else image.pixel_size * UNITS["Å"]
    name = "image" if image.path is None else image.path.stem
    check_resolves_atoms(size, name, remedy)
    metadata = dict(image.metadata)
    if conditions is not None:
        metadata["conditions"] = conditions.model_dump(mode="json")
    if isinstance(elements, str):
        elements = elements.replace(",", " ").split()
    pixels = np.asarray(plain_pixels(image), dtype=np.float32)
    stem_image = StemImage(pixels, size, metadata)
    settings = settings or Reconstruction()
    if detector is not None:
        microscope = settings.microscope.model_dump() | {"detector": detector}
        settings = parse_section(
            json.dumps(settings.model_dump(mode="json") | {"microscope": microscope}),
            Reconstruction,
        )
    return read_crystal(
        stem_image,
        elements,
        settings,
        name,
        None if composition is None else parse_composition(composition),
        None if mask is None else checked_mask(mask, "The mask"),
    )


def _atoms_of(crystal: Atoms | Crystal | str | os.PathLike[str]) -> Atoms:
    from ase import Atoms

    from micrographia.io.crystal_check import check_crystal
    from micrographia.io.structures import read_structure
    from micrographia.reconstruction.crystal import Crystal
    from micrographia.stem.crystals.prototypes import embedded_crystal

    if isinstance(crystal, Crystal):
        return crystal.atoms
    if isinstance(crystal, Atoms):
        return check_crystal(crystal, "The crystal")
    if isinstance(crystal, str) and not Path(crystal).suffix and not Path(crystal).exists():
        return embedded_crystal(crystal)
    if isinstance(crystal, str | os.PathLike):
        return read_structure(crystal)
    raise MicrographiaError(
        "This is no crystal",
        seen=type(crystal).__name__,
        allowed="ase.Atoms, what mg.solve returns, a structure file, an embedded crystal's name",
    )
