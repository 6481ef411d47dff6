"""Files beside a page, in one folder: what the page links to travels with it."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from micrographia.io.atomic import atomic_directory
from micrographia.report.page.blocks import Link
from micrographia.report.page.words import bytes_of, count

Content = str | bytes | Path
#: The earliest time that an archive can hold: the same files make the same archive.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Beside:
    """Collects files and returns links to them; `write` puts them down, all or none.

    Parameters
    ----------
    page
        The page's file: `index.html` has its files in `files/`, `sizes.html` in `sizes-files/`.
        None: there is no page on disk, and every link is absent.
    """

    def __init__(self, page: str | os.PathLike[str] | None) -> None:
        self._page = None if page is None else Path(page)
        self._files: dict[str, Content | Mapping[str, Content]] = {}

    @property
    def folder(self) -> Path | None:
        """Where the files go."""
        if self._page is None:
            return None
        stem = self._page.stem
        return self._page.with_name("files" if stem == "index" else f"{stem}-files")

    def add(self, name: str, content: Content, label: str) -> tuple[Link, ...]:
        """Add a file under a name such as `tables/sizes.csv`; a path is copied.

        Returns
        -------
        One link, with the file's size in its label; none where there is no page on disk or the
        file does not exist.
        """
        if self.folder is None or (isinstance(content, Path) and not content.is_file()):
            return ()
        name = self._free(name)
        self._files[name] = content
        if isinstance(content, Path):
            size = content.stat().st_size
        else:
            size = len(content.encode() if isinstance(content, str) else content)
        return (Link(self._address(name), f"{label} ({bytes_of(size)})"),)

    def pack(
        self, name: str, contents: Mapping[str, Content], label: str, noun: str
    ) -> tuple[Link, ...]:
        """Add an archive of files; none where there are no contents."""
        if self.folder is None or not contents:
            return ()
        name = self._free(name)
        self._files[name] = dict(contents)
        return (Link(self._address(name), f"{label} (.zip, {count(len(contents), noun)})"),)

    def write(self) -> None:
        """Write all files, in place of those of an earlier page."""
        folder = self.folder
        if folder is None or not (self._files or folder.exists()):
            return
        sources = [one for one in self._files.values() if isinstance(one, Path)]
        with atomic_directory(folder, sources) as staged:
            for name, content in self._files.items():
                target = staged / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, Mapping):
                    _write_archive(target, content)
                elif isinstance(content, Path):
                    shutil.copyfile(content, target)
                else:
                    target.write_bytes(_bytes(content))

    def _free(self, name: str) -> str:
        """Return a name that no other file has, whatever the file system thinks of capitals."""
        taken = {one.lower() for one in self._files}
        stem, dot, ending = name.rpartition(".")
        tried, number = name, 2
        while tried.lower() in taken:
            tried = f"{stem}-{number}{dot}{ending}"
            number += 1
        return tried

    def _address(self, name: str) -> str:
        return quote(f"{self.folder.name if self.folder else ''}/{name}")


def safe_name(text: str) -> str:
    """Return a text as a file's name that every system takes.

    Examples
    --------
    >>> safe_name("gold 20 nm: (3)"), safe_name("../x"), safe_name("µm")
    ('gold-20-nm-3', 'x', 'µm')
    """
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "unnamed"


def _bytes(content: Content) -> bytes:
    if isinstance(content, Path):
        return content.read_bytes()
    return content.encode("utf-8") if isinstance(content, str) else content


def _write_archive(path: Path, contents: Mapping[str, Content]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            # A mask is compressed already.
            packed = name.lower().endswith((".png", ".zip"))
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _bytes(content))
