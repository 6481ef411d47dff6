"""Input files and resources of the steps, according to the settings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from micrographia.config import WorkflowConfig
from micrographia.io.resources import find_resource
from micrographia.method_names import TRAINED_ANNOTATOR_KINDS
from micrographia.workflow.digests import state
from micrographia.workflow.names import Names, Wildcards

#: Weights of the embedded annotators, by their kind, as the package ships them.
_ANNOTATOR_WEIGHTS = "annotation/embedded/weights/{kind}.safetensors"


@dataclass(frozen=True)
class Inputs:
    """Input files and resources of rules.

    Attributes
    ----------
    settings
        The run's settings.
    names
        Where its files lie.
    """

    settings: WorkflowConfig
    names: Names

    def micrograph_sources(self) -> list[str]:
        """Return the folders of the generator, or the user's folders, archives, tables, globs."""
        chosen = self.settings.data.micrographs
        if chosen.source == "procedural":
            return [
                self.names.results("data", "micrographs", shard)
                for shard in self.names.shards("micrographs")
            ]
        return [] if chosen.source == "none" else list(chosen.sources())

    def state_of_micrographs(self) -> str:
        """Return the state of the user's micrographs and masks, where there are any."""
        chosen = self.settings.data.micrographs
        if chosen.source == "procedural":
            return ""
        return state(*self.micrograph_sources(), chosen.masks)

    def existing_sources(self) -> list[str]:
        """Return the sources that can be inputs of a rule; a glob cannot."""
        made = self.settings.data.micrographs.source == "procedural"
        return [one for one in self.micrograph_sources() if made or os.path.exists(one)]

    def encoder(self) -> list[str]:
        """Return the user's encoder of pictures; none if the settings name a shipped one."""
        chosen = self.settings.classification.encoder
        return [chosen] if os.path.exists(chosen) else []

    def kinds_to_add(self, drawn: str) -> str:
        """Return the labelled pictures that are learned from in addition; `drawn` by default."""
        chosen = self.settings.benchmarks.classification_extra
        return drawn if chosen in (None, "procedural") else chosen

    def grammar(self) -> list[str]:
        """Return the grammar that questions from facts are made with."""
        return [_plain(find_resource("classification/questions/templates/facts-1.yaml"))]

    def instruction_grammar(self) -> list[str]:
        """Return the grammar that the assistant's questions are made with."""
        return [_plain(find_resource("language/instruction/templates/facts-1.yaml"))]

    def crystal_source(self) -> list[str]:
        """Return the user's file or folder of crystals; none if they are built or downloaded."""
        source = self.settings.data.structures.source
        return [] if source in ("prototypes", "materials-project", "none") else [source]

    def labelled_text(self) -> list[str]:
        """Return the table of text boxes that the text detector is trained on, if there is one."""
        labelled = self.settings.curation.text.training.labelled
        return [] if labelled is None else [labelled.boxes]

    def checkpoint_of_contestant(self, wildcards: Wildcards) -> list[str]:
        """Return the checkpoint of one method of the comparison; the watershed has none."""
        if wildcards.method == "watershed":
            return []
        return [self.names.results("segmentation", "baselines", f"{wildcards.method}.safetensors")]

    def gpus(self, device: str) -> int:
        """Return the number of GPUs of a job; jobs that request one wait for each other."""
        return 0 if device == "cpu" else 1

    def gpus_of_segmenter(self) -> int:
        """Return the GPUs of a shard's segmentation; the watershed needs none."""
        room = self.settings.segmentation
        return 0 if room.method == "watershed" else self.gpus(room.network.device)

    def weights_of_segmenter(self) -> list[str]:
        """Return the checkpoint that the workflow segments with, and its card."""
        room = self.settings.segmentation
        return [] if room.method == "watershed" else carded(room.network.checkpoint)

    def network_of_round(self, wildcards: Wildcards) -> str:
        """Return the checkpoint that labels pictures; round 0 is trained without pseudo-labels."""
        return self._network_of_round(int(wildcards.round))

    def _network_of_round(self, number: int) -> str:
        if number == 0:
            return self.names.results("segmentation", "network", "network.safetensors")
        return self.names.round_folder(number, "network.safetensors")

    def networks_of_rounds(self) -> list[str]:
        """Return the checkpoints of all rounds, from round 0 on."""
        last = self.settings.segmentation.rounds.count
        return [self._network_of_round(number) for number in range(last + 1)]

    def labels_before_round(self, wildcards: Wildcards) -> list[str]:
        """Return the folders of pseudo-labels of the round before, one per shard."""
        before = int(wildcards.round) - 1
        return [
            self.names.round_folder(before, "pseudo", shard)
            for shard in self.names.shards("micrographs")
        ]

    def learn_folders(self, kind: str, segmented: bool = False) -> list[str]:
        """Return the folders of all training sets of annotators, or of those to be segmented."""
        sets = self.settings.annotation.learn.sets
        seeds = [one.seed for one in sets if one.segmented or not segmented]
        return [self.names.results("annotation", "learn", kind, str(seed)) for seed in seeds]

    def learn_order(self) -> list[str]:
        """Return segmented sets first: `annotation learn` pairs folders in their order."""
        segmented = self.learn_folders("pictures", segmented=True)
        return sorted(self.learn_folders("pictures"), key=lambda one: one not in segmented)

    def learn_segmentations(self, wildcards: Wildcards) -> list[str]:
        """Return the predicted masks on which `measured` is trained beside the true masks."""
        if wildcards.kind == "texture":
            return []
        return self.learn_folders("predicted", segmented=True)

    def weights_of(self, names: Iterable[str]) -> list[str]:
        """Return weights that these annotators read, with their cards; some read none."""
        wanted = set(names)
        chosen = [one for one in self.settings.annotation.annotators if one.name in wanted]
        trained = [one for one in chosen if one.kind in TRAINED_ANNOTATOR_KINDS]
        return carded(
            *(one.weights or _ANNOTATOR_WEIGHTS.format(kind=one.kind) for one in trained)
        )

    def weights_of_annotator(self, wildcards: Wildcards) -> list[str]:
        """Return the weights of the annotator of this job, with their card."""
        return self.weights_of([wildcards.annotator])

    def prompts(self, *names: str) -> list[str]:
        """Return the prompts that annotators behind endpoints are asked with, if there are any."""
        room = self.settings.annotation
        folder = find_resource(room.prompts)
        files = [_plain(folder / f"{name}-{room.prompt_version}.md") for name in names]
        return files if self.names.annotators(embedded=False) else []

    def answers_of_a_shard(self, wildcards: Wildcards) -> list[str]:
        """Return what all annotators answered about the pictures of a shard."""
        return [
            self.names.results("annotation", "answers", one.name, f"{wildcards.shard}.parquet")
            for one in self.settings.annotation.annotators
        ]

    def round_of(self, *folder: str) -> Callable[[Wildcards], int]:
        """Return the number of this attempt at a table: one more if requests got no answer."""

        def number(wildcards: Wildcards) -> int:
            file = (*folder, wildcards.annotator, f"{wildcards.shard}.json")
            try:
                before = json.loads(Path(self.names.results(*file)).read_text(encoding="utf-8"))
                return int(before["round"] + (before["unanswered"] > 0))
            except (OSError, ValueError, LookupError, TypeError):
                return 0

        return number


def carded(*names: str | None) -> list[str]:
    """Return files of weights; each .safetensors with the card beside it."""
    files = [_plain(find_resource(name)) for name in names if name]
    cards = [Path(name).with_suffix(".json") for name in files if name.endswith(".safetensors")]
    return files + [str(card) for card in cards]


def _plain(path: Path) -> str:
    """A path as rules name it: relative where it lies below the folder of the run."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
