"""Every baseline by name."""

from __future__ import annotations

from collections.abc import Mapping

from micrographia.classification.baselines.baseline import Baseline
from micrographia.classification.baselines.graph_contrast.lines import GRAPH_CONTRAST
from micrographia.classification.baselines.graphs.lines import GRAPH_NETWORKS
from micrographia.classification.baselines.pictures.convolutional import CONVOLUTIONAL
from micrographia.classification.baselines.pictures.transformers import TRANSFORMERS
from micrographia.classification.baselines.self_supervised.lines import SELF_SUPERVISED
from micrographia.errors import ConfigError

BASELINES: Mapping[str, Baseline] = {
    **CONVOLUTIONAL,
    **TRANSFORMERS,
    **SELF_SUPERVISED,
    **GRAPH_NETWORKS,
    **GRAPH_CONTRAST,
}


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
