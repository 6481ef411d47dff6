"""Which files are pictures: those that are read, and those that are refused with a reason."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable

from micrographia.errors import ImageError
from micrographia.io.microscope_files import ENDINGS

#: Suffixes of the pictures that are read, without and with those of microscopes' own formats.
PLAIN = (".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp")
SUFFIXES = (*PLAIN, *ENDINGS)
#: What else a folder of pictures may hold: a picture, to its owner, that is not read here.
_EXPORT = "Export the picture as PNG or TIFF"
_OTHERS: tuple[tuple[str, str, str], ...] = (
    ("JPEG 2000 pictures", _EXPORT, ".jp2 .j2k .j2c .jpx .jpf"),
    ("HEIF pictures", _EXPORT, ".heic .heif .hif"),
    ("AVIF pictures", _EXPORT, ".avif"),
    ("JPEG XL pictures", _EXPORT, ".jxl"),
    ("JPEG XR pictures", _EXPORT, ".jxr .wdp .hdp"),
    ("PGM, PPM and PBM pictures", _EXPORT, ".pgm .ppm .pbm .pnm .pfm"),
    ("Targa, PCX and icon files", _EXPORT, ".tga .pcx .ico"),
    ("Photoshop and GIMP documents", _EXPORT, ".psd .psb .xcf"),
    ("PDF documents", "Extract the pictures from it as PNG or TIFF", ".pdf"),
    ("Drawings", _EXPORT, ".svg .svgz .eps .ps .ai .wmf .emf"),
    ("Raw pictures of cameras", _EXPORT, ".nef .cr2 .cr3 .arw .dng .orf .rw2 .raf .raw"),
    (
        "Files of light microscopes",
        _EXPORT,
        ".czi .zvi .lsm .lif .lei .oib .oif .oir .vsi .nd2 .ims .svs .ndpi .scn .mrxs",
    ),
    (
        "Files of this kind of detector or program",
        _EXPORT,
        ".emi .bcf .blo .mib .tvips .eer .mrcs .prz .zspy .rpl .sur .spd .pts .dens",
    ),
    ("Files of scanning probes", _EXPORT, ".gwy .sxm .spm .nid .ibw .mtrx"),
    ("FITS, DICOM and NIfTI files", _EXPORT, ".fits .fit .fts .dcm .nii"),
    ("Movies", "Export the frames that you want as PNG or TIFF", ".avi .mp4 .mov .mkv .wmv .mpg"),
)
_REFUSED = {
    suffix: (what, remedy) for what, remedy, suffixes in _OTHERS for suffix in suffixes.split()
}
#: TIA writes a record, `a.emi`, beside the numbered series that it describes, `a_1.ser`.
_RECORD, _SERIES, _NUMBER = ".emi", ".ser", re.compile(r"_\d+$")


def is_read(name: str) -> bool:
    """Whether a file is taken for a picture, by its suffix."""
    return name.lower().endswith(SUFFIXES)


def pictures_among(names: Collection[str]) -> list[str]:
    """Return the names of files that are pictures by their suffix, read or not, in their order.

    A record beside the series of pictures that it describes is no picture of its own.

    Examples
    --------
    >>> pictures_among(["a.png", "b.HEIC", "c.csv", "d.emi", "d_1.ser", "e.emi"])
    ['a.png', 'b.HEIC', 'd_1.ser', 'e.emi']
    """
    series = {os.path.splitext(name)[0] for name in names if name.lower().endswith(_SERIES)}
    described = series | {_NUMBER.sub("", stem) for stem in series}
    return [name for name in names if is_read(name) or _is_refused(name, described)]


def _is_refused(name: str, described: set[str]) -> bool:
    stem, suffix = os.path.splitext(name)
    suffix = suffix.lower()
    return suffix in _REFUSED and not (suffix == _RECORD and stem in described)


def refusal(name: str) -> ImageError | None:
    """Return why a picture of this suffix is not read; None where it is read, or no picture."""
    if is_read(name) or (known := _REFUSED.get(os.path.splitext(name)[1].lower())) is None:
        return None
    what, remedy = known
    return ImageError(
        f"{os.path.basename(name)}: {what} are not read",
        allowed=", ".join(SUFFIXES),
        remedy=remedy,
    )


def tally(names: Iterable[str]) -> str:
    """Return how many files of each suffix there are, the most frequent first.

    Examples
    --------
    >>> tally(["a.csv", "b.txt", "c.TXT", "README", ".DS_Store"])
    '.txt 2, .csv 1, hidden 1, without suffix 1'
    """
    counts = Counter(_suffix(name) for name in names)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{suffix} {count}" for suffix, count in ordered)


def _suffix(name: str) -> str:
    if os.path.basename(name).startswith("."):
        return "hidden"
    return os.path.splitext(name)[1].lower() or "without suffix"
