"""Valid files of every kind that Micrographia reads, for `fuzz_readers.py` to damage."""

from __future__ import annotations

import io
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile
from PIL import Image

from micrographia.io.pictures.kinds import SUFFIXES

#: Pictures as microscopes wrote them (test files of rosettasciio); seeds of their formats.
MICROSCOPES = Path(__file__).parents[2] / "shared" / "data" / "microscope_files"
_LARGEST_SEED = 200_000


class Seed(NamedTuple):
    """A valid file: its kind, which names the reader, its file name, and its bytes."""

    kind: str
    name: str
    content: bytes


def _grey() -> np.ndarray:
    return (np.add.outer(np.arange(48) * 5, np.arange(64) * 3) % 251).astype(np.uint8)


def _saved(pixels: np.ndarray, form: str, mode: str | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture if mode is None else picture.convert(mode)).save(stream, form, **options)
    return stream.getvalue()


def _tiff(pixels: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    options = {"photometric": "minisblack", "metadata": None} | options
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def plain_pictures() -> Iterator[Seed]:
    """Yield PNG, JPEG, BMP, GIF, WebP."""
    import imagecodecs

    grey = _grey()
    wide, colour = grey.astype(np.uint16) * 256, np.dstack([grey, grey[::-1], grey[:, ::-1]])
    deep = np.dstack([wide, wide, wide])
    made = {
        "grey8.png": _saved(grey, "PNG"),
        "grey16.png": _saved(wide, "PNG"),
        "palette.png": _saved(grey, "PNG", "P"),
        "rgba.png": _saved(colour, "PNG", "RGBA"),
        "rgb16.png": bytes(imagecodecs.png_encode(deep)),
        "bilevel.png": _saved(grey > 99, "PNG"),
        "grey.jpg": _saved(grey, "JPEG"),
        "colour.jpg": _saved(colour, "JPEG"),
        "progressive.jpg": _saved(colour, "JPEG", progressive=True),
        "inks.jpg": _saved(colour, "JPEG", "CMYK"),
        "grey.bmp": _saved(grey, "BMP"),
        "colour.bmp": _saved(colour, "BMP"),
        "grey.gif": _saved(grey, "GIF"),
        "lossless.webp": _saved(colour, "WEBP", lossless=True),
        "lossy.webp": _saved(colour, "WEBP"),
    }
    yield from (Seed("picture", name, content) for name, content in made.items())


def tiffs() -> Iterator[Seed]:
    """Yield TIFFs of many compressions, layouts and photometric interpretations."""
    grey = _grey()
    wide, colour = grey.astype(np.uint16) * 256, np.dstack([grey, grey[::-1], grey[:, ::-1]])
    palette = np.stack([np.arange(256) * 257] * 3).astype(np.uint16)
    jpeg = {"compression": "jpeg", "compressionargs": {"level": 90}}
    made = {
        "plain": _tiff(grey),
        "big": _tiff(wide, bigtiff=True, compression="zlib"),
        "order": _tiff(wide, byteorder=">", compression="lzw", predictor=True),
        "lzw": _tiff(grey, compression="lzw", rowsperstrip=8),
        "packbits": _tiff(grey, compression="packbits"),
        "deflate": _tiff(grey, compression="zlib", predictor=True, rowsperstrip=8),
        "zstd": _tiff(wide, compression="zstd", tile=(16, 16)),
        "lzma": _tiff(grey, compression="lzma"),
        "jpeg": _tiff(grey, tile=(16, 32), **jpeg),
        "ycbcr": _tiff(colour, **{"photometric": "ycbcr", "subsampling": (2, 2)}, **jpeg),
        "jpeg2000": _tiff(grey, compression="jpeg2000"),
        "png": _tiff(grey, compression="png"),
        "float": _tiff(grey / np.float32(7), compression="zlib", predictor=True),
        "double": _tiff(grey / 7.0, compression="lzw"),
        "packed": _tiff(wide >> 4, bitspersample=12),
        "bilevel": _saved(grey > 99, "TIFF", compression="group4"),
        "white": _tiff(wide, photometric="miniswhite", compression="lzw"),
        "inks": _tiff(np.dstack([colour, grey]), photometric="separated"),
        "lab": _tiff(colour, photometric="cielab", compression="zlib"),
        "palette": _tiff(grey, photometric="palette", colormap=palette, compression="lzw"),
        "apart": _tiff(colour.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"),
        "stack": _tiff(np.stack([grey, grey, grey]), compression="zlib"),
        "imagej": _tiff(np.stack([wide, wide]), metadata={"unit": "nm"}, imagej=True),
        "ome": _tiff(np.stack([wide, wide]), metadata={"axes": "ZYX"}, ome=True),
    }
    for name, content in made.items():
        yield Seed("picture", f"{name}.tif", content)


def masks() -> Iterator[Seed]:
    """Yield label masks."""
    labels = (_grey() // 20).astype(np.uint16)
    yield Seed("mask", "labels.png", _saved(labels, "PNG"))
    yield Seed("mask", "small.png", _saved(labels.astype(np.uint8), "PNG"))
    yield Seed("mask", "labels.tif", _tiff(labels.astype(np.uint32), compression="lzw"))
    yield Seed("mask", "tiles.tif", _tiff(labels, compression="zlib", tile=(16, 16)))


def microscope_files() -> Iterator[Seed]:
    """Yield an MRC, an EMD and an HSPY made here, and small files of microscopes if there are."""
    pixels = _grey().astype(np.float32)
    head = bytearray(1024)
    struct.pack_into("<4i", head, 0, 64, 48, 1, 2)
    struct.pack_into("<3i3f", head, 28, 64, 48, 1, 640.0, 480.0, 1.0)
    struct.pack_into("<3i", head, 64, 1, 2, 3)
    head[208:216] = b"MAP \x44\x44\0\0"
    yield Seed("picture", "made.mrc", bytes(head) + pixels.tobytes())
    yield Seed("picture", "made.emd", _berkeley(pixels))
    yield Seed("picture", "made.hspy", _hspy(pixels))
    found: dict[str, list[Path]] = {}
    for path in sorted(MICROSCOPES.rglob("*")) if MICROSCOPES.is_dir() else ():
        if path.is_file() and path.stat().st_size <= _LARGEST_SEED:
            found.setdefault(path.suffix.lower(), []).append(path)
    for suffix in SUFFIXES:
        paths = found.get(suffix, [])
        for path in paths[:: max(1, len(paths) // 3)][:3]:
            yield Seed("picture", path.name.replace(" ", "_"), path.read_bytes())


def _berkeley(pixels: np.ndarray) -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        group = file.create_group("data/picture")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=pixels)
        for number, size in enumerate(pixels.shape, 1):
            axis = group.create_dataset(f"dim{number}", data=np.arange(size) * 0.5)
            axis.attrs["name"], axis.attrs["units"] = "yx"[number - 1], "[n_m]"
    return stream.getvalue()


def _hspy(pixels: np.ndarray) -> bytes:
    from rsciio.hspy import file_writer

    axes = [
        {"name": name, "size": size, "units": "nm", "scale": 0.5, "offset": 0.0, "navigate": False,
         "_type": "UniformDataAxis", "is_binned": False}
        for name, size in zip("yx", pixels.shape, strict=True)
    ]  # fmt: skip
    signal: dict[str, Any] = {
        "data": pixels,
        "axes": axes,
        "metadata": {"General": {"title": "x"}, "Signal": {"signal_type": ""}},
        "attributes": {"_lazy": False},
        "package": "hyperspy",
        "package_version": "2.0",
        "package_info": "",
    }
    signal |= {name: {} for name in ("original_metadata", "learning_results", "models")}
    signal["tmp_parameters"] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.hspy"
        file_writer(str(path), signal)
        return path.read_bytes()


def crystals() -> Iterator[Seed]:
    """Yield a crystal in each format."""
    from ase import Atoms
    from ase.io import write

    layer = Atoms("MoS2", [(0, 0, 10), (0, 1.84, 11.5), (0, 1.84, 8.5)], pbc=(True, True, False))
    layer.set_cell([3.18, 3.18, 20, 90, 90, 120])
    for name, form in (("a.cif", "cif"), ("POSCAR", "vasp"), ("a.xyz", "extxyz")):
        stream: Any = io.BytesIO() if form == "cif" else io.StringIO()
        write(stream, layer, format=form)
        content = stream.getvalue()
        yield Seed("crystal", name, content if form == "cif" else content.encode())


#: A picture that lists name, large enough to be kept.
BESIDE = Seed("picture", "beside.png", _saved(np.tile(_grey(), (6, 4)), "PNG"))


def lists() -> Iterator[Seed]:
    """Yield lists of pictures and archives of pictures."""
    text = 'path,pixel_size_nm,note\nbeside.png,0.5,"ü, ""quoted"""\nabsent.png,,\n'
    yield Seed("list", "list.csv", text.encode())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images/a.png", BESIDE.content)
        archive.writestr("masks/a.png", BESIDE.content)
        archive.writestr("images/b.tif", _tiff(np.tile(_grey(), (6, 4)), compression="lzw"))
    yield Seed("archive", "set.zip", stream.getvalue())
    for name, mode in (("set.tar", "w"), ("set.tar.gz", "w:gz")):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
            entry = tarfile.TarInfo("a.png")
            entry.size = len(BESIDE.content)
            archive.addfile(entry, io.BytesIO(BESIDE.content))
        yield Seed("archive", name, stream.getvalue())


FAMILIES: dict[str, Callable[[], Iterator[Seed]]] = {
    "plain": plain_pictures,
    "tiff": tiffs,
    "mask": masks,
    "microscope": microscope_files,
    "crystal": crystals,
    "list": lists,
}
