"""A picture and its label mask together in napari."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import LabelMask


def layers(
    picture: NDArray[Any], labels: LabelMask, pixel_size_nm: float | None
) -> tuple[Any, Any]:
    """Return a napari viewer that shows a picture under its mask, and the mask's layer.

    Parameters
    ----------
    picture
        Grey picture, shape (H, W).
    labels
        Label mask of the same shape.
    pixel_size_nm
        Side of a pixel [nm], for the scale and its bar; None shows pixels.
    """
    import napari

    size, unit = (1.0, "pixel") if pixel_size_nm is None else (pixel_size_nm, "nm")
    viewer = napari.Viewer(title="Micrographia: correct the instances, then close the window")
    place = {"scale": (size, size), "units": (unit, unit)}
    viewer.add_image(picture, name="picture", **place)
    layer = viewer.add_labels(labels.copy(), name="instances", **place)
    layer.contour = 2  # outlines: what lies under an instance is seen
    viewer.canvas.overlays.scale_bar.visible = True
    return viewer, layer


def correct(picture: NDArray[Any], labels: LabelMask, pixel_size_nm: float | None) -> LabelMask:
    """Show a picture and its mask until the window is closed; return the mask as it is then.

    Parameters
    ----------
    picture, labels, pixel_size_nm
        As for `layers`.
    """
    import napari

    _, layer = layers(picture, labels, pixel_size_nm)
    napari.run()
    return np.asarray(layer.data, dtype=np.int32)
