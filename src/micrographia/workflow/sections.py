"""Sections of the settings as canonical JSON, for the `--settings` of a step.

Each step gets only the settings that it reads: a change of another setting does not rerun it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from micrographia.config import Kinds, WorkflowConfig, dump_section
from micrographia.workflow.names import Wildcards


@dataclass(frozen=True)
class Sections:
    """Sections for the `params` of rules.

    Attributes
    ----------
    settings
        The run's settings.
    """

    settings: WorkflowConfig

    def section(self, *names: str, without: Collection[str] = ()) -> str:
        """Return a section by its path, outermost name first; parts of it can be left out."""
        value: Any = self.settings
        for name in names:
            value = getattr(value, name)
        parts = json.loads(dump_section(value))
        return _as_json({name: part for name, part in parts.items() if name not in without})

    def whole_config(self) -> str:
        """Return all settings."""
        return dump_section(self.settings)

    def for_segmenter(self) -> str:
        """Return `segmentation` without the settings that the workflow's method does not read."""
        watershed = self.settings.segmentation.method == "watershed"
        unread = "network" if watershed else "watershed"
        return self.section(
            "segmentation", without=("training", "baselines", "rounds", "scaling", unread)
        )

    def for_training(self, *unread: str) -> str:
        """Return `segmentation` as a training reads it: without the weights the workflow uses."""
        names = ("method", "watershed", "baselines", "scaling", *unread)
        kept = json.loads(self.section("segmentation", without=names))
        kept["network"].pop("checkpoint")
        if "rounds" in kept:  # how many there are is no matter to one of them
            kept["rounds"].pop("count")
        return _as_json(kept)

    def for_contestant(self, wildcards: Wildcards) -> str:
        """Return `segmentation` for one method of the comparison."""
        room = self.settings.segmentation
        own = getattr(room.baselines, wildcards.method.replace("-", "_"), None)
        if own is None:  # watershed
            unread = ("baselines", "network", "training", "rounds", "scaling")
            return self.section("segmentation", without=unread)
        length = {"steps": own.steps, "learning_rate": own.learning_rate}
        loop = room.training.loop.model_copy(update=length)
        own_network = {"checkpoint": type(room.network)().checkpoint}
        chosen = {"architecture": wildcards.method, "loop": loop}
        less = {
            "method": type(room)().method,
            "watershed": type(room.watershed)(),
            "network": room.network.model_copy(update=own_network),
            "training": room.training.model_copy(update=chosen),
            "baselines": type(room.baselines)(),
            "rounds": type(room.rounds)(),
            "scaling": type(room.scaling)(),
        }
        return dump_section(room.model_copy(update=less))

    def training_pictures(self) -> str:
        """Return `synthesis` for the procedural pictures that a network is trained on."""
        chosen = self.settings.segmentation.training
        made = {"count": chosen.procedural, "size": chosen.procedural_size}
        return self._synthesis(made)

    def learn_pictures(self, wildcards: Wildcards) -> str:
        """Return `synthesis` for one of the training sets of the embedded annotators."""
        learn = self.settings.annotation.learn
        count = next(one.pictures for one in learn.sets if str(one.seed) == wildcards.seed)
        made = {"count": count, "size": learn.size}
        return self._synthesis(made)

    def for_embedding(self) -> str:
        """Return of `classification` what turns pictures into vectors."""
        return _as_json({"encoder": self.settings.classification.encoder})

    def for_baselines(self) -> str:
        """Return of `classification` what the training of a baseline reads."""
        room = self.settings.classification
        unread = {"names", "how", "share"}  # which are trained, and the split, which is a file
        own = room.baselines.model_dump(mode="json", exclude=unread)
        return _as_json(
            {"baselines": own, "coverage": room.coverage, "none_of_these": room.none_of_these}
        )

    def _synthesis(self, made: dict[str, int]) -> str:
        less = made | {"kinds": Kinds()}  # they have a verb of their own
        return dump_section(self.settings.synthesis.model_copy(update=less))

    def for_annotators(self, names: Iterable[str]) -> str:
        """Return `annotation` with only the settings that these annotators read."""
        wanted = set(names)
        chosen = tuple(one for one in self.settings.annotation.annotators if one.name in wanted)
        less = {"annotators": chosen, "judges": None, "resolved": None, "legible": None}
        return dump_section(self.settings.annotation.model_copy(update=less))

    def for_annotator(self, wildcards: Wildcards) -> str:
        """Return `annotation` with only the settings of the annotator of this job."""
        return self.for_annotators([wildcards.annotator])


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
