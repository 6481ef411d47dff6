"""Format of answers and verdicts: models, JSON schemas, table rows.

Every annotator, embedded or behind an endpoint, answers with `Attributes`; every judge with a
`Verdict` per attribute. The JSON schemas are written out from the vocabulary without references
or bounds, which not every server's constrained decoding understands; the models check the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY

#: Longest free text that is kept [characters].
MAX_TEXT = 300

VerdictWord = Literal["yes", "no", "abstain"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reading(_Strict):
    """One attribute as one annotator reads it.

    Attributes
    ----------
    value
        A word of the attribute's vocabulary; "unknown" abstains.
    text
        The same in free words, such as "silver rods, some broken".
    confidence
        How sure the annotator is, 0…1.
    """

    value: str
    text: str = Field("", max_length=MAX_TEXT)
    confidence: float = Field(1.0, ge=0, le=1)


class Attributes(_Strict):
    """The nine attributes of one micrograph; each `value` is a word of its own vocabulary."""

    subject: Reading
    microscopy_type: Reading
    colour_profile: Reading
    morphology: Reading
    particle_density: Reading
    distribution: Reading
    layering: Reading
    surface_texture: Reading
    pixel_size_profile: Reading

    @model_validator(mode="after")
    def _words_are_in_the_vocabulary(self) -> Attributes:
        faults = [
            f"{name}.value is {reading.value!r}, allowed: {', '.join(VOCABULARY[name])}"
            for name, reading in self.readings().items()
            if reading.value not in VOCABULARY[name]
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def readings(self) -> dict[str, Reading]:
        """Return the readings by attribute, in the order of the vocabulary."""
        return {name: getattr(self, name) for name in ATTRIBUTE_NAMES}

    @classmethod
    def from_values(cls, **values: str | Reading) -> Attributes:
        """Make an answer from words or readings; attributes that are not named are unknown."""
        given = {
            name: value if isinstance(value, Reading) else Reading(value=value)
            for name, value in values.items()
        }
        rest = {name: abstention() for name in ATTRIBUTE_NAMES if name not in given}
        return cls.model_validate({**given, **rest})

    def to_row(self) -> dict[str, Any]:
        """Return the attribute columns of `schemas.ATTRIBUTES`."""
        row: dict[str, Any] = {}
        for name, reading in self.readings().items():
            row[name] = reading.value
            row[f"{name}_text"] = reading.text
            row[f"{name}_confidence"] = reading.confidence
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Attributes:
        """Return the answer in a row of `schemas.ATTRIBUTES` that is no failure."""
        return cls.model_validate(
            {
                name: {
                    "value": row[name],
                    "text": row[f"{name}_text"] or "",
                    "confidence": row[f"{name}_confidence"],
                }
                for name in ATTRIBUTE_NAMES
            }
        )


class Verdict(_Strict):
    """What a judge says of one attribute of another's answer.

    Attributes
    ----------
    verdict
        "yes": it fits the picture; "no": it does not; "abstain": the judge cannot tell.
    comment
        Why, where it is "no".
    """

    verdict: VerdictWord
    comment: str = Field("", max_length=MAX_TEXT)


#: A judge's answer: a verdict for each of the nine attributes.
Verdicts = dict[str, Verdict]


def abstention() -> Reading:
    """Return the reading of an annotator that cannot tell."""
    return Reading(value=UNKNOWN, text="", confidence=0.0)


def attributes_json_schema() -> dict[str, Any]:
    """Return the JSON schema of `Attributes`, which is sent to endpoints."""
    return _object(
        {
            name: _object(
                {
                    "value": {"type": "string", "enum": list(words)},
                    "text": {"type": "string"},
                    "confidence": {"type": "number"},
                }
            )
            for name, words in VOCABULARY.items()
        }
    )


def verdicts_json_schema() -> dict[str, Any]:
    """Return the JSON schema of a judge's answer."""
    verdict = _object(
        {
            "verdict": {"type": "string", "enum": ["yes", "no", "abstain"]},
            "comment": {"type": "string"},
        }
    )
    return _object({name: verdict for name in ATTRIBUTE_NAMES})


def legibility_json_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer about burnt-in text."""
    flag = {"type": "boolean"}
    return _object({"has_text": flag, "illegible": flag, "comment": {"type": "string"}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
