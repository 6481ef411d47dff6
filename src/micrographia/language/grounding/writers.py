"""Writers by the name that the settings have for them."""

from __future__ import annotations

from pathlib import Path

from micrographia.config import Assistant
from micrographia.errors import ConfigError
from micrographia.language.grounding.writer import Writer


def make_writer(settings: Assistant, cache: Path) -> Writer:
    """Return the writer that the settings name.

    Parameters
    ----------
    settings
        Section `language.assistant`.
    cache
        File of calls to a server.

    Raises
    ------
    ConfigError
        A server is asked for, and none is set.
    CheckpointError
        The network's weights, or the language model that they are of, are absent.
    EndpointError
        The server's key is not in the environment.
    """
    if settings.writer == "embedded":
        from micrographia.language.grounding.embedded import EmbeddedWriter

        return EmbeddedWriter(settings.alike)
    if settings.writer == "network":
        from micrographia.language.network.writer import NetworkWriter

        return NetworkWriter(
            settings.weights, settings.alike, settings.trusted, settings.tolerance
        )
    if settings.endpoint is None:
        raise ConfigError(
            "No endpoint is set",
            remedy="Set language.assistant.endpoint: base_url, model and, if needed, key_env; or "
            "language.assistant.writer: embedded",
        )
    from micrographia.language.grounding.endpoint import EndpointWriter

    return EndpointWriter(settings.endpoint, cache, settings.alike)
