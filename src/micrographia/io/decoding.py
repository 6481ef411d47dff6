"""Low-level reading for `images`: bytes of files and archives, errors, Pillow."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from micrographia.errors import ImageError
from micrographia.io import archives
from micrographia.io.pictures.beginnings import recognised

# What tifffile logs of damaged files would go to the terminal beside our own sentence.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
REMEDY = "Export the picture again from its original, or remove the file"
_PILLOW_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_PILLOW_SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp")
_FORMATS = "PNG, JPEG, TIFF, BMP, GIF, WebP, DM3, DM4, EMD, MRC, SER or HSPY"
#: Bytes for a pixel of the largest picture that is unpacked into memory, and for headers.
_BYTES_PER_PIXEL, _HEADER = 4, 2**26
#: As much of a member tells the size of any but a TIFF; colour of 16 bits has 8 bytes a pixel.
_HEAD, _WIDEST = 2**24, 8
#: As much of a file tells what it is, where it is no picture.
_BEGINNING = 64
#: Most bytes of a text beside a picture.
_LARGEST_TEXT = 2**20


class Source:
    """A picture's bytes: a file, or a member of an archive, which is held in memory."""

    def __init__(self, path: str | os.PathLike[str], max_pixels: int) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.inside = archives.split(path)
        self.data: bytes | None = None
        if self.inside is not None:
            most = self._most_bytes(*self.inside, max_pixels)
            self.data = archives.read_member(*self.inside, most)

    def _most_bytes(self, archive: str, member: str, max_pixels: int) -> int:
        """Return how far a member may be unpacked: few bytes can claim to hold gigabytes."""
        most = _BYTES_PER_PIXEL * max_pixels + _HEADER
        if not _HEADER < archives.size_of(archive, member) <= most:
            return most
        head = archives.read_head(archive, member, _HEAD)
        if head[:4] in TIFF_MAGIC or not member.lower().endswith(_PILLOW_SUFFIXES):
            return most
        with _identified(io.BytesIO(head), self.name) as picture:
            check_size(self.name, picture.width, picture.height, max_pixels)
            return min(most, _WIDEST * picture.width * picture.height + _HEADER)

    def handle(self) -> Path | IO[bytes]:
        """Return the path or stream that a decoder opens."""
        return self.path if self.data is None else io.BytesIO(self.data)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A path for decoders that need one; a member is written to a private folder for now."""
        if self.data is None:
            yield self.path
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"member{self.path.suffix}"
            path.write_bytes(self.data)
            yield path

    def magic(self) -> bytes:
        """Return the first four bytes after making sure that there is something to read."""
        if self.data is None:
            self._check_file()
            with self.path.open("rb") as stream:
                magic = stream.read(4)
        else:
            magic = self.data[:4]
        if not magic:
            raise ImageError(f"Image {self.name} is empty (0 bytes)", remedy=REMEDY)
        return magic

    def _check_file(self) -> None:
        if self.path.is_dir():
            raise ImageError(f"{self.name} is a folder, not an image", remedy="Name an image file")
        if not self.path.exists():
            raise ImageError(f"Image {self.path} does not exist", remedy="Check the path")
        if not self.path.is_file():
            raise ImageError(f"{self.name} is no regular file", remedy="Name an image file")

    def content(self) -> bytes:
        """Return all bytes."""
        return self.path.read_bytes() if self.data is None else self.data

    def text_beside(self) -> str | None:
        """Return the text file that some microscopes write beside a picture, if there is one.

        Of `a.tif` it is `a.txt` (JEOL, Hitachi), `a.hdr` or `a-tif.hdr` (TESCAN).
        """
        for ending in (".txt", ".hdr", f"-{self.path.suffix[1:]}.hdr"):
            content = self._beside(ending)
            if content is not None:
                return _decoded(content)
        return None

    def _beside(self, ending: str) -> bytes | None:
        try:
            if self.inside is None:
                beside = self.path.with_name(self.path.stem + ending)
                if not beside.is_file() or beside.stat().st_size > _LARGEST_TEXT:
                    return None
                return beside.read_bytes()
            archive, member = self.inside
            name = os.path.splitext(member)[0] + ending
            if not archives.holds(archive, name):
                return None
            return archives.read_member(archive, name, _LARGEST_TEXT)
        except (OSError, ImageError):
            return None


def _decoded(content: bytes) -> str:
    """Return the text of bytes in UTF-16 with its mark, UTF-8, or else Latin-1."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn any exception of a decoder into one error message that names the file."""
    name = Path(path).name
    try:
        # A warning of a decoder concerns metadata; pixels that are wrong raise.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except PermissionError:
        raise ImageError(
            f"Image {name} cannot be opened: permission denied",
            remedy="Give yourself the right to read it (chmod u+r)",
        ) from None
    except MemoryError:
        raise ImageError(
            f"Image {name} does not fit into memory",
            remedy="Lower curation.max_pixels or use a machine with more memory",
        ) from None
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise ImageError(
            f"Image {name} is damaged or cut short ({_words(error)})", remedy=REMEDY
        ) from error


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    if " " not in text or not text.isprintable():  # a key or a number alone is no cause
        text = f"{type(error).__name__}: {text!r}" if text else type(error).__name__
    return text if len(text) <= 120 else text[:117] + "..."


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse a header that states no pixels or too many."""
    if width < 1 or height < 1:
        raise ImageError(f"Image {name} has no pixels", seen=f"{width} x {height}")
    if width * height > max_pixels:
        raise ImageError(
            f"Image {name} is too large to decode",
            seen=f"{width} x {height} px",
            allowed=f"at most {max_pixels} px in all",
            remedy="Crop or tile it, or raise curation.max_pixels",
        )


@contextmanager
def open_with_pillow(source: Source, max_pixels: int) -> Iterator[Image.Image]:
    """Open a picture; its header is checked, its pixels are not decoded yet."""
    with _identified(source.handle(), source.name) as picture:
        check_size(source.name, picture.width, picture.height, max_pixels)
        yield picture


def _head(handle: Path | IO[bytes]) -> bytes:
    if isinstance(handle, Path):
        with handle.open("rb") as stream:
            return stream.read(_BEGINNING)
    handle.seek(0)
    return handle.read(_BEGINNING)


def _identified(handle: Path | IO[bytes], name: str) -> Image.Image:
    limit = Image.MAX_IMAGE_PIXELS
    try:
        # Pillow's own limit gives way to ours, which callers check on the header.
        Image.MAX_IMAGE_PIXELS = None
        return Image.open(handle, formats=_PILLOW_FORMATS)
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is not an image whatever its name says, or its header is damaged",
            seen=recognised(_head(handle)),
            allowed=_FORMATS,
            remedy=REMEDY,
        ) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
