"""Base class and shared types of all sections of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Section(BaseModel):
    """Base of all sections: unknown names are errors, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _existing(value: str) -> str:
    if not Path(value).exists():
        raise ValueError("must be an existing path")
    return value


ExistingPath = Annotated[str, AfterValidator(_existing)]
