"""DigitalMicrograph files of version 3, written tag by tag."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

#: Numbers of DigitalMicrograph for types of pixels, and of the tags that hold them.
_TYPES = {"int16": (1, 2), "float32": (2, 6), "complex64": (3, 6), "uint8": (6, 8)}
_TYPES |= {"int32": (7, 3), "uint16": (10, 4), "uint32": (11, 5)}
_RGB = (23, 3)


@dataclass
class Panel:
    """Pixels (height, width[, 3]), or (energy, height, width); a step and a unit for each axis."""

    pixels: np.ndarray
    name: str = "picture"
    step: float = 2.5
    unit: str = "nm"
    rgb: bool = False
    tags: dict[str, Any] = field(default_factory=dict)
    units: tuple[str, ...] | None = None  # of the axes in the order of the pixels


def write_dm3(path: Path, *panels: Panel, thumbnails: tuple[int, ...] = ()) -> Path:
    """Write a file; `thumbnails` numbers the panels that the file says are previews."""
    root: dict[str, Any] = {"ImageList": {f"#{n}": _image(p) for n, p in enumerate(panels)}}
    if thumbnails:
        root["Thumbnails"] = {f"#{n}": {"ImageIndex": k} for n, k in enumerate(thumbnails)}
    body = _group(root)
    path.write_bytes(struct.pack(">3i", 3, len(body), 1) + body)
    return path


def _image(panel: Panel) -> dict[str, Any]:
    pixels = panel.pixels
    if panel.rgb:
        kind, alpha = _RGB, np.full((*pixels.shape[:2], 1), 255, np.uint8)
        data = np.concatenate([pixels[..., ::-1], alpha], axis=2).view("<i4")[..., 0]
    else:
        kind, data = _TYPES[pixels.dtype.name], pixels
    units = panel.units or (panel.unit,) * data.ndim
    axes = {
        f"#{number}": {"Origin": 0.0, "Scale": panel.step, "Units": unit}
        for number, unit in enumerate(reversed(units))
    }
    # Complex numbers are structures of two reals: no name, two fields, each no name and a type.
    held = (15, 0, 2, 0, kind[1], 0, kind[1]) if data.dtype.kind == "c" else (kind[1],)
    return {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": ""},
                "Dimension": axes,
            },
            "Data": (held, data.tobytes(), data.size),
            "DataType": kind[0],
            "Dimensions": {f"#{n}": side for n, side in enumerate(reversed(data.shape))},
            "PixelDepth": data.dtype.itemsize,
        },
        "ImageTags": panel.tags,
        "Name": panel.name,
    }


def _group(tags: dict[str, Any]) -> bytes:
    return struct.pack(">2Bi", 1, 0, len(tags)) + b"".join(
        _tag(name.partition("#")[0], value) for name, value in tags.items()
    )


def _tag(name: str, value: Any) -> bytes:
    label = struct.pack(">h", len(name)) + name.encode("latin-1")
    if isinstance(value, dict):
        return b"\x14" + label + _group(value)
    if isinstance(value, tuple):
        kind, raw, count = value
        information = (20, *kind, count)
    elif isinstance(value, str):
        raw = value.encode("utf-16-le")
        information = (20, 4, len(value))
    elif isinstance(value, float):
        raw, information = struct.pack("<f", value), (6,)
    else:
        raw, information = struct.pack("<I", value), (5,)
    head = struct.pack(f">{1 + len(information)}i", len(information), *information)
    return b"\x15" + label + b"%%%%" + head + raw
