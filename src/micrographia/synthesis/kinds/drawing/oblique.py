"""A relief seen from one side: the far is up, walls come into sight, the near hides the far."""

from __future__ import annotations

import numpy as np

from micrographia.arrays import FloatArray, FloatImage
from micrographia.synthesis.kinds.drawing.fields import smooth
from micrographia.synthesis.kinds.drawing.relief import Relief


def oblique(relief: Relief, picture: FloatImage, tilt: float, *, wall: float = 0.8) -> FloatImage:
    """Show a picture that was shaded from above as seen at an angle.

    Parameters
    ----------
    relief
        The heights that belong to the picture; distances up the picture are already foreshortened.
    picture
        Brightness from above, shape (size, size).
    tilt
        Angle between the line of sight and the upright [rad], 0 < tilt < π/2.
    wall
        Brightness of upright walls beside that of the ground at the top of them.

    Returns
    -------
    ndarray
        Picture of the same shape; the near border of the scene is the lower one.
    """
    size = relief.size
    z = relief.z
    sin = float(np.sin(tilt))
    # The nearest border stays where it is.
    level = float(np.median(z[-1]))
    row = np.arange(size, dtype=np.float32)[:, None] - np.float32(sin) * (z - np.float32(level))
    near_first = row[::-1]
    outline = np.minimum.accumulate(near_first, axis=0)[::-1]
    # Walls take their tone from about them: they are too steep to have pixels of their own.
    about = np.float32(wall) * smooth(picture, 0.012 * size)
    result = np.empty((size, size), dtype=np.float32)
    screen = np.arange(size, dtype=np.float32)
    for column in range(size):
        result[:, column] = _column(
            outline[:, column], picture[:, column], about[:, column], z[:, column], screen
        )
    return result


def _column(
    outline: FloatImage, tones: FloatImage, about: FloatImage, z: FloatImage, screen: FloatImage
) -> FloatArray:
    """Brightness down one column of the screen; `outline` rises from far to near."""
    size = outline.size
    # The nearest scene row whose outline is not below the screen row.
    far = np.clip(np.searchsorted(outline, screen, side="right") - 1, 0, size - 1)
    near = np.minimum(far + 1, size - 1)
    gap = np.maximum(outline[near] - outline[far], 1e-6)
    share = np.clip((screen - outline[far]) / gap, 0, 1)
    mixed = tones[far] + share * (tones[near] - tones[far])
    steep = np.clip((gap - 4) / 3, 0, 1) * (z[far] > z[near])
    rim = np.exp(-np.maximum(screen - outline[far], 0) / 1.2)
    upright = about[far] * (1 - 0.4 * share) * (1 - rim) + tones[far] * rim
    seen = mixed + steep * (upright - mixed)
    # Beyond the scene's near and far border its mirror image goes on.
    beyond = np.where(screen < outline[0], outline[0] - screen, size - 1 - (screen - outline[-1]))
    mirror = tones[np.clip(beyond, 0, size - 1).astype(np.int64)]
    return np.where((screen < outline[0]) | (screen > outline[-1]), mirror, seen)
