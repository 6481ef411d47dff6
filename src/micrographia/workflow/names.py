"""Paths of the files of a run, and its division into shards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from micrographia.config import WorkflowConfig
from micrographia.method_names import CONTESTANTS

Wing = Literal["micrographs", "structures"]
#: What Snakemake hands to an input function: an object whose attributes are the wildcards.
Wildcards = Any


@dataclass(frozen=True)
class Names:
    """Paths and shards of one run.

    Attributes
    ----------
    settings
        The run's settings.
    """

    settings: WorkflowConfig

    def results(self, *parts: str) -> str:
        """Return a path under the results folder."""
        return "/".join([self.settings.results, *parts])

    def logs(self, step: str, *wildcards: str) -> str:
        """Return the log file of a step."""
        return self.results("logs", step, *wildcards) + ".log"

    def times(self, step: str, *wildcards: str) -> str:
        """Return the benchmark file of a step (run time and memory)."""
        return self.results("times", step, *wildcards) + ".tsv"

    def shards(self, wing: Wing) -> list[str]:
        """Return the three-digit names of the shards of micrographs or structures."""
        return [f"{number:03d}" for number in range(getattr(self.settings.shards, wing))]

    def picture_shards(self) -> list[str]:
        """Return the shards of STEM images: those of the phase object, and multislice's own."""
        slow = self.settings.stem.multislice or self.settings.stem.multislice_sample
        return self.shards("structures") + (["multislice"] if slow else [])

    def round_folder(self, number: int | str, *parts: str) -> str:
        """Return a path of a round of pseudo-labels."""
        return self.results("segmentation", "rounds", str(number), *parts)

    def scaling_folder(self, run: str, *parts: str) -> str:
        """Return a path of one training of the learning curve."""
        return self.results("segmentation", "scaling", run, *parts)

    def scaling_runs(self) -> list[str]:
        """Return the names of the learning curve's trainings: real-30, mixed-all …"""
        chosen = self.settings.segmentation.scaling
        return [
            f"{'mixed' if mixed else 'real'}-{'all' if real is None else real}"
            for mixed in chosen.procedural
            for real in chosen.real
            if real != 0 or mixed
        ]

    def annotators(self, embedded: bool) -> list[str]:
        """Return the names of the embedded annotators, or of those behind an endpoint."""
        every = self.settings.annotation.annotators
        return [one.name for one in every if (one.kind != "endpoint") == embedded]

    def judges(self, embedded: bool) -> list[str]:
        """Return the names of the judges: the embedded ones, or those behind an endpoint."""
        named = self.settings.annotation.judges
        if len(self.settings.annotation.annotators) < 2:
            return []
        return [name for name in self.annotators(embedded) if named is None or name in named]

    def trained_contestants(self) -> list[str]:
        """Return the methods of the comparison that are trained: all but the watershed."""
        return [name for name in CONTESTANTS if name != "watershed"]

    def has_micrographs(self) -> bool:
        """Return whether this run is about micrographs."""
        return self.settings.data.micrographs.source != "none"

    def has_crystals(self) -> bool:
        """Return whether this run is about crystals."""
        return self.settings.data.structures.source != "none"

    def answers_known(self) -> bool:
        """Return whether the true attributes are known and embedded annotators can be scored."""
        made = self.settings.data.micrographs.source == "procedural"
        return made and bool(self.settings.annotation.annotators)


def one_of(names: Iterable[str]) -> str:
    """Return a regular expression that matches one of these names; without names, nothing.

    Examples
    --------
    >>> one_of(["a", "b"]), one_of([])
    ('a|b', '(?!)')
    """
    return "|".join(names) or "(?!)"


def room_folder(wildcards: Wildcards, output: Any) -> str:
    """Return the folder that the outputs of a step lie in."""
    return str(Path(output[0]).parent)


def results_folder(wildcards: Wildcards, output: Any) -> str:
    """Return the results folder that one of its folders, as that of the page, belongs to."""
    return str(Path(output[0]).parent)
