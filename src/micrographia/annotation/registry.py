"""Annotators by the kind that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from micrographia.annotation.annotator import AnnotationError, Annotator
from micrographia.config import Annotation, AnnotatorSettings
from micrographia.io.endpoint.ledger import Ledger
from micrographia.io.resources import find_resource
from micrographia.method_names import AnnotatorKind


@dataclass(frozen=True)
class Request:
    """What an annotator is made from.

    Attributes
    ----------
    settings
        Its own settings.
    room
        Settings of the room.
    cache
        SQLite file of calls to endpoints; None where the caller named none.
    again
        Ask endpoints again where earlier answers had the wrong form.
    """

    settings: AnnotatorSettings
    room: Annotation
    cache: Path | None
    again: bool

    @property
    def weights(self) -> Path | None:
        """The user's own weights; None for those that are shipped."""
        return Path(self.settings.weights) if self.settings.weights else None


def _measured(request: Request) -> Annotator:
    from micrographia.annotation.embedded.annotators import MeasuredAnnotator

    return MeasuredAnnotator(request.settings.name, request.weights)


def _texture(request: Request) -> Annotator:
    from micrographia.annotation.embedded.annotators import TextureAnnotator

    return TextureAnnotator(request.settings.name, request.weights)


def _endpoint(request: Request) -> Annotator:
    from micrographia.annotation.endpoint.annotator import EndpointAnnotator

    name, room = request.settings.name, request.room
    assert request.settings.endpoint is not None  # the settings check it
    path = Path(room.cache) if room.cache else request.cache
    if path is None:
        raise AnnotationError(
            f"Annotator '{name}' needs a file for its calls", remedy="Give one with --cache"
        )
    return EndpointAnnotator(
        name,
        request.settings.endpoint,
        Ledger(path),
        find_resource(room.prompts),
        room.prompt_version,
        request.again,
    )


#: Makers of annotators by the kind that the settings name.
KINDS: dict[AnnotatorKind, Callable[[Request], Annotator]] = {
    "measured": _measured,
    "texture": _texture,
    "endpoint": _endpoint,
}


def settings_named(name: str, room: Annotation) -> AnnotatorSettings:
    """Return the settings of one annotator.

    Raises
    ------
    AnnotationError
        There is none of that name.
    """
    for settings in room.annotators:
        if settings.name == name:
            return settings
    raise AnnotationError(
        "Unknown annotator",
        seen=name,
        allowed=", ".join(settings.name for settings in room.annotators) or "no annotator is set",
        remedy="Add it to annotation.annotators",
    )


def make_annotator(
    name: str, room: Annotation, cache: Path | None = None, again: bool = False
) -> Annotator:
    """Make an annotator of the settings.

    Parameters
    ----------
    name
        Its name in `annotation.annotators`.
    room
        Settings of the room.
    cache
        SQLite file of calls to endpoints.
    again
        Ask endpoints again where earlier answers had the wrong form.

    Raises
    ------
    AnnotationError
        It is unknown, or cannot start.
    """
    settings = settings_named(name, room)
    return KINDS[settings.kind](Request(settings, room, cache, again))
