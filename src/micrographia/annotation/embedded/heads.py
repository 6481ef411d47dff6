"""Small classifiers, one per attribute, on a vector of named numbers; weights without pickle.

The file is safetensors, beside it JSON with names, vocabulary, settings and scores. Reading and
answering need numpy alone; `learn` makes the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.annotation.annotator import AnnotationError
from micrographia.annotation.schema import Reading, abstention
from micrographia.arrays import Float32Array, FloatArray
from micrographia.io.vocabulary import UNKNOWN, VOCABULARY

FORMAT = 1
#: Standardised features are held within this: one wild number must not decide.
_CLIP = 6.0
_REMEDY = "Train the weights again: micrographia annotation learn"


@dataclass(frozen=True)
class Heads:
    """Classifiers of several attributes on the same features.

    Attributes
    ----------
    card
        The sidecar: `kind`, `features`, `attributes` (words of each), `temperature`,
        `least_confidence`, `far`, `metrics`, `data`.
    tensors
        `mean`, `scale`, `basis` of the features; `<attribute>.<member>.<layer>.{w,b}`.
    digest
        First 12 hexadecimal digits of the weights' SHA-256.
    """

    card: Mapping[str, Any]
    tensors: Mapping[str, Float32Array]
    digest: str

    def vector(self, features: Mapping[str, float]) -> FloatArray:
        """Return the features in the order of training, standardised; what is missing is 0."""
        values = np.array([features[name] for name in self.card["features"]], dtype=np.float64)
        scaled = (values - self.tensors["mean"]) / self.tensors["scale"]
        return np.clip(np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0), -_CLIP, _CLIP)

    def probabilities(self, attribute: str, vector: FloatArray) -> FloatArray:
        """Return the probability of each word of an attribute, in the order of the card."""
        members = int(self.card["members"])
        total = np.zeros(len(self.card["attributes"][attribute]))
        for member in range(members):
            hidden, layer = vector, 0
            while True:
                key = f"{attribute}.{member}.{layer}"
                hidden = hidden @ self.tensors[f"{key}.w"] + self.tensors[f"{key}.b"]
                layer += 1
                if f"{attribute}.{member}.{layer}.w" not in self.tensors:
                    break
                hidden = np.maximum(hidden, 0.0)
            total += softmax(hidden)
        logits = np.log(total / members + 1e-9) / self.card["temperature"][attribute]
        return softmax(logits)

    def strangeness(self, vector: FloatArray) -> float:
        """Return the distance from the training data, relative to its 99th percentile."""
        components = vector @ self.tensors["basis"]
        return float(np.mean(components**2) / self.card["far"])

    def readings(self, features: Mapping[str, float]) -> dict[str, Reading]:
        """Return a reading per attribute, "unknown" where none is likely enough.

        The confidence is the calibrated probability, drawn towards that of guessing where a
        picture is farther from the training pictures than these are from one another.
        """
        vector = self.vector(features)
        near = 1.0 / max(self.strangeness(vector), 1.0)
        found = {}
        for attribute, words in self.card["attributes"].items():
            chances = self.probabilities(attribute, vector)
            best = int(np.argmax(chances))
            even = 1.0 / len(words)
            confidence = even + (float(chances[best]) - even) * near
            if confidence < self.card["least_confidence"]:
                found[attribute] = abstention()
                continue
            order = np.argsort(chances)[::-1][:2]
            text = ", ".join(f"{words[k]} {chances[k]:.2f}" for k in order)
            found[attribute] = Reading(
                value=words[best], text=text, confidence=round(confidence, 4)
            )
        return found


def softmax(logits: FloatArray) -> FloatArray:
    """Return probabilities; each row adds up to 1.

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def save_heads(path: Path, card: Mapping[str, Any], tensors: Mapping[str, Float32Array]) -> None:
    """Write weights to `path` (.safetensors) and the card beside it (.json), atomically."""
    from safetensors.numpy import save

    from micrographia.io.atomic import atomic_path, write_text

    content = save({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)})
    with atomic_path(path) as temporary:
        Path(temporary).write_bytes(content)
    full = {"format": FORMAT, **card, "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(full, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path.with_suffix(".json"), text + "\n")


def load_heads(path: Path, kind: str) -> Heads:
    """Read what `save_heads` wrote.

    Parameters
    ----------
    path
        The .safetensors file; its .json lies beside it.
    kind
        Which features it must be for: "measured" or "texture".

    Raises
    ------
    AnnotationError
        A file is absent or damaged, of another kind, or knows words that are none.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = path.read_bytes()
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        tensors = load(content)
    except (OSError, ValueError, SafetensorError) as error:
        raise AnnotationError(f"Weights {path} cannot be read: {error}", remedy=_REMEDY) from None
    digest = hashlib.sha256(content).hexdigest()
    if card.get("sha256") != digest:
        raise AnnotationError(
            f"{path} and its .json do not belong to the same training", remedy=_REMEDY
        )
    if (card.get("format"), card.get("kind")) != (FORMAT, kind):
        raise AnnotationError(
            f"Weights {path} have another format or kind",
            seen=f"format {card.get('format')}, kind {card.get('kind')}",
            allowed=f"format {FORMAT}, kind {kind}",
            remedy=_REMEDY,
        )
    for attribute, words in card["attributes"].items():
        strange = set(words) - set(VOCABULARY.get(attribute, {})) | {UNKNOWN} & set(words)
        if strange:
            raise AnnotationError(
                f"Weights {path} contain unknown words for {attribute}",
                seen=sorted(strange),
                allowed=", ".join(VOCABULARY.get(attribute, {})),
                remedy=_REMEDY,
            )
    return Heads(card, tensors, digest[:12])
