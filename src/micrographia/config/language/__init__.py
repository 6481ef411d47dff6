"""Settings of the language room: structure as text, models of others, and the assistant."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section
from micrographia.config.language.assistant import Assistant
from micrographia.config.language.instruction import Instruction
from micrographia.config.language.network import AssistantNetwork
from micrographia.config.language.structure import StructureText
from micrographia.config.language.tuning import Tuning


class Language(Section):
    """Crystals and micrographs in words."""

    structure: StructureText = Field(
        default_factory=StructureText, description="Structure as text."
    )
    tuning: Tuning = Field(
        default_factory=Tuning, description="Adapters for vision-language models (QLoRA)."
    )
    assistant: Assistant = Field(
        default_factory=Assistant, description="Answers to questions about a picture."
    )
    network: AssistantNetwork = Field(
        default_factory=AssistantNetwork, description="The assistant's network."
    )
    instruction: Instruction = Field(
        default_factory=Instruction, description="Questions that an assistant learns from."
    )
