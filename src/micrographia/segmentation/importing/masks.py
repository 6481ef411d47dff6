"""Find what other programs drew, the picture that each belongs to, and write label masks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.images import read_micrograph, write_labels
from micrographia.io.masks.shapes import labelled
from micrographia.io.pictures.kinds import SUFFIXES
from micrographia.io.schemas import IMPORTED_MASKS
from micrographia.io.schemas.rows import ImportedMaskRow, blank
from micrographia.io.tables import write_table
from micrographia.segmentation.importing import arrays, coco, imagej, labelme
from micrographia.segmentation.importing.source import Drawing, DrawingError, Objects

#: How the files that are imported may end.
_ENDINGS = (".json", ".zip", ".roi", ".npy", ".png", ".tif", ".tiff")
#: Largest JSON that is read [byte].
_LARGEST_JSON = 2_000_000_000
#: Reasons of one kind that are told, at most.
_TOLD = 3


@dataclass(frozen=True)
class Unreadable:
    """A file that holds nothing that can be imported, and why."""

    source: str
    failure: str


def drawings_in(sources: Sequence[Path], images: Path) -> list[Drawing | Unreadable]:
    """Return what is drawn in files and folders, in the order of their names.

    Parameters
    ----------
    sources
        Files, or folders, of which all files with a known ending are taken, to any depth.
    images
        Folder of the pictures, which are no labels and are passed over where a source is
        or contains that folder.

    Raises
    ------
    MicrographiaError
        A source does not exist, or there is nothing to import.
    """
    files: list[Path] = []
    pictures = {path.resolve() for path in _pictures(images)}
    for source in sources:
        if source.is_dir():
            listed = sorted(path for path in source.rglob("*") if path.is_file())
            files += [
                path
                for path in listed
                if path.suffix.lower() in _ENDINGS
                and not path.name.startswith(".")
                and path.resolve() not in pictures
            ]
        elif source.is_file():
            files.append(source)
        else:
            raise MicrographiaError(f"The source {source} does not exist")
    if not files:
        raise MicrographiaError(
            "There is nothing to import", seen=str(sources[0]), allowed=", ".join(_ENDINGS)
        )
    found: list[Drawing | Unreadable] = []
    for file in files:
        try:
            found += _drawings_of(file)
        except MicrographiaError as error:
            found.append(Unreadable(str(file), str(error)))
    return found


def _drawings_of(file: Path) -> Iterator[Drawing]:
    suffix = file.suffix.lower()
    if suffix in (".zip", ".roi"):
        yield imagej.drawing(file)
    elif suffix == ".json":
        yield from _of_json(file)
    elif suffix in _ENDINGS:
        yield arrays.drawing(file)
    else:
        raise DrawingError(
            f"{file.name} is of no known kind", seen=suffix, allowed=", ".join(_ENDINGS)
        )


def _of_json(file: Path) -> Iterator[Drawing]:
    try:
        if file.stat().st_size > _LARGEST_JSON:
            raise DrawingError(f"{file} is too large", seen=file.stat().st_size)
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DrawingError(f"{file} is no JSON: {error}") from None
    if isinstance(document, dict) and "shapes" in document:
        yield labelme.drawing(file, document)
    elif isinstance(document, dict) and "annotations" in document:
        yield from list(coco.drawings(file, document))
    else:
        raise DrawingError(
            f"{file} is neither COCO nor LabelMe JSON",
            seen=sorted(document)[:5] if isinstance(document, dict) else type(document).__name__,
            allowed="an object with `annotations` and `images`, or with `shapes`",
        )


def import_masks(
    found: Iterable[Drawing | Unreadable], images: Path, out: Path
) -> list[ImportedMaskRow]:
    """Write a label mask for each picture that something was drawn on; return a row for each.

    What cannot be imported is a row with its failure.

    Parameters
    ----------
    found
        From `drawings_in`.
    images
        Folder of the pictures; folders in it are searched, too.
    out
        Folder for `<name of the picture>.png`, or `.tif` of more than 65,535 instances.

    Raises
    ------
    MicrographiaError
        The folder of the pictures holds none.
    """
    by_name: dict[str, list[Path]] = {}
    for path in _pictures(images):
        by_name.setdefault(path.stem, []).append(path)
    if not by_name:
        raise MicrographiaError(f"Folder {images} contains no image", allowed=", ".join(SUFFIXES))
    taken: dict[str, str] = {}
    return [_imported(one, by_name, taken, out) for one in found]


def _imported(
    one: Drawing | Unreadable, by_name: Mapping[str, list[Path]], taken: dict[str, str], out: Path
) -> ImportedMaskRow:
    row: ImportedMaskRow = blank(IMPORTED_MASKS)
    row["source"] = one.source
    if isinstance(one, Unreadable):
        row["failure"] = one.failure
        return row
    row["kind"] = one.kind
    try:
        picture = _picture_of(one, by_name)
        row["path"] = str(picture)
        if picture.stem in taken:
            raise DrawingError(
                f"The mask of {picture.name} was imported from {taken[picture.stem]} already",
                remedy="Import one source of each picture",
            )
        height, width = read_micrograph(picture).pixels.shape
        if one.size not in (None, (height, width)):
            raise DrawingError(
                f"{one.source} was drawn on a picture of another size than {picture.name}",
                seen=one.size,
                allowed=str((height, width)),
                remedy="Give the pictures that were drawn on",
            )
        _write(one.draw((height, width)), (height, width), picture.stem, row, out)
        taken[picture.stem] = one.source
    except MicrographiaError as error:
        row["failure"] = str(error)
    return row


def _write(
    objects: Objects, shape: tuple[int, int], stem: str, row: ImportedMaskRow, out: Path
) -> None:
    if objects.skipped and not objects.drawn:
        raise DrawingError(f"None of its {len(objects.skipped)} objects can be imported: "
                           + _told(objects.skipped))  # fmt: skip
    made = labelled(objects.drawn, shape)
    suffix = ".png" if int(made.labels.max(initial=0)) <= np.iinfo(np.uint16).max else ".tif"
    write_labels(out / f"{stem}{suffix}", made.labels)
    notes = list(objects.notes)
    if objects.skipped:
        notes.append(f"{len(objects.skipped)} left out: {_told(objects.skipped)}")
    if made.overlap_px:
        notes.append("pixels in several objects belong to the smallest")
    row["mask"] = f"{stem}{suffix}"
    row["n_objects"] = len(objects.drawn) + len(objects.skipped)
    row["n_skipped"] = len(objects.skipped)
    row["n_instances"], row["n_outside"] = made.n_instances, made.n_outside
    row["n_covered"], row["overlap_px"] = made.n_covered, made.overlap_px
    row["note"] = "; ".join(notes) or None


def _told(reasons: Sequence[str]) -> str:
    """List different reasons, each with how often it holds."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason.rstrip(".")] = counts.get(reason.rstrip("."), 0) + 1
    told = [f"{count} x {reason}" for reason, count in list(counts.items())[:_TOLD]]
    return ", ".join(told) + (", ..." if len(counts) > _TOLD else "")


def _picture_of(one: Drawing, by_name: Mapping[str, list[Path]]) -> Path:
    for name in one.names:
        paths = by_name.get(name, [])
        if len(paths) > 1:
            raise DrawingError(
                f"Two pictures are called {name}: {paths[0].name} and {paths[1].name}",
                remedy="Give a folder with one of them",
            )
        if paths:
            return paths[0]
    raise DrawingError(
        f"There is no picture called {' or '.join(one.names)}",
        remedy="Name the files after their pictures, or give the folder of these as --images",
    )


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise MicrographiaError(
            f"The folder {folder} does not exist", remedy="Give the folder of the pictures"
        )
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.lower().endswith(SUFFIXES) and not path.name.startswith(".")
    )


def write_imported(
    rows: Sequence[ImportedMaskRow], out: Path, provenance: Mapping[str, Any] | None
) -> None:
    """Write `imported.parquet` and `imported.csv`."""
    write_table(list(rows), out / "imported.parquet", IMPORTED_MASKS, provenance)
    table = pd.DataFrame(list(rows), columns=list(IMPORTED_MASKS.names))
    write_text(out / "imported.csv", table.to_csv(index=False, lineterminator="\n"))
