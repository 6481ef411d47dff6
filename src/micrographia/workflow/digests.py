"""Digests of code and of the user's files; a step runs again when one of them changes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from micrographia.config import WorkflowConfig
from micrographia.curation.intake.tabulated import named_files
from micrographia.errors import ImageError
from micrographia.method_names import BASELINE_MODULES, Segmenter, TrainedNetwork
from micrographia.provenance import code_digest, digest
from micrographia.workflow.names import Wildcards

#: What `segmentation train` runs.
_TRAINING = (
    "segmentation.learning.train",
    "segmentation.pseudo_labels.select",
    "segmentation.samples.pictures",
    "training.history",
)


#: What `segmentation predict` runs for single pictures only, never for a shard.
_NO_PREDICTION = ("segmentation.measuring.export",)


@dataclass(frozen=True)
class Digests:
    """Digests for the `params` of rules.

    Attributes
    ----------
    settings
        The run's settings.
    package
        Folder of the package `micrographia`.
    """

    settings: WorkflowConfig
    package: Path

    def code(self, *names: str, without: Iterable[str] = ()) -> str:
        """Return the digest of the code behind a step: an edit of it reruns this step only."""
        return code_digest(*names, without=without, root=self.package)

    def code_of_segmenter(self) -> str:
        """Return the digest of the code of the workflow's segmentation method."""
        return self.code_of_prediction(self.settings.segmentation.method)

    def code_of_training(self, network: TrainedNetwork) -> str:
        """Return the digest of the code that trains one network, without other networks."""
        peers = [module for name, module in BASELINE_MODULES.items() if name != network]
        return self.code(*_TRAINING, without=peers)

    def code_of_prediction(self, method: Segmenter) -> str:
        """Return the digest of the code that predicts with one method, without other methods."""
        peers = [module for name, module in BASELINE_MODULES.items() if name != method]
        unread = ["segmentation.network_segmenter"] if method == "watershed" else peers
        return self.code("segmentation.predict", without=[*unread, *_NO_PREDICTION])

    def code_of_contestant(self, wildcards: Wildcards) -> str:
        """Return the digest of the code that trains one method of the comparison."""
        return self.code_of_training(wildcards.method)

    def code_of_contestant_prediction(self, wildcards: Wildcards) -> str:
        """Return the digest of the code that predicts with one method of the comparison."""
        return self.code_of_prediction(wildcards.method)

    def training_pictures(self) -> str:
        """Return the digest of the real training pictures, their masks and lists of articles."""
        named = [
            path
            for source in self.settings.segmentation.training.real
            for path in (source.images, source.masks, source.articles)
        ]
        return state(*named)


def state(*sources: str | None) -> str:
    """Return the digest of the names, sizes and modification times of the user's files.

    The modification time of a folder does not change when a file in it is replaced; this digest
    does. For a CSV file, the files listed in it count too.
    """
    found = []
    for source in filter(None, sources):
        roots = [Path(name) for name in sorted(glob.glob(source, recursive=True))]
        roots = [Path(source)] if os.path.exists(source) else roots
        roots += _named_in(source)
        for path in [
            path
            for root in roots
            for path in ([root] if root.is_file() else sorted(root.rglob("*")))
        ]:
            # What cannot be looked at is reported by the step that reads it.
            if os.path.isfile(path):
                status = os.stat(path)
                found.append([str(path), status.st_size, status.st_mtime_ns])
    return digest(found)


def _named_in(source: str) -> list[Path]:
    """The files that a CSV names; one that cannot be read is reported by the step that lists."""
    if not source.lower().endswith(".csv") or not os.path.isfile(source):
        return []
    try:
        return [Path(name) for name in named_files(source)]
    except ImageError:
        return []
