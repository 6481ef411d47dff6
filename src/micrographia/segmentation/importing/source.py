"""What is drawn on one picture, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from micrographia.errors import MicrographiaError
from micrographia.io.masks.shapes import Drawn, Shape


class DrawingError(MicrographiaError):
    """What another program drew cannot be read."""


@dataclass
class Objects:
    """Objects of one picture.

    Attributes
    ----------
    drawn
        Their pixels, in the order of the file.
    skipped
        What was left out and why, one entry an object.
    notes
        What else was done.
    """

    drawn: list[Drawn] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Drawing:
    """What a file holds of one picture; nothing is drawn before the picture's size is known.

    Attributes
    ----------
    source
        The file.
    kind
        coco, labelme, imagej, or labels.
    names
        Names that the picture may have, without suffix; the first that is there is meant.
    size
        Height and width that the file states [px]; None where it states none.
    draw
        Return the objects in a picture of a height and a width; raises DrawingError.
    """

    source: str
    kind: str
    names: tuple[str, ...]
    size: Shape | None
    draw: Callable[[Shape], Objects]
