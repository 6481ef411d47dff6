"""Where the columns of a picture lie and of what they are: targets for learned column finders."""

from __future__ import annotations

import os

import numpy as np
import tifffile
from ase import Atoms
from numpy.typing import NDArray

from micrographia.io.atomic import atomic_path
from micrographia.stem.simulate import View

FloatArray = NDArray[np.float64]

#: Atoms nearer than this in projection are one column [Å].
_COLUMN_WIDTH = 0.1
_CUT = 4.0  # where a Gaussian ends [σ]


def column_mask(
    atoms: Atoms, view: View, shape: tuple[int, int], sigma: float = 0.3, radius: float = 0.5
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Mark the columns of a crystal in the frame of its picture.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    view
        Pixel size, rotation and origin, as `render` takes them.
    shape
        Rows and columns of the picture.
    sigma
        Of a column's Gaussian [Å].
    radius
        Pixels nearer to a column than this carry its species [Å].

    Returns
    -------
    heat, species
        Gaussian of the distance to the nearest column, 1 at a column; atomic number of the
        heaviest atom of the nearest column, 0 where there is none. Atoms within 0.1 Å in
        projection are one column, which lies at the heaviest of them.
    """
    xy, numbers = _columns(atoms)
    reach = max(_CUT * sigma, radius)
    centres, numbers = _placed(atoms, xy, numbers, view, shape, reach)
    size = view.pixel_size
    half = int(np.ceil(reach / size)) + 1
    window = np.stack(
        np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)), axis=-1
    ).reshape(-1, 2)
    pixels = np.rint(centres / size).astype(np.int64)[:, None] + window  # column, row
    squared = ((pixels * size - centres[:, None]) ** 2).sum(axis=-1)
    inside = (pixels >= 0).all(axis=-1) & (pixels < shape[::-1]).all(axis=-1)
    flat = (pixels[..., 1] * shape[1] + pixels[..., 0])[inside]
    squared = squared[inside]
    nearest = np.full(shape[0] * shape[1], np.inf)
    np.minimum.at(nearest, flat, squared)
    heat = np.where(nearest <= (_CUT * sigma) ** 2, np.exp(-0.5 * nearest / sigma**2), 0)
    # Of two columns equally far the heavier one counts.
    owner = np.broadcast_to(numbers[:, None], inside.shape)[inside]
    mine = (squared <= nearest[flat]) & (squared <= radius**2)
    species = np.zeros(nearest.shape, dtype=np.uint8)
    np.maximum.at(species, flat[mine], owner[mine])
    return heat.reshape(shape).astype(np.float32), species.reshape(shape)


def _columns(atoms: Atoms) -> tuple[FloatArray, NDArray[np.uint8]]:
    """Places of the columns of one cell [Å] and their heaviest species."""
    cell = np.array(atoms.cell[:2, :2])
    order = np.argsort(-atoms.numbers, kind="stable")
    fractions = atoms.positions[order, :2] @ np.linalg.inv(cell)
    kept: list[int] = []
    for number, fraction in enumerate(fractions):
        apart = fraction - fractions[kept]
        apart = (apart - np.rint(apart)) @ cell
        if not (np.linalg.norm(apart, axis=1) < _COLUMN_WIDTH).any():
            kept.append(number)
    return fractions[kept] @ cell, atoms.numbers[order][kept].astype(np.uint8)


def _placed(
    atoms: Atoms,
    xy: FloatArray,
    numbers: NDArray[np.uint8],
    view: View,
    shape: tuple[int, int],
    reach: float,
) -> tuple[FloatArray, NDArray[np.uint8]]:
    """All copies of the columns that reach into the picture, in its frame [Å]."""
    angle = np.deg2rad(view.rotation)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    cell = np.array(atoms.cell[:2, :2]) @ turn
    basis = xy @ turn + view.origin
    ends = (np.array(shape[::-1]) - 1) * view.pixel_size
    corners = np.array([[0, 0], [ends[0], 0], [0, ends[1]], ends])
    corners = corners + np.sign(corners - ends / 2) * reach
    spans = (corners[:, None] - basis).reshape(-1, 2) @ np.linalg.inv(cell)
    low, high = np.floor(spans.min(axis=0)), np.ceil(spans.max(axis=0))
    steps = np.stack(
        np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True))), axis=-1
    ).reshape(-1, 2)
    places = (basis[:, None] + steps @ cell).reshape(-1, 2)
    species = np.repeat(numbers, len(steps))
    visible = ((places >= -reach) & (places <= ends + reach)).all(axis=1)
    return places[visible], species[visible]


def write_masks(
    path: str | os.PathLike[str],
    heat: NDArray[np.float32],
    species: NDArray[np.uint8],
    pixel_size: float,
) -> None:
    """Write both masks as one ImageJ TIFF of two float32 channels, atomically."""
    per_angstrom = 1 / pixel_size
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            np.stack([heat, species.astype(np.float32)]),
            imagej=True,
            resolution=(per_angstrom, per_angstrom),
            metadata={
                "unit": "angstrom",
                "axes": "CYX",
                "Labels": ["columns", "atomic number"],
            },
        )


def write_column_masks(
    atoms: Atoms, view: View, path: str | os.PathLike[str], sigma: float, radius: float
) -> None:
    """Write the masks of the picture that `render` makes of a crystal in a view."""
    side = max(8, round(view.field / view.pixel_size))
    heat, species = column_mask(atoms, view, (side, side), sigma, radius)
    write_masks(path, heat, species, view.pixel_size)
