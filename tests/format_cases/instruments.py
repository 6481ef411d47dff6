"""Files of instruments: modes and axes, colour, and which of several signals is the picture."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from unit.io.microscopes.dm3 import Panel, write_dm3

from format_cases import GREY, WIDE, Case, Writer, bytes_of
from format_cases.microscopes import mrc

_OWN, _HDF5, _DM = "own reader", "h5py", "rosettasciio"
_SIGNED = (GREY.astype(np.int16) - 125).astype(np.int8)
_COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=2)
_LUMINANCE = np.rint(_COLOUR @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
_PAIRS = (GREY % 16).reshape(40, 28, 2)
_FOUR = np.ascontiguousarray(_PAIRS[..., 0] | _PAIRS[..., 1] << 4)
_TRANSFORM = np.fft.fft2(WIDE).astype(np.complex64)
_CUBE = np.zeros((7, 40, 56), np.float32)
_SPECTRAL = {"Meta Data": {"Format": "Spectrum image", "Signal": "EELS"}}


def _mrc(pixels: np.ndarray, mode: int, angstrom: float = 20.0, order: str = "<") -> Writer:
    return bytes_of(mrc(pixels, mode, angstrom, order))


def _packed(pixels: np.ndarray, mode: int) -> Writer:
    """The header of 56 x 40 pixels before bytes that are laid out otherwise."""
    return bytes_of(mrc(GREY, mode, 20.0)[:1024] + pixels.tobytes())


def _berkeley(*groups: tuple[str, np.ndarray, str]) -> Writer:
    def write(path: Path) -> None:
        import h5py

        with h5py.File(path, "w") as file:
            file.attrs.update(version_major=0, version_minor=2)
            for name, data, axes in groups:
                group = file.create_group(f"data/{name}")
                group.attrs["emd_group_type"] = 1
                group["data"] = data
                for number, (axis, size) in enumerate(zip(axes.split(), data.shape, strict=True)):
                    label, _, unit = axis.partition(":")
                    dim = group.create_dataset(f"dim{number + 1}", data=2.5 * np.arange(size))
                    dim.attrs.update(name=label.strip("-"), units=f"[{unit}]")

    return write


def _velox(*images: tuple[np.ndarray, str | None]) -> Writer:
    def write(path: Path) -> None:
        import h5py

        with h5py.File(path, "w") as file:
            file["Version"] = np.array([b'{"format": "Velox", "version": "11"}'])
            file["Data/Spectrum/0/Data"] = np.zeros((4096, 1), np.uint32)
            for number, (pixels, detector) in enumerate(images):
                size = {"width": "2.5e-9", "height": "2.5e-9"}
                known: dict[str, Any] = {"BinaryResult": {"PixelSize": size, "PixelUnitX": "m"}}
                if detector is not None:
                    known["Detectors"] = {"Detector-0": {"DetectorName": detector}}
                    known["BinaryResult"]["DetectorIndex"] = "0"
                text = np.frombuffer(json.dumps(known).encode() + b"\0", np.uint8)
                file[f"Data/Image/{number}/Data"] = pixels[..., None]
                file[f"Data/Image/{number}/Metadata"] = text[:, None]

    return write


def _dm3(*panels: Panel, thumbnails: tuple[int, ...] = ()) -> Writer:
    return partial(_write_dm3, panels, thumbnails)


def _write_dm3(panels: tuple[Panel, ...], thumbnails: tuple[int, ...], path: Path) -> None:
    write_dm3(path, *panels, thumbnails=thumbnails)


def _both(pixels: np.ndarray, mode: int) -> dict[str, Writer]:
    return {
        "little-endian": _mrc(pixels, mode),
        "big-endian": _mrc(pixels, mode, order=">"),
    }


CASES = [
    Case("MRC", "bytes (mode 0)", "signed, as the standard says", _OWN, _both(_SIGNED, 0), ".mrc",
         pixels=_SIGNED.astype(np.float32), notes=("*",), size_nm=2.0),
    Case("MRC", "signed, 16 bits (mode 1)", "the numbers", _OWN,
         _both((WIDE // 2).astype(np.int16), 1), ".mrc",
         pixels=(WIDE // 2).astype(np.float32), notes=("*",), size_nm=2.0),
    Case("MRC", "half floats (mode 12)", "the numbers", _OWN,
         _both(GREY.astype(np.float16), 12), ".mrc", pixels=GREY.astype(np.float32), size_nm=2.0),
    Case("MRC", "colour (mode 16)", "luminance", _OWN, {"plain": _packed(_COLOUR, 16)}, ".mrc",
         pixels=_LUMINANCE, tolerance=1, notes=("colour to grey",), size_nm=2.0),
    Case("MRC", "4 bits (mode 101)", "the numbers, low half of a byte first", _OWN,
         {"plain": _packed(_FOUR, 101)}, ".mrc", pixels=GREY % 16, size_nm=2.0),
    Case("MRC", "a cell of 0 or below", "no pixel size, and a note", _OWN,
         {"zero": _mrc(WIDE, 6, 0.0), "negative": _mrc(WIDE, 6, -20.0)}, ".mrc",
         pixels=WIDE, notes=("pixel size of MRC header ignored",)),
    Case("MRC", "a transform (modes 3, 4)", "refused: it holds no picture", _OWN,
         {"mode 4": _mrc(_TRANSFORM, 4)}, ".mrc", refused="holds no picture"),
    Case("EMD (Berkeley)", "a picture", "rows along the axis that is called x, or the last", _HDF5,
         {"y, x": _berkeley(("a", WIDE, "y:n_m x:n_m")),
          "x, y": _berkeley(("a", WIDE.T, "x:n_m y:n_m")),
          "no names": _berkeley(("a", WIDE, "-:n_m -:n_m"))}, ".emd",
         pixels=WIDE, size_nm=2.5, needs=("h5py",)),
    Case("EMD (Berkeley)", "a stack", "its first frame", _HDF5,
         {"frame, y, x": _berkeley(("a", np.stack([WIDE, WIDE[::-1]]), "t:s y:n_m x:n_m")),
          "x, y, frame": _berkeley(("a", np.stack([WIDE.T, WIDE[::-1].T], 2), "x:nm y:nm t:s"))},
         ".emd", pixels=WIDE, notes=("first of 2 frames",), size_nm=2.5, needs=("h5py",)),
    Case("EMD (Berkeley)", "a transform, a spectrum image and a picture", "the picture", _HDF5,
         {"plain": _berkeley(("a", _TRANSFORM, "y:n_m^-1 x:n_m^-1"),
                             ("b", _CUBE, "E:eV y:n_m x:n_m"), ("c", WIDE, "y:n_m x:n_m"))},
         ".emd", pixels=WIDE, notes=("picture 'c' of 3 signals",), size_nm=2.5, needs=("h5py",)),
    Case("EMD (Berkeley)", "a spectrum image or a transform alone", "refused with its kind", _HDF5,
         {"spectra": _berkeley(("a", _CUBE, "E:eV y:n_m x:n_m")),
          "transform": _berkeley(("a", _TRANSFORM, "y:n_m x:n_m"))}, ".emd",
         refused="holds no picture", needs=("h5py",)),
    Case("EMD (Velox)", "maps of elements, detectors, spectra", "the picture of HAADF", _HDF5,
         {"plain": _velox((GREY, None), (GREY, "BF-S"), (WIDE, "HAADF"))}, ".emd", pixels=WIDE,
         notes=("picture 'HAADF' of 4 signals",), size_nm=2.5, needs=("h5py",)),
    Case("DM3, DM4", "grey, 16 bits", "the numbers", _DM, {"plain": _dm3(Panel(WIDE))}, ".dm3",
         pixels=WIDE, size_nm=2.5, needs=("rsciio",)),
    Case("DM3, DM4", "colour", "luminance", _DM, {"plain": _dm3(Panel(_COLOUR, rgb=True))}, ".dm3",
         pixels=_LUMINANCE, tolerance=1, notes=("colour to grey",), size_nm=2.5,
         needs=("rsciio",)),
    Case("DM3, DM4", "a survey, a preview or spectra before the picture", "the picture", _DM,
         {"survey": _dm3(Panel(WIDE[:9], "Survey"), Panel(WIDE, "main")),
          "preview": _dm3(Panel(_COLOUR[:9], rgb=True), Panel(WIDE, "main")),
          "spectra": _dm3(Panel(_CUBE, units=("eV", "nm", "nm")), Panel(WIDE, "main"))}, ".dm3",
         pixels=WIDE, notes=("picture 'main' of 2 signals",), size_nm=2.5, needs=("rsciio",)),
    Case("DM3, DM4", "a spectrum image or a transform alone", "refused with its kind", _DM,
         {"spectra": _dm3(Panel(_CUBE, units=("", "nm", "nm"), tags=_SPECTRAL)),
          "transform": _dm3(Panel(_TRANSFORM))}, ".dm3",
         refused="holds no picture", needs=("rsciio",)),
    Case("DM3, DM4", "a pattern of diffraction", "the numbers; no pixel size, and a note", _DM,
         {"1/nm": _dm3(Panel(WIDE, unit="1/nm")), "mrad": _dm3(Panel(WIDE, unit="mrad"))}, ".dm3",
         pixels=WIDE, notes=("pixel size unknown: the axes are in",), needs=("rsciio",)),
]  # fmt: skip
