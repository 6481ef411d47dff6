"""EMD files of Berkeley (NCEM), Prismatic and py4DSTEM, read with h5py as they are stored.

Layout: groups with `emd_group_type`, each with a set of numbers and a vector `dim1`, `dim2`, …
(`dim0`, … from version 1.0) for each of its axes, in their order; https://emdatasets.com/format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError
from micrographia.io.decoding import check_size
from micrographia.io.headers import Facts
from micrographia.io.microscopes.hdf5 import members
from micrographia.io.microscopes.lengths import Witness, unit_nm

#: Names of the axes that run along rows and along columns, as writers call them.
_ACROSS = re.compile(r"(.*[_ ])?(x|col|cols|column|columns|width)")
_DOWN = re.compile(r"(.*[_ ])?(y|row|rows|height)")
#: Units of axes that no picture has: an axis of energy makes a spectrum.
_ENERGIES = ("ev", "kev", "mev")


@dataclass(frozen=True)
class _Axis:
    name: str
    unit: str
    step: float | None  # between points, in the unit; None: none, or not even


@dataclass(frozen=True)
class _Panel:
    """Numbers of a group, with their axes; `rows` and `columns` are the picture's axes."""

    name: str
    data: Any
    axes: list[_Axis]
    rows: int
    columns: int


def is_berkeley(file: Any) -> bool:
    """Return whether an open HDF5 file has a group of this layout."""
    return any(True for _ in _groups(file))


def read_berkeley(
    file: Any, name: str, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the first picture of an open HDF5 file.

    An axis that is called x runs along rows and one called y along columns; where names do not
    say, the last two axes are rows and columns, as h5py and ncempy return them. Of a stack the
    first frame is taken.

    Raises
    ------
    ImageError
        There is no picture, but spectra, transforms or four-dimensional sets.
    """
    panels, others = [], []
    for group in _groups(file):
        found = _panel(group)
        if isinstance(found, str):
            others.append(found)
        elif found is not None:
            panels.append(found)
    if not panels:
        raise ImageError(
            f"{name} holds no picture",
            seen=", ".join(others) or "no set of numbers",
            allowed="real numbers over two axes, or a stack of such",
            remedy="Export the picture that you want",
        )
    # Pictures before patterns of diffraction, single ones before stacks, else in the file's order.
    panel = min(panels, key=lambda panel: (_is_pattern(panel), panel.data.ndim))
    if len(panels) + len(others) > 1:
        notes.append(f"picture {panel.name!r} of {len(panels) + len(others)} signals")
    height, width = panel.data.shape[panel.rows], panel.data.shape[panel.columns]
    check_size(name, width, height, max_pixels)
    frames = int(np.prod(panel.data.shape)) // (height * width)
    if frames > 1:
        notes.append(f"first of {frames} frames")
    places = [
        slice(None) if axis in (panel.rows, panel.columns) else 0
        for axis in range(panel.data.ndim)
    ]
    pixels = np.asarray(panel.data[tuple(places)])
    return pixels if panel.rows < panel.columns else pixels.T, _facts(panel, notes)


def _groups(file: Any) -> Iterator[Any]:
    """Yield the groups of the layout, by name; `visititems` follows no link."""
    found: list[Any] = []

    def visit(_: str, item: Any) -> None:
        if hasattr(item, "keys") and "emd_group_type" in item.attrs:
            found.append(item)

    file.visititems(visit)
    return iter(found)


def _panel(group: Any) -> _Panel | str | None:
    """The numbers of a group, or in words what it holds in place of a picture, or None."""
    sets = {key: item for key, item in members(group).items() if hasattr(item, "shape")}
    held = [key for key in sets if not re.fullmatch(r"dim\d+", key) and sets[key].ndim > 0]
    if not held:
        return None
    key = "data" if "data" in held else held[0]
    data, label = sets[key], group.name.rpartition("/")[2]
    start = 0 if "dim0" in sets else 1
    axes = [_axis(sets.get(f"dim{start + place}"), size) for place, size in enumerate(data.shape)]
    if data.dtype.kind == "c":
        return f"transform {label!r}"
    if data.dtype.kind not in "biuf":
        return f"{label!r} of {data.dtype}"
    if data.ndim < 2 or any(axis.unit in _ENERGIES for axis in axes):
        return f"spectrum {label!r}"
    across = [place for place, axis in enumerate(axes) if _ACROSS.fullmatch(axis.name)]
    down = [place for place, axis in enumerate(axes) if _DOWN.fullmatch(axis.name)]
    if max(len(across), len(down)) > 1 or (data.ndim > 3 and not (across and down)):
        return f"set of {data.ndim} axes {label!r}"
    rows, columns = data.ndim - 2, data.ndim - 1
    if across and down:
        rows, columns = down[0], across[0]
    return _Panel(label, data, axes, rows, columns)


def _axis(vector: Any, size: int) -> _Axis:
    if vector is None:
        return _Axis("", "", None)

    def text(key: str) -> str:
        value = vector.attrs.get(key, "")
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        return value.strip().strip("[]").strip().lower()

    step = None
    if vector.dtype.kind in "iuf" and vector.ndim == 1 and len(vector) in (2, size):
        steps = np.diff(np.asarray(vector, dtype=np.float64))
        if len(steps) and np.allclose(steps, steps.mean(), rtol=0.01, atol=0):
            step = float(steps.mean())
    # Rosettasciio writes a line between all letters of a unit: [e_V], [1_/_n_m].
    return _Axis(text("name"), text("units").replace("_", "").replace(" ", ""), step)


def _is_pattern(panel: _Panel) -> bool:
    """Whether its axes are angles or reciprocal lengths, as those of a diffraction pattern."""
    unit = panel.axes[panel.columns].unit
    return bool(unit) and unit_nm(unit) is None and re.search(r"1/|\^-|rad", unit) is not None


def _facts(panel: _Panel, notes: list[str]) -> Facts:
    sides = []
    for axis in (panel.axes[panel.columns], panel.axes[panel.rows]):
        unit = unit_nm(axis.unit)
        if unit is not None and axis.step is not None:
            sides.append(axis.step * unit)
    if _is_pattern(panel):
        notes.append(f"pixel size unknown: the axes are in {panel.axes[panel.columns].unit}")
    if len(sides) < 2:
        return Facts(format="EMD")
    if min(sides) < 0 < max(sides):  # one axis runs the other way
        sides = [abs(side) for side in sides]
    return Facts(sizes=(Witness("EMD axes", sides[0], sides[1]),), format="EMD")
