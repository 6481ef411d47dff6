"""A crystal that was read, beside the picture that it was read from."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure

from micrographia.drawing.layers import Layer, place
from micrographia.drawing.panels import Reading, draw_reading
from micrographia.io.stem_images import StemImage
from micrographia.reconstruction.crystal import Crystal

#: What the values of a picture are, by the unit that its metadata state.
_QUANTITIES = {"rad": "phase [rad]", "fraction": "signal [share of the beam]"}


def read_against(crystal: Crystal, image: StemImage) -> Reading:
    """Put a crystal back into the picture that it was read from.

    Parameters
    ----------
    crystal
        From `read_crystal`.
    image
        The picture that was given to it.

    Returns
    -------
    Both in the picture's frame. The model has the picture's mean, which it does not explain: an
    integrated picture has no absolute level.
    """
    measured = np.asarray(image.pixels, dtype=np.float64)
    shape = (measured.shape[0], measured.shape[1])
    columns = Layer(crystal.cell, crystal.columns, crystal.numbers)
    return Reading(
        measured=measured,
        model=measured.mean() + crystal.model(shape, image.pixel_size).astype(np.float64),
        pixel_size=image.pixel_size,
        quantity=_QUANTITIES.get(str(image.metadata.get("unit")), "grey value"),
        columns=columns,
        # A column may hold atoms of two kinds; the crystal has them all.
        crystal=place(_from_above(crystal.atoms), columns),
    )


def draw_answer(crystal: Crystal, image: StemImage, name: str) -> Figure:
    """Draw what was found: measured picture, model, residual, and crystal.

    Parameters
    ----------
    crystal, image
        As for `read_against`.
    name
        Of the picture, for the title.
    """
    title = (
        f"{name}: {crystal.formula}, a = {crystal.a:.3f} Å, b = {crystal.b:.3f} Å, "
        f"γ = {crystal.gamma:.1f}°, confidence {crystal.confidence:.3f}"
    )
    warning = "" if crystal.sure else f"UNSURE: confidence below {crystal.min_confidence:g}"
    return draw_reading(read_against(crystal, image), title, warning)


def _from_above(atoms: Atoms) -> Layer:
    return Layer(
        np.asarray(atoms.cell[:2, :2], dtype=np.float64),
        np.asarray(atoms.positions[:, :2], dtype=np.float64),
        np.asarray(atoms.numbers, dtype=np.int64),
    )
