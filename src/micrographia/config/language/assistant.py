"""Settings of the assistant that answers questions about a picture, and of its server."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.annotation import Endpoint
from micrographia.config.base import Section
from micrographia.method_names import AssistantWriter


class Serve(Section):
    """Local server that speaks the protocol of OpenAI's chat completions."""

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on; 127.0.0.1: this machine alone. The server asks for no "
        "key: any other address lets everybody on that network use it.",
    )
    port: int = Field(8765, ge=0, le=65535, description="Port; 0: any free one.")
    max_bytes: int = Field(
        20_000_000, ge=1000, le=10**9, description="Largest request that is read [byte]."
    )
    max_pixels: int = Field(
        16_000_000, ge=1024, le=400_000_000, description="Largest picture that is decoded [px]."
    )
    max_text: int = Field(
        20_000, ge=100, le=10**6, description="Longest text of all messages [characters]."
    )
    parallel: int = Field(
        8, ge=1, le=256, description="Requests at once, those that wait included; others get 429."
    )
    body_timeout: float = Field(
        15.0, gt=0, le=600, description="Maximum time for a request to arrive [s]."
    )
    timeout: float = Field(
        120.0, gt=0, le=3600, description="Maximum time to wait for an answer [s]."
    )
    remembered: int = Field(
        4, ge=0, le=1000, description="Pictures whose facts are kept for further questions."
    )


class Assistant(Section):
    """Answers to questions about a picture, from what was measured on it."""

    writer: AssistantWriter = Field(
        "embedded",
        description="Who puts answers into words: 'embedded' (no network), 'network' (one that "
        "sees the picture and writes places for facts), or 'endpoint' (a language model on a "
        "server, whose numbers are checked).",
    )
    weights: str = Field(
        "shipped",
        min_length=1,
        description="Weights of the network: 'shipped', or a file of `language train-assistant`.",
    )
    trusted: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Lowest probability of a word in a network's answer; where one is less "
        "likely, the writer without a network answers. 0: the network always answers.",
    )
    sure: float = Field(
        0.6, gt=0, le=1, description="Lowest probability of a class or attribute that is told."
    )
    alike: float = Field(
        0.3,
        gt=0,
        le=1,
        description="Lowest likeness of a question to a known wording (cosine of TF-IDF); below "
        "it, the answer says what can be asked.",
    )
    tolerance: float = Field(
        0.02,
        ge=0,
        le=0.5,
        description="Largest difference of a number in an answer from the fact behind it, as a "
        "fraction of the fact; rounding is allowed anyway.",
    )
    endpoint: Endpoint | None = Field(
        None, description="Server and model; only for writer 'endpoint'."
    )
    serve: Serve = Field(default_factory=Serve, description="The local server.")
