"""Particles as solids seen from above: outline, surface normals and thickness, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

import numpy as np
from scipy.spatial import ConvexHull, cKDTree
from scipy.spatial.transform import Rotation

from micrographia.arrays import BoolArray, FloatArray

#: How far beyond the outline a patch reaches, as a share of its half-width and in pixels:
#: room for the shadow and the diffraction fringe that a particle throws.
_MARGIN_SHARE, _MARGIN_PX = 0.35, 4.0


@dataclass(frozen=True)
class Patch:
    """One particle on the window of the picture that it touches.

    Attributes
    ----------
    y0, x0
        Corner of the window in the picture [px].
    distance
        Distance to the outline, positive inside [px]; the particle is where it is >= 0.
    normal
        Unit normals (x, y, z; z to the viewer) of the upper surface, shape (3, h, w).
    thickness
        Length of matter along the line of sight [px].
    half_width
        Half of the particle's smaller extent [px].
    """

    y0: int
    x0: int
    distance: FloatArray
    normal: FloatArray
    thickness: FloatArray
    half_width: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Slices of the picture that this patch covers."""
        height, width = self.distance.shape
        return slice(self.y0, self.y0 + height), slice(self.x0, self.x0 + width)

    @property
    def inside(self) -> BoolArray:
        """Pixels whose centre is in the particle."""
        return self.distance >= 0


def blob(
    centre: tuple[float, float],
    radius: float,
    size: int,
    *,
    aspect: float = 1.0,
    angle: float = 0.0,
    wobble: FloatArray | None = None,
    core: float = 0.0,
) -> Patch | None:
    """Sphere, ellipsoid or irregular grain.

    Parameters
    ----------
    centre, radius
        Centre (y, x) and radius of the minor axis [px].
    size
        Side of the square picture [px].
    aspect, angle
        Long over short axis; direction of the long axis [rad].
    wobble
        Rows (amplitude, phase) of the outline's harmonics from the second on, as shares of the
        radius; None for a smooth outline.
    core
        Radius of a central hole over the outer radius (a hollow shell seen in transmission).

    The answer is None when the particle lies outside the picture; so with the other solids.
    """
    grid = _window(centre, radius * aspect, radius, size)
    if grid is None:
        return None
    y0, x0, dy, dx = grid
    cos, sin = np.cos(angle), np.sin(angle)
    along, across = (dx * cos + dy * sin) / aspect, dy * cos - dx * sin
    rho = np.hypot(along, across)
    outline = radius * _outline(np.arctan2(across, along), wobble)
    t = np.minimum(rho / outline, 1.0)
    rise = np.sqrt(1.0 - t**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        ux, uy = along / aspect * cos - across * sin, along / aspect * sin + across * cos
        norm = np.hypot(ux, uy)
        nx, ny = np.where(norm > 0, ux / norm, 0) * t, np.where(norm > 0, uy / norm, 0) * t
        # Distance along the normal: the radial distance over how fast it changes.
        steepness = np.maximum(np.where(rho > 0, norm / rho, 1.0), 1.0 / aspect)
    hollow = np.sqrt(np.maximum(core**2 - t**2, 0.0))
    thickness = 2.0 * radius * (rise - hollow) * (rho <= outline)
    normal = np.stack([nx, ny, rise])
    return Patch(y0, x0, (outline - rho) / steepness, normal, thickness, radius)


def _outline(theta: FloatArray, wobble: FloatArray | None) -> FloatArray:
    """Radius of an outline at the angles `theta`, relative to its mean."""
    outline = np.ones_like(theta)
    for order, (amplitude, phase) in enumerate(() if wobble is None else wobble, start=2):
        outline += amplitude * np.cos(order * theta + phase)
    return outline


def rod(
    centre: tuple[float, float], length: float, width: float, angle: float, size: int
) -> Patch | None:
    """Straight rod with round ends.

    Parameters
    ----------
    centre, length, width
        Centre (y, x), full length and full width [px].
    angle
        Direction [rad].
    size
        Side of the square picture [px].
    """
    half = width / 2
    reach = max(length / 2 - half, 0.0)
    grid = _window(centre, reach + half, half, size)
    if grid is None:
        return None
    y0, x0, dy, dx = grid
    cos, sin = np.cos(angle), np.sin(angle)
    along = dx * cos + dy * sin
    nearest = np.clip(along, -reach, reach)
    return _tube(y0, x0, dx - nearest * cos, dy - nearest * sin, half)


def fibre(points: FloatArray, width: float, size: int) -> Patch | None:
    """Bent fibre of round cross-section.

    Parameters
    ----------
    points
        Centre line (y, x), not more than half a pixel apart, shape (n, 2) [px].
    width
        Full width [px].
    size
        Side of the square picture [px].
    """
    half = width / 2
    margin = half * (1 + _MARGIN_SHARE) + _MARGIN_PX
    low = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + margin) + 1, size).astype(int)
    if (high <= low).any():
        return None
    y, x = np.mgrid[low[0] : high[0], low[1] : high[1]]
    pixels = np.column_stack([y.ravel(), x.ravel()]).astype(np.float64)
    # Far pixels find no neighbour within the bound, which is what makes this fast.
    found, index = cKDTree(points).query(pixels, distance_upper_bound=margin)
    far = ~np.isfinite(found)
    nearest = points[np.where(far, 0, index)]
    offset = pixels - nearest
    offset[far] = (margin, 0.0)
    shape = y.shape
    return _tube(
        int(low[0]), int(low[1]), offset[:, 1].reshape(shape), offset[:, 0].reshape(shape), half
    )


def polyhedron(
    centre: tuple[float, float],
    radius: float,
    size: int,
    *,
    solid: str,
    rotation: Rotation,
) -> Patch | None:
    """Convex crystal with flat faces.

    Parameters
    ----------
    centre, radius
        Centre (y, x) and radius of the circumscribed sphere [px].
    size
        Side of the square picture [px].
    solid
        One of `SOLIDS` or `FLAKES`.
    rotation
        Turns the crystal from its own axes to the picture's (x, y, z to the viewer).
    """
    grid = _window(centre, radius, radius, size)
    if grid is None:
        return None
    y0, x0, dy, dx = grid
    vertices, normals, offsets = _solid(solid)
    outward, reach = rotation.apply(normals), offsets * radius
    flat = np.abs(outward[:, 2]) < 1e-6
    up, down = (outward[:, 2] > 0) & ~flat, (outward[:, 2] < 0) & ~flat
    top, normal = _upper_faces(outward[up], reach[up], dx, dy)
    bottom, _ = _upper_faces(outward[down] * (1, 1, -1), reach[down], dx, dy)
    corners = rotation.apply(vertices)[:, :2] * radius
    edges = ConvexHull(corners).equations  # n·p + offset <= 0 inside
    distance = np.full(dx.shape, np.inf)
    for nx, ny, offset in edges:
        distance = np.minimum(distance, -(nx * dx + ny * dy + offset))
    thickness = np.where(distance >= 0, np.maximum(top + bottom, 0.0), 0.0)
    return Patch(y0, x0, distance, normal, thickness, radius * 0.7)


def _upper_faces(
    outward: FloatArray, reach: FloatArray, dx: FloatArray, dy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Height of the upper hull of half-spaces, and its normals, slightly rounded at the edges."""
    planes = reach[:, None, None] - outward[:, 0, None, None] * dx - outward[:, 1, None, None] * dy
    heights = planes / outward[:, 2, None, None]
    top = heights.min(axis=0)
    weight = np.exp(-np.minimum((heights - top) / 0.8, 60.0))
    normal = np.einsum("fhw,fc->chw", weight, outward)
    return top, normal / np.linalg.norm(normal, axis=0)


def _tube(y0: int, x0: int, dx: FloatArray, dy: FloatArray, half: float) -> Patch:
    gap = np.hypot(dx, dy)
    t = np.minimum(gap / half, 1.0)
    rise = np.sqrt(1.0 - t**2)
    scale = t / np.maximum(gap, 1e-9)
    return Patch(
        y0, x0, half - gap, np.stack([dx * scale, dy * scale, rise]), 2 * half * rise, half
    )


def _window(
    centre: tuple[float, float], reach: float, half_width: float, size: int
) -> tuple[int, int, FloatArray, FloatArray] | None:
    """Corner of the window around a particle, and the offsets of its pixels from the centre."""
    margin = reach * 1.3 + half_width * _MARGIN_SHARE + _MARGIN_PX
    low = [max(int(np.floor(value - margin)), 0) for value in centre]
    high = [min(int(np.ceil(value + margin)) + 1, size) for value in centre]
    if high[0] <= low[0] or high[1] <= low[1]:
        return None
    y, x = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float64)
    return low[0], low[1], y - centre[0], x - centre[1]


#: Crystal habits, by what their corners are made of.
SOLIDS = (
    "cube",
    "octahedron",
    "truncated octahedron",
    "cuboctahedron",
    "icosahedron",
)
FLAKES = ("hexagonal plate", "hexagonal flake", "triangular flake")


@cache
def _solid(name: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Corners on the unit sphere, outward face normals, and the faces' distances."""
    golden = (1 + 5**0.5) / 2
    signs = (-1.0, 1.0)
    if name == "cube":
        corners = list(product(signs, repeat=3))
    elif name == "octahedron":
        corners = _signed((1.0, 0.0, 0.0))
    elif name == "truncated octahedron":
        corners = _signed((0.0, 1.0, 2.0))
    elif name == "cuboctahedron":
        corners = _signed((1.0, 1.0, 0.0))
    elif name == "icosahedron":
        corners = [
            tuple(np.roll((0.0, s * 1.0, t * golden), shift))
            for s in signs
            for t in signs
            for shift in range(3)
        ]
    elif name in FLAKES:
        sides, half = {"hexagonal plate": (6, 0.2), "hexagonal flake": (6, 0.07)}.get(
            name, (3, 0.07)
        )
        turns = np.arange(sides) * 2 * np.pi / sides
        corners = [(np.cos(a), np.sin(a), s * half) for a in turns for s in signs]
    else:
        raise ValueError(f"no solid {name!r}; there are {', '.join(SOLIDS + FLAKES)}")
    vertices = np.array(corners, dtype=np.float64)
    vertices /= np.linalg.norm(vertices, axis=1).max()
    # Triangles of one face share its plane.
    faces = np.unique(np.round(ConvexHull(vertices).equations, 9), axis=0)
    return vertices, faces[:, :3], -faces[:, 3]


def _signed(values: tuple[float, float, float]) -> list[tuple[float, ...]]:
    """All permutations of `values` with all signs."""
    return sorted(
        {
            tuple(float(s * v) + 0.0 for s, v in zip(signs, order, strict=True))
            for order in permutations(values)
            for signs in product((-1.0, 1.0), repeat=3)
        }
    )
