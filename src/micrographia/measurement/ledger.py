"""What was written into `masks/` by us, so that nobody's corrections are ever written over.

Beside every mask lies a small file in `masks/.written/`, made before the mask itself: a run that
was cut off leaves no mask of unknown origin.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.images import image_id, read_labels

LOG = logging.getLogger(__name__)
_FOLDER = ".written"
#: Outputs of a picture beside its mask.
_OTHERS = (
    "outlines/{}.png",
    "rois/{}.zip",
    *(f"figures/pictures/{{}}.{s}" for s in ("svg", "pdf", "png")),
)


@dataclass(frozen=True)
class Entry:
    """A mask as it was written.

    Attributes
    ----------
    image_id, path
        Of its picture.
    digest
        Of its labels.
    source
        "given", or the method that found it.
    recipe
        Digest of the settings that it was found with.
    box
        Part of the picture that was worked on; None for all of it.
    """

    image_id: str
    path: str
    digest: str
    source: str
    recipe: str | None
    box: list[int] | None


def read(out: Path, name: str) -> Entry | None:
    """Return the entry of a mask; None where there is none that can be read."""
    try:
        return Entry(**json.loads(_place(out, name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(out: Path, name: str, entry: Entry) -> None:
    """Write the entry of a mask, atomically; the mask itself comes after it."""
    write_text(_place(out, name), json.dumps(asdict(entry), sort_keys=True) + "\n")


def move(out: Path, jobs: Mapping[str, tuple[str, str]]) -> None:
    """Let masks follow their pictures where the names of the outputs changed.

    A further picture of the same name makes `a` to `x-a`. Masks of pictures that are no longer
    there go with their other outputs, unless somebody corrected them.

    Parameters
    ----------
    out
        The output folder.
    jobs
        Of each name its picture's `image_id` and path.
    """
    known = {path.stem: read(out, path.stem) for path in (out / "masks" / _FOLDER).glob("*.json")}
    free = {
        (entry.image_id, entry.path): name
        for name, entry in known.items()
        if entry is not None and jobs.get(name) != (entry.image_id, entry.path)
    }
    for name, picture in jobs.items():
        entry = known.get(name)
        old = free.get(picture)
        taken = entry is not None and (entry.image_id, entry.path) == picture
        if old is None or taken or (out / "masks" / f"{name}.png").exists():
            continue
        _rename(out / "masks" / f"{old}.png", out / "masks" / f"{name}.png")
        _rename(_place(out, old), _place(out, name))
        _remove(out, old)
    for name, entry in known.items():
        if entry is not None and name not in jobs and not os.path.exists(entry.path):
            _clear(out, name, entry)


def set_aside(out: Path, name: str, digest: str) -> None:
    """Move a mask out of the way that was corrected, but for another picture of this name."""
    place = out / "masks" / ".replaced" / f"{name}-{digest}.png"
    place.parent.mkdir(exist_ok=True)
    mask = out / "masks" / f"{name}.png"
    LOG.warning("%s was corrected for another picture: it is now %s", mask, place)
    os.replace(mask, place)


def _clear(out: Path, name: str, entry: Entry) -> None:
    mask = out / "masks" / f"{name}.png"
    if "!" in entry.path or not mask.exists():  # a member of an archive is no file
        return
    try:
        corrected = image_id(read_labels(mask)) != entry.digest
    except MicrographiaError:
        corrected = True
    if corrected:
        LOG.warning("%s stays: it was corrected, and its picture is gone", mask)
        return
    mask.unlink()
    _place(out, name).unlink(missing_ok=True)
    _remove(out, name)


def _remove(out: Path, name: str) -> None:
    """Remove the other outputs of a name; they are made anew."""
    for place in _OTHERS:
        (out / place.format(name)).unlink(missing_ok=True)


def _rename(old: Path, new: Path) -> None:
    if old.exists():
        os.replace(old, new)


def _place(out: Path, name: str) -> Path:
    return out / "masks" / _FOLDER / f"{name}.json"


def unused(masks: Path, taken: Iterable[str | None]) -> list[str]:
    """Return the masks of a folder that belong to no picture."""
    used = {os.path.realpath(path) for path in taken if path}
    found = sorted(
        path for path in masks.rglob("*") if path.suffix.lower() in (".png", ".tif", ".tiff")
    )
    return [str(path) for path in found if os.path.realpath(path) not in used]
