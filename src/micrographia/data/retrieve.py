"""Retrieve a public data set: download or take over, check, unpack, convert, write a receipt."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from micrographia.data.emps import arrange_emps
from micrographia.data.twodmatpedia import convert_2dmatpedia
from micrographia.data.unpacking import unpack
from micrographia.errors import RetrievalError
from micrographia.io.atomic import atomic_directory, write_text
from micrographia.io.public.catalogue import Catalogue, Conversion, DataFile, DataSet
from micrographia.io.public.download import (
    FileDigest,
    Progress,
    digest_of_file,
    download,
    silent,
)

logger = logging.getLogger(__name__)

#: Folder beside those of the sets, for the files as they are published.
DOWNLOADS = "downloads"
#: What was retrieved, in the folder of each set.
RECEIPT = "retrieved.json"

_CONVERSIONS: Mapping[Conversion, Callable[[Path], None]] = {
    "emps": arrange_emps,
    "2dmatpedia": convert_2dmatpedia,
}


def retrieve(
    catalogue: Catalogue, name: str, root: str | os.PathLike[str], progress: Progress = silent
) -> dict[str, Any]:
    """Retrieve a public data set into the folder `<root>/<name>`.

    Files are kept as published in `<root>/downloads/<name>`; one that lies there already, also
    one that a user put there, is taken if its digest is right, and nothing is downloaded. Where
    the catalogue states no digest, that of the first file is recorded beside it, and another one
    is refused from then on.

    Parameters
    ----------
    catalogue, name
        The catalogue, and the name of a set in it.
    root
        Folder of all public data.
    progress
        Shows how far downloads are.

    Returns
    -------
    dict
        The receipt, as written to `<root>/<name>/retrieved.json`: names, addresses, sizes [byte]
        and digests of the files, digests of the contents, and warnings. It holds no time and
        no path: equal files give equal bytes.

    Raises
    ------
    RetrievalError
        A file cannot be downloaded and was not put in place by hand, has another digest than
        expected, or cannot be unpacked or converted. A set that was there before stays as it is.
    """
    entry = catalogue.find(name)
    downloads = Path(root) / DOWNLOADS / name
    files = [_fetch(file, entry, downloads / file.name, progress) for file in entry.files]
    with atomic_directory(Path(root) / name) as folder:
        for file in entry.files:
            _place(downloads / file.name, file, folder)
        if entry.convert is not None:
            _CONVERSIONS[entry.convert](folder)
        receipt = _receipt(name, entry, files, folder)
        write_text(folder / RECEIPT, json.dumps(receipt, indent=2, ensure_ascii=False) + "\n")
    for row in files:  # only now: a file that could not be unpacked is none to hold others to
        if row["checked_by"] == "first use":
            write_text(_record(downloads / row["name"]), f"{row['sha256']}  {row['name']}\n")
    for warning in receipt["warnings"]:
        logger.warning("%s: %s", name, warning)
    return receipt


def _fetch(file: DataFile, entry: DataSet, path: Path, progress: Progress) -> dict[str, Any]:
    """Return the row of the receipt about one file, once it lies in its place."""
    if path.is_file():
        found = digest_of_file(path)
        try:
            witness = _check(file, found, path)
        except RetrievalError as error:
            what = f"The file in {path} is not used: {error}"
            raise RetrievalError(what, remedy=f"Delete {path} to download it anew") from None
        logger.info("%s: the file that lay in its place is used", path)
    else:
        found = _download(file, entry, path, progress)
        witness = _check(file, found, path)
    row = {"name": file.name, "urls": list(file.urls), "size": found.size, "sha256": found.sha256}
    return row | {"checked_by": witness}


def _download(file: DataFile, entry: DataSet, path: Path, progress: Progress) -> FileDigest:
    """Download a file from the first of its addresses that serves it."""
    place = f"put it at {path}; then the same command uses it"
    if not file.urls:
        what = f"{file.name} has no public address. {entry.request}"
        raise RetrievalError(what, remedy=place[0].upper() + place[1:])
    limit = int(file.limit_mb * 1e6)
    faults = []
    for url in file.urls:
        try:
            return download(url, path, limit, lambda got: _check(file, got, path), progress)
        except RetrievalError as error:
            faults.append(str(error))
    what = " ".join(faults)
    raise RetrievalError(what, remedy=f"Or fetch {file.urls[0]} yourself and {place}")


def _check(file: DataFile, found: FileDigest, path: Path) -> str:
    """Say by what a file was checked; refuse one that is another than expected."""
    if file.sha256 is not None:
        expected, seen, witness = file.sha256, found.sha256, "sha256"
    elif file.md5 is not None:
        expected, seen, witness = file.md5, found.md5, "md5"
    elif (record := _record(path)).is_file():
        expected = (record.read_text(encoding="utf-8").split() or [""])[0]
        seen, witness = found.sha256, "first use"
    else:
        return "first use"
    if seen != expected:
        kind = "MD5" if witness == "md5" else "SHA-256"
        recorded = f"If it may have changed, delete {_record(path)}"
        raise RetrievalError(
            f"{file.name} is not the file that it should be: its {kind} is another",
            seen=seen,
            allowed=expected,
            remedy=recorded if witness == "first use" else "",
        )
    return witness


def _record(path: Path) -> Path:
    """Where the digest of a file that the catalogue has none of is kept."""
    return path.with_name(path.name + ".sha256")


def _place(source: Path, file: DataFile, folder: Path) -> None:
    """Unpack a file into its folder, or copy it there: a user may edit what lies there."""
    target = folder / file.into
    target.mkdir(parents=True, exist_ok=True)
    if file.unpack:
        unpack(source, file, target)
        return
    shutil.copyfile(source, target / file.name)


def _receipt(
    name: str, entry: DataSet, files: list[dict[str, Any]], folder: Path
) -> dict[str, Any]:
    warnings = [
        f"no digest of {row['name']} is known: that of the first file was recorded, "
        f"{row['sha256']}" + (", and it came without https" if file.plain_http else "")
        for row, file in zip(files, entry.files, strict=True)
        if row["checked_by"] == "first use"
    ]
    contents = []
    for part in entry.contents:
        count, seen = digest_of_folder(folder, part.pattern)
        same = (count, seen) == (part.count, part.sha256)
        contents.append({"pattern": part.pattern, "count": count, "sha256": seen, "same": same})
        if not same:
            warnings.append(
                f"{part.pattern} is not what the project's figures were measured on: "
                f"{count} files with digest {seen}, there {part.count} with {part.sha256}"
            )
    return {
        "name": name,
        "title": entry.title,
        "version": entry.version,
        "licence": entry.licence,
        "citation": entry.citation,
        "files": files,
        "contents": contents,
        "warnings": warnings,
    }


def digest_of_folder(folder: Path, pattern: str) -> tuple[int, str]:
    """Return the number of the files that match a pattern, and one digest of them all.

    Parameters
    ----------
    folder
        Folder of a set.
    pattern
        Pattern of paths below it.

    Returns
    -------
    int, str
        Number, and the SHA-256 of the lines `<SHA-256 of the file>  <path>`, sorted by path: what
        `sha256sum` prints for them.
    """
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))
    lines = [f"{digest_of_file(folder / path).sha256}  {path}\n" for path in paths]
    return len(lines), hashlib.sha256("".join(lines).encode()).hexdigest()
