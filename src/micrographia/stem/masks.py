"""Masks of atomic columns and their species: training targets for column finders."""

from __future__ import annotations

import os

import numpy as np
import tifffile
from ase import Atoms
from scipy.spatial import cKDTree

from micrographia.arrays import FloatArray, FloatImage, Uint8Array
from micrographia.io.atomic import atomic_path
from micrographia.physics.lattice import minimum_image
from micrographia.stem.distortion import row_displacements
from micrographia.stem.simulate import View

#: Atoms nearer than this in projection are one column [Å].
_COLUMN_WIDTH = 0.1
_CUT = 4.0  # where a Gaussian ends [σ]


def column_mask(
    atoms: Atoms, view: View, shape: tuple[int, int], sigma: float = 0.3, radius: float = 0.5
) -> tuple[FloatImage, Uint8Array]:
    """Mark the columns of a crystal in the frame of its picture.

    Parameters
    ----------
    atoms
        A layer with c along z and the in-plane vectors in xy.
    view
        Pixel size, rotation, origin, drift and jitter, as `render` takes them.
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
    points = _scan_points(view, shape)
    reach = max(_CUT * sigma, radius)
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    centres, numbers = _placed(atoms, view, low, high)
    # Without a column within reach the distance is infinite and the index that of the zero.
    nearest, owner = cKDTree(centres).query(points, distance_upper_bound=reach)
    heat = np.where(nearest <= _CUT * sigma, np.exp(-0.5 * (nearest / sigma) ** 2), 0)
    species = np.where(nearest <= radius, np.append(numbers, np.uint8(0))[owner], np.uint8(0))
    return heat.reshape(shape).astype(np.float32), species.reshape(shape)


def _scan_points(view: View, shape: tuple[int, int]) -> FloatArray:
    """Where the beam stands at each pixel (n, 2) [Å], drift and jitter included, row by row."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    points = np.stack([column, row], axis=-1) * view.pixel_size
    moved = row_displacements(shape[0], view.drift, view.jitter, list(view.jitter_seed))
    return np.asarray((points + moved[:, None]).reshape(-1, 2))


def _columns(atoms: Atoms) -> tuple[FloatArray, Uint8Array]:
    """Places of the columns of one cell [Å] and their heaviest species."""
    cell = np.array(atoms.cell[:2, :2])
    order = np.argsort(-atoms.numbers, kind="stable")
    fractions = atoms.positions[order, :2] @ np.linalg.inv(cell)
    kept: list[int] = []
    for number, fraction in enumerate(fractions):
        apart = fraction - fractions[kept]
        apart = minimum_image(apart) @ cell
        if not (np.linalg.norm(apart, axis=1) < _COLUMN_WIDTH).any():
            kept.append(number)
    return fractions[kept] @ cell, atoms.numbers[order][kept].astype(np.uint8)


def _placed(
    atoms: Atoms, view: View, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, Uint8Array]:
    """All copies of the columns within a rectangle of the picture's frame [Å]."""
    xy, numbers = _columns(atoms)
    angle = np.deg2rad(view.rotation)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    cell = np.array(atoms.cell[:2, :2]) @ turn
    basis = xy @ turn + view.origin
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
    spans = (corners[:, None] - basis).reshape(-1, 2) @ np.linalg.inv(cell)
    first, last = np.floor(spans.min(axis=0)), np.ceil(spans.max(axis=0))
    steps = np.stack(
        np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True))), axis=-1
    ).reshape(-1, 2)
    places = (basis[:, None] + steps @ cell).reshape(-1, 2)
    species = np.repeat(numbers, len(steps))
    visible = ((places >= low) & (places <= high)).all(axis=1)
    return places[visible], species[visible]


def write_masks(
    path: str | os.PathLike[str],
    heat: FloatImage,
    species: Uint8Array,
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
