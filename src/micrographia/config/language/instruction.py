"""Settings of the questions that an assistant learns from."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.annotation import Endpoint
from micrographia.config.base import Section


class Instruction(Section):
    """Questions about pictures, with answers whose numbers are places for facts."""

    per_theme: int = Field(
        2,
        ge=1,
        le=100,
        description="Maximum number of questions on each of the ten themes about a picture, one "
        "where the theme offers none with an answer; each is answered twice, in a few words and "
        "in sentences.",
    )
    unanswerable: float = Field(
        0.3,
        ge=0,
        le=1,
        description="How often a question without an answer is drawn, relative to one that can "
        "be answered; themes that offer no other have it always.",
    )
    test: float = Field(
        0.15, ge=0, lt=1, description="Fraction of the pictures that are held out for the scores."
    )
    validation: float = Field(
        0.05, ge=0, lt=1, description="Fraction of the pictures that choose the best weights."
    )
    shown: int = Field(
        3,
        ge=1,
        le=20,
        description="Number of pictures that go before one in questions with several pictures.",
    )
    endpoint: Endpoint | None = Field(
        None,
        description="Server and vision-language model that `language instructions --maker "
        "endpoint` asks.",
    )
    prompts: str = Field(
        "language/instruction/templates",
        description="Folder of the prompts; if it does not exist, the folder of this name in "
        "the package.",
    )
    prompt_version: int = Field(
        1, ge=1, description="Version of the prompts: files are named <name>-<version>.md."
    )
