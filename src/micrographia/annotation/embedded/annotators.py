"""The two annotators that need no network: `measured` and `texture`.

`measured` reads what the segmentation found, `texture` the picture alone; both then ask the
small classifiers of `heads`. They answer "unknown" where none of the words is likely enough.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from micrographia.annotation.annotator import AnnotationError, Case
from micrographia.annotation.embedded.heads import Heads, load_heads
from micrographia.annotation.embedded.judge import judge_by_reading
from micrographia.annotation.schema import Attributes, Reading, Verdicts
from micrographia.io.resources import find_resource


def shipped_weights(kind: str) -> Path:
    """Return the path of the shipped weights; kind is "measured" or "texture"."""
    return find_resource(f"annotation/embedded/weights/{kind}.safetensors")


class _Embedded(ABC):
    """What both have in common.

    Parameters
    ----------
    name
        Name in tables.
    weights
        File made by `micrographia annotation learn`; None for the shipped one.
    """

    kind = ""
    prompt_sha: str | None = None
    judge_prompt_sha: str | None = None
    concurrency = 1

    def __init__(self, name: str, weights: Path | None = None) -> None:
        self.name = name
        self._heads: Heads = load_heads(weights or shipped_weights(self.kind), self.kind)
        self.model = f"{self.kind}-{self._heads.digest}"

    def annotate(self, case: Case) -> Attributes:
        """Return the nine attributes of a picture; "unknown" where they cannot be determined."""
        return Attributes.from_values(**self._read(case))

    def judge(self, case: Case, answer: Attributes) -> Verdicts:
        """Compare another's answer with this one's own reading of the picture."""
        return judge_by_reading(self.annotate(case), answer)

    @abstractmethod
    def _read(self, case: Case) -> dict[str, Reading]:
        """Return a reading of each attribute that can be told."""


class MeasuredAnnotator(_Embedded):
    """Annotator that uses number, shape, size, position and grey level of the instances."""

    kind = "measured"

    def _read(self, case: Case) -> dict[str, Reading]:
        from micrographia.annotation.features.all_statistics import statistics

        labels = case.labels
        if labels is None:
            raise AnnotationError(
                f"Picture {case.image_id} has no mask to measure",
                seen=case.segmentation_failure or "not segmented",
                remedy="Segment it first, and name the folder with --segmentation",
            )
        if not labels.any():
            sure = Reading(value="none", text="no instance was found", confidence=0.5)
            return {"particle_density": sure}
        found = statistics(case.pixels, labels)
        readings = self._heads.readings(found)
        return {name: _explained(name, reading, found) for name, reading in readings.items()}


class TextureAnnotator(_Embedded):
    """Annotator that uses the texture of the whole picture."""

    kind = "texture"

    def _read(self, case: Case) -> dict[str, Reading]:
        from micrographia.annotation.features.texture import texture_features

        return self._heads.readings(texture_features(case.pixels))


#: What is told beside a word that was measured: statistic and its name for people.
_TOLD = {
    "particle_density": (("count", "{:.0f} instances"), ("covered", "cover {:.0%}")),
    "distribution": (("clark_evans", "Clark-Evans R {:.2f}"), ("touching_share", "{:.0%} touch")),
    "morphology": (("aspect_50", "aspect {:.2f}"), ("circularity_50", "circularity {:.2f}")),
    "pixel_size_profile": (("diameter_cv", "CV of D {:.2f}"), ("upper", "D95/D50 {:.2f}")),
    "layering": (
        ("solidity_50", "solidity {:.2f}"),
        ("shared_outline", "{:.0%} of outlines shared"),
    ),
    "colour_profile": (("tone_step", "tone step {:+.2f}"),),
}


def _explained(name: str, reading: Reading, found: dict[str, float]) -> Reading:
    """Return a reading with the figures that speak for it."""
    told = [
        form.format(found[key]) for key, form in _TOLD.get(name, ()) if found[key] == found[key]
    ]
    return reading.model_copy(update={"text": "; ".join([*told, *filter(None, [reading.text])])})
