"""Particles, grains, fibres: found in a picture, measured, summarised."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from micrographia.api.micrograph import Micrograph, plain_pixels
from micrographia.errors import ImageError

if TYPE_CHECKING:
    import pandas as pd

    from micrographia.config import Segmentation
    from micrographia.curation.text.finder import TextFinder
    from micrographia.method_names import Segmenter


def segment(
    image: Micrograph | ArrayLike,
    method: Segmenter = "unet-small",
    settings: Segmentation | None = None,
) -> NDArray[np.int32]:
    """Find the instances of a micrograph: particles, grains, fibres.

    Parameters
    ----------
    image
        From `read`, or grey values of shape (H, W). Whole numbers are scaled by the range of
        their type; real numbers from their 0.5th to their 99.5th percentile.
    method
        "unet-small" (its weights are shipped), "watershed" (needs none), or another network,
        whose weights `settings.network.checkpoint` names.
    settings
        `micrographia.config.Segmentation`; None for the defaults. With `text="avoid"`, which is
        one, text that is burnt in is looked for if ultralytics is installed, and no instance
        lies on it.

    Returns
    -------
    array
        Label mask (H, W), int32: 0 is background, 1…n are instances.

    Raises
    ------
    ImageError
        The image is no grey picture.
    MicrographiaError
        There is no such method, or its weights are absent or of another network.

    Examples
    --------
    >>> import micrographia as mg
    >>> import numpy as np
    >>> y, x = np.mgrid[:96, :96]
    >>> discs = [np.hypot(y - 30, x - 30) < 12, np.hypot(y - 65, x - 65) < 16]
    >>> grey = np.where(np.any(discs, axis=0), 200, 60).astype(np.uint8)
    >>> labels = mg.segment(grey, method="watershed")
    >>> labels.shape, int(labels.max())
    ((96, 96), 2)
    """
    from micrographia.config import Segmentation
    from micrographia.io.images import to_unit
    from micrographia.segmentation.burnt_in import beside_text
    from micrographia.segmentation.predict import segmenter

    run, chosen = segmenter(method), settings or Segmentation()
    pixels = plain_pixels(image)
    find = _text_finder() if chosen.text == "avoid" else None
    text = find(pixels) if find else ()
    labels = beside_text(run(to_unit(pixels), chosen), text, pixels, find)
    return np.asarray(labels, dtype=np.int32)


@cache
def _text_finder() -> TextFinder | None:
    """What finds text, loaded once; None where ultralytics is not installed."""
    from micrographia.config import Text
    from micrographia.curation.text.finder import text_finder

    return text_finder(Text())[0]


def measure(
    labels: ArrayLike,
    image: Micrograph | ArrayLike | None = None,
    pixel_size_nm: float | None = None,
) -> pd.DataFrame:
    """Measure size and shape of every instance.

    Parameters
    ----------
    labels
        Label mask (H, W): 0 is background, 1…n are instances. Of a binary mask, in which all
        instances have one value, the connected parts are separated, with a warning.
    image
        What was segmented, shape (H, W): its pixel size is used, its fingerprint names the rows,
        and text burnt into it is looked for, if ultralytics is installed.
    pixel_size_nm
        Side of a pixel [nm], where you know it; wins over that of the image.

    Returns
    -------
    DataFrame
        One row per instance with the columns of `micrographia.io.schemas.INSTANCES`: label,
        area, centroid, box, diameters, axes, aspect, orientation, circularity, solidity,
        distance of the nearest neighbour [px], and `cut` where the border cuts it or where it
        reaches into text. Columns in nm are NaN where the pixel size is unknown.

    Raises
    ------
    ImageError
        The labels are no label mask, or have another size than the image; or the pixel size is
        not above 0.

    Examples
    --------
    >>> import micrographia as mg
    >>> import numpy as np
    >>> labels = np.zeros((60, 60), np.int32)
    >>> labels[10:30, 10:40] = 1
    >>> table = mg.measure(labels, pixel_size_nm=0.5)
    >>> table[["label", "area_px", "area_nm2", "cut"]].values.tolist()
    [[1, 600.0, 150.0, False]]
    """
    from micrographia.io.images import image_id
    from micrographia.io.label_masks import separated
    from micrographia.segmentation.burnt_in import mark_cut
    from micrographia.segmentation.measuring.shapes import measure as measure_labels

    mask = np.asarray(labels)
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "ui" or mask.min() < 0:
        raise ImageError(
            "These labels are no label mask",
            seen=f"shape {mask.shape}, type {mask.dtype}",
            allowed="two-dimensional whole numbers: 0 for background, 1…n for instances",
            remedy="Number the instances, for example with mg.segment",
        )
    identifier, size_nm, path, text = "", None, None, []
    if image is not None:
        pixels = plain_pixels(image)
        if pixels.shape != mask.shape:
            raise ImageError(
                "Labels and image have different sizes",
                seen=f"{mask.shape} and {pixels.shape}",
                remedy="Give the image that was segmented",
            )
        identifier = image_id(pixels)
        if isinstance(image, Micrograph):
            size_nm = image.pixel_size_nm
            path = None if image.path is None else str(image.path)
        find = _text_finder()
        text = find(pixels) if find else []
    if pixel_size_nm is not None:
        size_nm = Micrograph(mask, pixel_size_nm).pixel_size_nm
    mask, note = separated(mask)
    if note:
        warnings.warn(note, stacklevel=2)
    return mark_cut(measure_labels(mask, identifier, size_nm, path=path), mask, text)


def sizes(instances: pd.DataFrame) -> pd.DataFrame:
    """Summarise the sizes of instances: mean, median, and a log-normal fit.

    Parameters
    ----------
    instances
        What `measure` returns; tables of several pictures may be joined by `pandas.concat`.

    Returns
    -------
    DataFrame
        Columns of `micrographia.io.schemas.SIZES`, equivalent diameters in px and, where the
        pixel size is known, in nm: first of all pictures together (`image_id` is None), then of
        each. Instances that the border cuts are left out and counted.

    Examples
    --------
    >>> import micrographia as mg
    >>> import numpy as np
    >>> labels = np.zeros((60, 60), np.int32)
    >>> labels[10:20, 10:20], labels[30:50, 30:50] = 1, 2
    >>> table = mg.sizes(mg.measure(labels, pixel_size_nm=2.0))
    >>> table.loc[table["image_id"].isna(), ["unit", "n", "median"]].round(2).values.tolist()
    [['px', 2, 16.93], ['nm', 2, 33.85]]
    """
    import pandas as pd

    from micrographia.io.schemas import SIZES
    from micrographia.segmentation.measuring.sizes import summarise

    return pd.DataFrame(summarise(instances), columns=list(SIZES.names))
