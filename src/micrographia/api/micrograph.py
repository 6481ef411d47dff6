"""A picture with its pixel size, and how one is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from micrographia.errors import ImageError

if TYPE_CHECKING:
    from micrographia.physics.conditions import ImagingConditions

#: How many of each unit a nanometre has.
UNITS = {"nm": 1.0, "Å": 10.0}


@dataclass(frozen=True, eq=False, repr=False)
class Micrograph:
    """A grey picture and what is known of it.

    Make one from an array where there is no file: `mg.Micrograph(array, 0.1, "Å")`.

    Attributes
    ----------
    pixels
        Grey values, shape (H, W); uint8, uint16 or float32 where a file was read.
    pixel_size
        Side of a pixel at the sample, in `unit`; None if it is not known.
    unit
        "nm" or "Å".
    pixel_size_source
        Where the pixel size is from: "file", "scale bar", "given" or "simulation"; None if it
        is not known.
    path
        The file that was read; None if there is none.
    note
        What was done on reading, and why a pixel size was refused; None if there is nothing to
        say.
    metadata
        What the file states: `format`, `microscopy`, `instrument`, `voltage_kV`, and
        `pixel_size_stated_by`, the part of the file that does ("FEI tag"); of simulated images
        also `conditions`, `engine`, `dose`, and `unit`, that of the grey values.
    """

    pixels: NDArray[Any]
    pixel_size: float | None = None
    unit: Literal["nm", "Å"] = "nm"
    pixel_size_source: str | None = None
    path: Path | None = None
    note: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from micrographia.io.microscopes.lengths import fault_of

        pixels = np.asarray(self.pixels)
        if pixels.ndim != 2 or pixels.size == 0:
            raise ImageError(
                "These pixels are no grey picture",
                seen=f"shape {pixels.shape}",
                allowed="two dimensions, height and width, with at least one pixel",
                remedy="Take one channel, or average the channels",
            )
        if self.unit not in UNITS:
            raise ImageError(
                "There is no such unit of the pixel size", seen=self.unit, allowed="'nm', 'Å'"
            )
        size = self.pixel_size
        fault = None if size is None else fault_of(size / UNITS[self.unit])
        if fault is not None:
            raise ImageError(
                "The pixel size is no length of a pixel",
                seen=fault,
                allowed="1 pm to 1 cm; None if unknown",
            )
        object.__setattr__(self, "pixels", pixels)
        if size is not None and self.pixel_size_source is None:
            object.__setattr__(self, "pixel_size_source", "given")

    @property
    def pixel_size_nm(self) -> float | None:
        """Side of a pixel [nm]; None if it is not known."""
        return None if self.pixel_size is None else self.pixel_size / UNITS[self.unit]

    @property
    def conditions(self) -> ImagingConditions | None:
        """Imaging conditions of a STEM image; None where the file states none."""
        from micrographia.physics.conditions import ImagingConditions

        stated = self.metadata.get("conditions")
        return None if stated is None else ImagingConditions(**stated)

    def __repr__(self) -> str:
        height, width = self.pixels.shape
        size = "pixel size unknown"
        if self.pixel_size is not None:
            source = self.pixel_size_source
            if source == "file" and self.metadata.get("pixel_size_stated_by"):
                source = f"file: {self.metadata['pixel_size_stated_by']}"
            size = f"{self.pixel_size:.4g} {self.unit} per pixel ({source})"
        return f"Micrograph({width} × {height} px, {self.pixels.dtype}, {size})"


def read(
    path: str | os.PathLike[str],
    *,
    pixel_size: float | None = None,
    unit: Literal["nm", "Å"] | None = None,
    scale_bar: bool = False,
) -> Micrograph:
    """Read a micrograph with its pixel size.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, BMP, GIF or WebP; with `rosettasciio`, DM3, DM4, EMD, MRC, SER and HSPY.
        A member of an archive is `set.zip!folder/a.png`. Colour becomes grey; of several frames
        the first is taken.
    pixel_size
        Side of a pixel in `unit`, where you know it; wins over what the file states.
    unit
        "nm" or "Å". Default: Å for STEM images that Micrographia wrote, else nm.
    scale_bar
        Whether to read a scale bar that is burnt into the picture, too. Where it contradicts
        the file, the pixel size stays unknown, and `note` says why.

    Returns
    -------
    Micrograph
        Its `pixel_size` is None where neither file, scale bar nor caller tells it.

    Raises
    ------
    ImageError
        The file is absent, damaged, too large or no image, or the pixel size is not 1 pm to 1 cm.

    Examples
    --------
    >>> import micrographia as mg
    >>> from PIL import Image
    >>> path = getfixture("tmp_path") / "grey.png"
    >>> Image.new("L", (640, 480), 128).save(path)
    >>> mg.read(path)
    Micrograph(640 × 480 px, uint8, pixel size unknown)
    >>> mg.read(path, pixel_size=0.4)
    Micrograph(640 × 480 px, uint8, 0.4 nm per pixel (given))
    """
    from micrographia.io.images import read_micrograph
    from micrographia.io.stem_images import stem_metadata

    found = read_micrograph(path)
    told = ("format", "microscopy", "instrument", "voltage_kV")
    facts = {name: value for name in told if (value := getattr(found, name)) is not None}
    if found.pixel_size_source is not None:
        facts["pixel_size_stated_by"] = found.pixel_size_source
    ours = stem_metadata(path)
    size_nm, source, note = found.pixel_size_nm, "file", found.note
    if pixel_size is not None:
        source = "given"
    elif scale_bar:
        size_nm, source, reason = _with_scale_bar(found.pixels, size_nm)
        note = "; ".join(filter(None, (note, reason))) or None
    unit = unit or ("Å" if ours else "nm")
    if pixel_size is None and size_nm is not None:
        pixel_size = size_nm * UNITS.get(unit, 1.0)
    return Micrograph(
        pixels=found.pixels,
        pixel_size=pixel_size,
        unit=unit,
        pixel_size_source=None if pixel_size is None else source,
        path=Path(path),
        note=note,
        metadata={**facts, **ours},
    )


def plain_pixels(image: Micrograph | ArrayLike) -> NDArray[Any]:
    """Grey values of an image as uint8, uint16 or float32."""
    from micrographia.io.images import plain_type

    picture = image if isinstance(image, Micrograph) else Micrograph(np.asarray(image))
    return np.ascontiguousarray(plain_type("array", picture.pixels, []))


def _with_scale_bar(
    pixels: NDArray[Any], header_nm: float | None
) -> tuple[float | None, str, str | None]:
    """Pixel size [nm] by file and scale bar, its source, and why there is none."""
    from micrographia.config import Scale
    from micrographia.curation.scale.measure import measure as measure_scale
    from micrographia.curation.scale.readers.tools import load_tools

    settings = Scale()
    row = measure_scale(pixels, header_nm, load_tools(settings), settings)
    source = {"header": "file", "bar": "scale bar", "banner": "banner"}
    return row["pixel_size_nm"], source.get(row["pixel_size_source"] or "", "file"), row["reason"]
