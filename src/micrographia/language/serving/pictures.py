"""Pictures that came with requests: checked by their headers, kept for further questions."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from micrographia.config import Serve
from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph
from micrographia.language.grounding.writer import Measured
from micrographia.language.serving.faults import bad

#: Opens a picture under the tools; the number is the side of a pixel [nm].
Tools = Callable[[Path, float | None], Measured]


class Kept(NamedTuple):
    """A picture with its file."""

    picture: Measured
    path: Path


class Pictures:
    """Opens pictures, and remembers the last few with what was measured on them.

    Parameters
    ----------
    tools
        Opens a picture.
    folder
        Where files are held as long as their pictures are remembered.
    settings
        Limits.
    """

    def __init__(self, tools: Tools, folder: Path, settings: Serve) -> None:
        self._tools, self._folder, self._settings = tools, folder, settings
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def open(self, content: bytes, pixel_size_nm: float | None) -> Kept:
        """Open a picture, or find it among those that are remembered.

        Raises
        ------
        RequestError
            It is no picture, damaged, or larger than allowed: by its header, before its pixels
            are decoded.
        """
        key = f"{hashlib.sha256(content).hexdigest()[:32]}-{pixel_size_nm}"
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        path = self._folder / f"{key}.img"
        path.write_bytes(content)
        try:
            read_micrograph(path, self._settings.max_pixels)
            found = Kept(self._tools(path, pixel_size_nm), path)
        except ImageError as error:
            path.unlink()
            told = str(error).replace(f"Image {path.name}", "The picture")
            told = told.replace(str(path), "the picture").replace(path.name, "the picture")
            told = told.replace("curation.max_pixels", "language.assistant.serve.max_pixels")
            raise bad(told, "bad_picture", "messages") from None
        except BaseException:
            path.unlink()
            raise
        self._kept[key] = found
        while len(self._kept) > max(1, self._settings.remembered):
            _, old = self._kept.popitem(last=False)
            old.path.unlink(missing_ok=True)
        return found
