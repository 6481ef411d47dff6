"""Annotators by the kind that the settings name."""

from __future__ import annotations

from pathlib import Path

from micrographia.annotation.annotator import AnnotationError, Annotator
from micrographia.annotation.endpoint.ledger import Ledger
from micrographia.config import Annotation, AnnotatorSettings
from micrographia.io.resources import find_resource


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
    if settings.endpoint is not None:
        from micrographia.annotation.endpoint.annotator import EndpointAnnotator

        path = Path(room.cache) if room.cache else cache
        if path is None:
            raise AnnotationError(
                f"Annotator '{name}' needs a file for its calls", remedy="Give one with --cache"
            )
        return EndpointAnnotator(
            name,
            settings.endpoint,
            Ledger(path),
            find_resource(room.prompts),
            room.prompt_version,
            again,
        )
    from micrographia.annotation.embedded.annotators import MeasuredAnnotator, TextureAnnotator

    weights = Path(settings.weights) if settings.weights else None
    if settings.kind == "measured":
        return MeasuredAnnotator(name, weights)
    return TextureAnnotator(name, weights)
