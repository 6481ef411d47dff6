"""EMD files of Velox (Thermo Fisher): pictures of detectors and cameras, read with h5py.

Layout: `Data/Image/<number>` with `Data` (height, width, frame) and `Metadata`, JSON as bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.errors import ImageError
from micrographia.io.decoding import check_size
from micrographia.io.headers import Facts
from micrographia.io.microscopes.hdf5 import members
from micrographia.io.microscopes.lengths import Witness, number, unit_nm

#: Detectors by which of their pictures is taken; others come after them, maps of elements last.
_PREFERRED = ("HAADF", "DF", "BF")


@dataclass(frozen=True)
class _Panel:
    data: Any
    known: dict[str, Any]
    detector: str  # empty: computed, such as a map of an element


def is_velox(file: Any) -> bool:
    """Return whether an open HDF5 file is one of Velox."""
    return "Version" in file and "Data" in file


def read_velox(
    file: Any, name: str, max_pixels: int, notes: list[str]
) -> tuple[NDArray[Any], Facts]:
    """Read the picture of a detector: HAADF first, then other detectors, then what is computed.

    Of a stack the first frame is taken.

    Raises
    ------
    ImageError
        There is no picture, but spectra or transforms.
    """
    data = members(file["Data"])
    groups: dict[str, dict[str, Any]] = {kind: members(group) for kind, group in data.items()}
    images = [members(group) for group in groups.get("Image", {}).values()]
    panels = [_panel(image) for image in images if "Data" in image]
    real = [panel for panel in panels if panel.data.dtype.kind in "biuf"]
    spectra = {kind: len(groups[kind]) for kind in ("Spectrum", "SpectrumImage") if kind in groups}
    kinds = spectra | {"transform": len(panels) - len(real)}
    if not real:
        raise ImageError(
            f"{name} holds no picture",
            seen=", ".join(f"{count} {kind}" for kind, count in kinds.items() if count) or "none",
            allowed="the picture of a detector or a camera",
            remedy="Export the picture that you want",
        )
    panel = min(real, key=_rank)
    count = len(panels) + sum(spectra.values())
    if count > 1:
        notes.append(f"picture {panel.detector or 'computed'!r} of {count} signals")
    if not panel.detector:
        notes.append("no picture of a detector: it is computed, such as a map of an element")
    height, width, frames = panel.data.shape
    check_size(name, width, height, max_pixels)
    if frames > 1:
        notes.append(f"first of {frames} frames")
    return np.asarray(panel.data[:, :, 0]), _facts(panel.known, notes)


def _panel(image: dict[str, Any]) -> _Panel:
    told = image.get("Metadata")
    words = b"" if told is None else np.asarray(told[:, 0], dtype=np.uint8).tobytes()
    try:
        known = json.loads(words.partition(b"\0")[0])
    except ValueError:
        known = {}
    known = known if isinstance(known, dict) else {}
    index = _part(known, "BinaryResult").get("DetectorIndex")
    detector = _part(_part(known, "Detectors"), f"Detector-{index}").get("DetectorName", "")
    return _Panel(image["Data"], known, str(detector))


def _part(known: dict[str, Any], key: str) -> dict[str, Any]:
    found = known.get(key)
    return found if isinstance(found, dict) else {}


def _rank(panel: _Panel) -> int:
    if not panel.detector:
        return len(_PREFERRED) + 1
    return next(
        (place for place, name in enumerate(_PREFERRED) if panel.detector.startswith(name)),
        len(_PREFERRED),
    )


def _facts(known: dict[str, Any], notes: list[str]) -> Facts:
    result, optics = _part(known, "BinaryResult"), _part(known, "Optics")
    size, sizes = _part(result, "PixelSize"), []
    unit = unit_nm(result.get("PixelUnitX"))
    if unit is not None:
        across, down = number(size.get("width"), unit), number(size.get("height"), unit)
        if across and down:
            sizes.append(Witness("Velox metadata", across, down))
    elif result.get("PixelUnitX"):
        notes.append(f"pixel size unknown: the axes are in {result['PixelUnitX']}")
    machine = _part(known, "Instrument")
    words = ("FEI", machine.get("InstrumentClass"), machine.get("InstrumentModel"))
    modes = {"1": "TEM", "2": "STEM"}
    return Facts(
        sizes=tuple(sizes),
        format="EMD",
        microscopy=modes.get(str(optics.get("OperatingMode"))),
        instrument=" ".join(dict.fromkeys(str(word) for word in words if word)),
        voltage_kV=number(optics.get("AccelerationVoltage"), 1e-3),
    )
