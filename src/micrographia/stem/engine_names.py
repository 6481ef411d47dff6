"""Names of the engines, apart from the engines, so that the command line starts at once."""

from __future__ import annotations

from typing import Literal, get_args

EngineName = Literal["phase-object", "multislice", "prism", "convolution"]
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)

#: Engines that take seconds or minutes for a crystal; they image those that are named.
SLOW_ENGINES: frozenset[EngineName] = frozenset({"multislice", "prism"})
