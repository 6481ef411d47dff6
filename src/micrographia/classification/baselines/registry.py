"""Every baseline by name."""

from __future__ import annotations

from collections.abc import Mapping

from micrographia.classification.baselines.baseline import Baseline
from micrographia.classification.baselines.pictures.convolutional import CONVOLUTIONAL
from micrographia.classification.baselines.pictures.transformers import TRANSFORMERS
from micrographia.errors import ConfigError

BASELINES: Mapping[str, Baseline] = {**CONVOLUTIONAL, **TRANSFORMERS}


def find_baseline(name: str) -> Baseline:
    """Return a baseline.

    Raises
    ------
    ConfigError
        There is none of this name.
    """
    if name not in BASELINES:
        raise ConfigError("There is no such baseline", seen=name, allowed=", ".join(BASELINES))
    return BASELINES[name]
