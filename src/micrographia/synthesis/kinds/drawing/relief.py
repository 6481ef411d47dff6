"""A surface seen from above: its height and its tone at every pixel, built up solid by solid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micrographia.arrays import FloatArray, FloatImage

Centre = tuple[float, float]


@dataclass(frozen=True)
class Solid:
    """Upper surface of a solid on the window of the picture that it touches.

    Attributes
    ----------
    y0, x0
        Corner of the window [px]; may lie outside the picture.
    top
        Height over the solid's own middle plane [px]; -inf outside its outline, shape (h, w).
    thickness
        Matter along the line of sight [px]; 0 outside, shape (h, w).
    """

    y0: int
    x0: int
    top: FloatImage
    thickness: FloatImage


class Relief:
    """Height and tone of a scene.

    Parameters
    ----------
    size
        Side of the square picture [px].
    ground
        Height of the ground [px].
    tone
        Brightness of the ground, relative to what is put on it.
    transparent
        Whether matter is added up along the line of sight, which takes time.

    Attributes
    ----------
    z
        Height, shape (size, size) [px].
    tone
        Relative brightness of the material, shape (size, size).
    mass
        Matter along the line of sight if transparent, shape (size, size) [px].
    """

    def __init__(
        self, size: int, ground: float = 0.0, tone: float = 1.0, *, transparent: bool = False
    ) -> None:
        self.size = size
        self._transparent = transparent
        self.z = np.full((size, size), ground, dtype=np.float32)
        self.tone = np.full((size, size), tone, dtype=np.float32)
        self.mass = np.zeros((size, size), dtype=np.float32)

    def put(self, solid: Solid, base: float, tone: float = 1.0) -> None:
        """Put a solid with its middle plane at height `base`; what is higher is seen."""
        height, width = solid.top.shape
        top, left = max(solid.y0, 0), max(solid.x0, 0)
        bottom, right = min(solid.y0 + height, self.size), min(solid.x0 + width, self.size)
        if bottom <= top or right <= left:
            return
        part = (
            slice(top - solid.y0, bottom - solid.y0),
            slice(left - solid.x0, right - solid.x0),
        )
        window = slice(top, bottom), slice(left, right)
        raised = solid.top[part] + np.float32(base)
        seen = raised > self.z[window]
        self.z[window][seen] = raised[seen]
        self.tone[window][seen] = tone
        if self._transparent:
            self.mass[window] += solid.thickness[part]

    def balls(self, balls: FloatArray, height: FloatArray, *, flat: float = 1.0) -> None:
        """Put many balls of tone 1 at once; they do not count as matter in transmission.

        Parameters
        ----------
        balls
            Rows (y, x, radius), shape (n, 3) [px].
        height
            Heights of their centres, shape (n,) [px].
        flat
            Half height over radius.
        """
        order = np.argsort(balls[:, 2])
        start = 0
        while start < len(order):
            # As many as have windows of about one size, in blocks that fit the cache.
            radius = float(balls[order[start], 2])
            stop = int(np.searchsorted(balls[order, 2], 1.5 * radius, side="right"))
            reach = int(np.ceil(float(balls[order[stop - 1], 2])))
            stop = min(stop, start + max(300_000 // (2 * reach + 1) ** 2, 1))
            chosen = order[start:stop]
            self._block(balls[chosen], height[chosen], reach, flat)
            start = stop

    def _block(self, balls: FloatArray, height: FloatArray, reach: int, flat: float) -> None:
        offset = np.arange(-reach, reach + 1)
        middle = np.rint(balls[:, :2]).astype(np.int64)
        y = (middle[:, :1] + offset)[:, :, None]
        x = (middle[:, 1:] + offset)[:, None, :]
        radius = balls[:, 2][:, None, None]
        rest = radius**2 - (y - balls[:, :1, None]) ** 2 - (x - balls[:, 1:2, None]) ** 2
        inside = (rest >= 0) & (y >= 0) & (y < self.size) & (x >= 0) & (x < self.size)
        half = flat * np.sqrt(np.maximum(rest, 0))
        raised = (height[:, None, None] + half)[inside].astype(np.float32)
        index = (y * self.size + x)[inside]
        seen = raised > self.z.reshape(-1)[index]
        np.maximum.at(self.z.reshape(-1), index, raised)
        self.tone.reshape(-1)[index[seen]] = 1.0

    def tube(
        self,
        points: FloatArray,
        radius: float | FloatArray,
        height: float | FloatArray,
        *,
        flat: float = 1.0,
        tone: float = 1.0,
        grooves: FloatArray | None = None,
    ) -> None:
        """Put a bent tube.

        Parameters
        ----------
        points
            Centre line (y, x), not more than about half a pixel apart, shape (n, 2) [px].
        radius, height
            Radius, and height of the centre line; numbers or one for each point [px].
        flat
            Height of the cross-section over its width: 1 is round, less is a ribbon.
        tone
            Relative brightness.
        grooves
            Heights to add at equal distances from one side to the other [px].
        """
        step = np.gradient(points, axis=0)
        length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-6)
        normal = np.column_stack([step[:, 1], -step[:, 0]]) / length[:, None]
        r = np.broadcast_to(np.asarray(radius, dtype=np.float64), len(points))
        count = max(int(np.ceil(3.2 * float(r.max()))), 3) | 1
        across = np.linspace(-1, 1, count)
        place = points[:, None] + normal[:, None] * (across[:, None] * r[:, None, None])
        rise = np.sqrt(1 - across**2) * r[:, None] * flat
        if grooves is not None:
            rise = rise + np.interp(across, np.linspace(-1, 1, len(grooves)), grooves)
        index = np.rint(place).astype(np.int64)
        y, x = index[..., 0].ravel(), index[..., 1].ravel()
        raised = rise + np.broadcast_to(np.asarray(height, dtype=np.float64), len(points))[:, None]
        inside = (y >= 0) & (y < self.size) & (x >= 0) & (x < self.size)
        flat_index = (y * self.size + x)[inside]
        if flat_index.size == 0:
            return
        before = self.z.ravel()[flat_index]
        value = raised.ravel()[inside].astype(np.float32)
        np.maximum.at(self.z.reshape(-1), flat_index, value)
        self.tone.reshape(-1)[flat_index[value > before]] = tone
        if not self._transparent:
            return
        thick = np.zeros(self.size * self.size, dtype=np.float32)
        np.maximum.at(thick, flat_index, 2 * rise.ravel()[inside].astype(np.float32))
        self.mass += thick.reshape(self.size, self.size)


def ellipsoid(
    centre: Centre, radii: tuple[float, float], angle: float = 0.0, height: float | None = None
) -> Solid:
    """Ellipsoid.

    Parameters
    ----------
    centre
        Centre (y, x) [px].
    radii
        Half axes in the plane: along `angle` [rad], and across [px].
    angle
        Direction of the first axis.
    height
        Half axis towards the viewer; the smaller of the others if not given [px].
    """
    long, short = radii
    y0, x0, dy, dx = _window(centre, max(radii))
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    rest = 1 - ((dx * cos + dy * sin) / long) ** 2 - ((dy * cos - dx * sin) / short) ** 2
    tall = min(radii) if height is None else height
    half = np.float32(tall) * np.sqrt(np.maximum(rest, 0))
    top = np.where(rest >= 0, half, -np.inf)
    return Solid(y0, x0, top.astype(np.float32), (2 * half).astype(np.float32))


def polyhedron(centre: Centre, normals: FloatArray, offsets: FloatArray, reach: float) -> Solid:
    """Convex body: all points p with n·p <= offset for every face.

    Parameters
    ----------
    centre
        Centre (y, x) [px].
    normals, offsets
        Outward unit normals (x, y, z to the viewer), shape (n, 3), and distances, shape (n,) [px].
    reach
        Radius of a circle around its outline [px].
    """
    y0, x0, dy, dx = _window(centre, reach)
    top = np.full(dx.shape, np.inf, dtype=np.float32)
    bottom = np.full(dx.shape, -np.inf, dtype=np.float32)
    inside = np.ones(dx.shape, dtype=bool)
    for (nx, ny, nz), offset in zip(normals.astype(np.float32), offsets, strict=True):
        rest = np.float32(offset) - nx * dx - ny * dy
        if nz > 1e-3:
            np.minimum(top, rest / nz, out=top)
        elif nz < -1e-3:
            np.maximum(bottom, rest / nz, out=bottom)
        else:
            inside &= rest >= 0
    inside &= (top >= bottom) & np.isfinite(top)
    thickness = np.where(inside, top - bottom, 0)
    shown = np.where(inside, top, -np.inf)
    return Solid(y0, x0, shown.astype(np.float32), thickness.astype(np.float32))


def _window(centre: Centre, reach: float) -> tuple[int, int, FloatImage, FloatImage]:
    """Corner of a window around a centre, and the offsets (dy, dx) of its pixels."""
    low = [int(np.floor(value - reach)) for value in centre]
    high = [int(np.ceil(value + reach)) + 1 for value in centre]
    y, x = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float32)
    return low[0], low[1], y - np.float32(centre[0]), x - np.float32(centre[1])
