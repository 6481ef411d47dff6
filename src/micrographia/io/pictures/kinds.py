"""Which files are pictures: those that are read, and those that are refused with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

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
    ("Slides", _EXPORT, ".ppt .pptx .odp"),
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
#: Files that come with a picture and are none of their own: TIA writes one beside its series.
_COMPANIONS = {".emi": ".ser"}


def is_read(name: str) -> bool:
    """Whether a file is taken for a picture, by its suffix."""
    return name.lower().endswith(SUFFIXES)


def is_listed(name: str, beside: Iterable[str] = ()) -> bool:
    """Whether a file is a picture by its suffix, read or not.

    Parameters
    ----------
    name
        Of the file, with or without its folders.
    beside
        Names of the files in the same folder, by which companions of a picture are known.
    """
    if is_read(name):
        return True
    stem, suffix = _split(name)
    if suffix not in _REFUSED:
        return False
    partner = _COMPANIONS.get(suffix)
    # TIA numbers the series of one record: `a.emi` comes with `a_1.ser`.
    return partner is None or not any(
        _split(other)[1] == partner and _split(other)[0].startswith(stem) for other in beside
    )


def refusal(name: str) -> ImageError | None:
    """Return why a picture of this suffix is not read; None where it is read, or no picture."""
    if is_read(name) or (known := _REFUSED.get(_split(name)[1])) is None:
        return None
    what, remedy = known
    return ImageError(
        f"{PurePath(name).name}: {what} are not read",
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
    counts = Counter(
        "hidden" if PurePath(name).name.startswith(".") else _split(name)[1] or "without suffix"
        for name in names
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{suffix} {count}" for suffix, count in ordered)


def _split(name: str) -> tuple[str, str]:
    path = PurePath(name)
    return path.stem.lower(), path.suffix.lower()
