"""Pictures of crystals as in MicroscopyGPT, drawn in about a millisecond, and what spoils them.

Every atom adds Z^1.7 times a normalised Gaussian with a full width at half maximum of 0.5 Å
(Choudhary, J. Phys. Chem. Lett. 16 (2025) 7028, equations 1 and 2), seen along (001). The field is
25.6 Å in 256 pixels; a lies along the rows, and where the cell begins is random.

A picture is a product: Gaussians along x times Gaussians along y, summed over the atoms as one
product of matrices. It is exact up to the tail that is cut at the borders of the field.

Other engines (`engines`) put the microscope's own image models in place of the Gaussians.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from micrographia.arrays import FloatArray, FloatImage, IntArray
from micrographia.config import PictureDials
from micrographia.language.structure.engines import draw_series
from micrographia.method_names import PictureEngine
from micrographia.physics.conditions import ImagingConditions

#: Power of the atomic number, and full width at half maximum of an atom [Å].
POWER, WIDTH = 1.7, 0.5
#: Pixels along a side, and the size of one [Å].
SIDE, PIXEL = 256, 0.1

_SIGMA = WIDTH / np.sqrt(8 * np.log(2))
_REACH = 5.0  # how far from the field an atom is still drawn, in standard deviations


@dataclass(frozen=True, eq=False)
class Plane:
    """What a picture shows of a crystal.

    Attributes
    ----------
    cell
        In-plane vectors (2, 2) [Å].
    fractions
        Places of the atoms (n, 2).
    numbers
        Atomic numbers (n,).
    """

    cell: FloatArray
    fractions: FloatArray
    numbers: IntArray


@dataclass(frozen=True)
class View:
    """How one picture is taken.

    Attributes
    ----------
    origin
        Where the cell begins (2,), as fractions of its vectors.
    rotation
        Angle from the rows to a [radian].
    blur
        Further Gaussian blur, standard deviation [Å].
    noise
        Standard deviation of Gaussian noise, in units of that of the picture.
    drift
        Coefficients (5,) of x, y, x², xy, y² in the relative change of intensity; x and y run
        from -1 to 1.
    engine, conditions
        Image model, and the microscope that those beside `convolution` need.
    """

    origin: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    drift: tuple[float, ...] = (0.0,) * 5
    engine: PictureEngine = "convolution"
    conditions: ImagingConditions = field(default_factory=ImagingConditions)

    def turn(self) -> FloatArray:
        """Matrix (2, 2) by which rows are turned."""
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        return np.array([[cosine, sine], [-sine, cosine]])


def draw_view(dials: PictureDials, generator: np.random.Generator) -> View:
    """Draw how a picture is taken; each dial is the most that its number may be."""
    u, v = generator.uniform(0, 1, 2).tolist()
    turn, blur, noise = generator.uniform(0, 1, 3).tolist()
    drift = generator.uniform(-1, 1, 5) * dials.drift
    return View(
        origin=(u, v),
        rotation=(2 * turn - 1) * float(np.radians(dials.rotation)),
        blur=blur * dials.blur,
        noise=noise * dials.noise,
        drift=tuple(drift.tolist()),
        engine=dials.engine,
        conditions=dials.conditions,
    )


def draw_picture(plane: Plane, view: View, generator: np.random.Generator) -> FloatImage:
    """Draw one picture.

    Parameters
    ----------
    plane
        The crystal in projection.
    view
        How it is taken.
    generator
        Of the noise.

    Returns
    -------
    (256, 256); rows along y, pixel centres from 0.05 Å on. Of the engine `convolution` intensity
    per Å² in units of Z^1.7, of others as `engines.draw_series`.

    Raises
    ------
    ImageError, StructureError
        As `engines.draw_series`.
    """
    cell = plane.cell @ view.turn()
    fractions = plane.fractions + np.array(view.origin)
    if view.engine == "convolution":
        picture = _convolved(cell, fractions, plane.numbers, float(np.hypot(_SIGMA, view.blur)))
    else:
        picture = draw_series(
            view.engine, cell, fractions @ cell, plane.numbers, view.conditions, SIDE, PIXEL,
            view.blur,
        )  # fmt: skip
    if any(view.drift):
        picture = picture * _drift(view.drift)
    if view.noise:
        noise = generator.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + np.float32(view.noise * picture.std()) * noise
    return np.asarray(picture, dtype=np.float32)


def _convolved(
    cell: FloatArray, fractions: FloatArray, numbers: IntArray, sigma: float
) -> FloatImage:
    """Gaussians of weight Z^1.7 and volume 1."""
    weights = numbers.astype(np.float64) ** POWER
    places, weights = _tile(cell, fractions, weights, _REACH * sigma)
    x, y = (_bells(places[:, axis], sigma) for axis in (0, 1))
    picture = (y * weights[:, None].astype(np.float32)).T @ x / np.float32(2 * np.pi * sigma**2)
    return np.asarray(picture)


def _bells(places: FloatArray, sigma: float) -> FloatImage:
    """Gaussians (atoms, pixels) of height 1."""
    centres = (np.arange(SIDE) + 0.5) * PIXEL
    away = (centres[None, :] - places[:, None]).astype(np.float32)
    return np.asarray(np.exp(away**2 * np.float32(-0.5 / sigma**2)), dtype=np.float32)


def _tile(
    cell: FloatArray, fractions: FloatArray, weights: FloatArray, reach: float
) -> tuple[FloatArray, FloatArray]:
    """All atoms in the field and within `reach` of it: places (m, 2) [Å] and weights (m,)."""
    ends = (-reach, SIDE * PIXEL + reach)
    corners = np.array([[x, y] for x in ends for y in ends])
    inside = corners @ np.linalg.inv(cell)
    low, high = np.floor(inside.min(axis=0)) - 1, np.ceil(inside.max(axis=0))
    steps = np.stack(
        np.meshgrid(*(np.arange(*both) for both in zip(low, high + 1, strict=True)),
                    indexing="ij"), axis=-1
    ).reshape(-1, 2)  # fmt: skip
    places = ((steps[:, None] + fractions % 1.0) @ cell).reshape(-1, 2)
    near = np.all((places > ends[0]) & (places < ends[1]), axis=1)
    return places[near], np.tile(weights, len(steps))[near]


def _drift(coefficients: tuple[float, ...]) -> FloatImage:
    """Relative intensity (256, 256), never below a tenth."""
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    terms = (x, y, x * x, x * y, y * y)
    field = 1 + sum(np.float32(c) * term for c, term in zip(coefficients, terms, strict=True))
    return np.asarray(np.maximum(field, 0.1), dtype=np.float32)
