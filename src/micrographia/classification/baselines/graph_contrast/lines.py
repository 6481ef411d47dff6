"""Lines of the registry: contrast between graphs, and a random forest."""

from __future__ import annotations

from collections.abc import Callable

from micrographia.classification.baselines.baseline import Baseline, Run
from micrographia.classification.baselines.graph_contrast import tasks
from micrographia.classification.baselines.graph_contrast.forest import forested
from micrographia.classification.baselines.loop import Pace

_LIBRARY = "torch_geometric GATConv, scikit-learn"


def _line(stands_for: str, make: Callable[[Run], tasks.Contrast]) -> Baseline:
    return Baseline("Graph contrast", _LIBRARY, stands_for, forested(make, Pace(1e-3)))


GRAPH_CONTRAST = {
    "gbt": _line("GBT", tasks.GraphBarlowTwins),
    "grace": _line("GRACE", tasks.GRACE),
    "bgrl": _line("BGRL", tasks.BGRL),
    "infograph": _line("InfoGraph", tasks.InfoGraph),
}
