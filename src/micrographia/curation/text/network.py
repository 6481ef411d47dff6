"""The YOLO11 detector of text regions: built, read and asked. Needs the extra text-detection.

ultralytics is AGPL-3 and is imported inside functions only, here, in `text_training` and for the
baseline `yolo-seg`. It is kept from the network and from the user's home: its settings live in a
temporary folder, it is told to be offline, and it logs errors only.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import FloatImage
from micrographia.config import Text
from micrographia.curation.rapidocr import installed
from micrographia.curation.text.choice import Choice, choose
from micrographia.curation.text.proposals import Proposal, propose
from micrographia.curation.text.recogniser import FAINT, Reader, confirm, load_reader
from micrographia.curation.text.regions import Region
from micrographia.errors import MicrographiaError
from micrographia.io.images import to_own_range
from micrographia.io.resources import find_resource
from micrographia.training import yolo as training_yolo

if TYPE_CHECKING:
    import torch

LOG = logging.getLogger(__name__)

ARCHITECTURE = "yolo11n.yaml"
#: Coarsest stride of the network: sides are padded to a multiple of it [px].
_STRIDE = 32
#: Of two regions that overlap more than this, or lie in one another by this share, one stays.
_MOST_IOU, _MOST_INSIDE = 0.45, 0.8
#: Score from which a box of the network can support a proposal.
_FAINT = 0.01
#: Score from which a box of the network is a proposal itself.
_CLEAR = 0.2
#: Longest side at which proposals are looked for [px].
_LARGEST = 1024
_RETRAIN = "Train one with `snakemake text_detector`, or set another one in curation.text.weights"


def quiet() -> None:
    """Keep ultralytics offline, silent and out of the home folder; call before every import."""
    training_yolo.quiet("Text regions", "set curation.text.detect: false")


class Detector:
    """A trained detector.

    Parameters
    ----------
    model
        A detection model of ultralytics, in evaluation mode.
    names
        Class names by number.
    settings
        Least score and the side at which pictures are looked at.
    choice
        Which proposals count; None to take the network at its word.
    read
        Reads in the regions, to make sure of them; None where nothing can.
    """

    def __init__(
        self,
        model: Any,
        names: dict[int, str],
        settings: Text,
        choice: Choice | None = None,
        read: Reader | None = None,
    ) -> None:
        self._model = model.float().eval()
        self._names = names
        self._settings = settings
        self._choice = choice
        self.read = read

    def __call__(self, pixels: NDArray[Any]) -> list[Region]:
        """Return the text regions of a grey picture, best first, and which of them are sure."""
        found = self._find(pixels)
        return confirm(found, to_own_range(pixels), self._settings, self.read) if found else []

    def _find(self, pixels: NDArray[Any]) -> list[Region]:
        if self._choice is None:
            return self.look(pixels, self._settings.min_score)
        unit, seen, proposals = self.consider(pixels)
        scale = unit.shape[1] / pixels.shape[1]
        least = self._settings.min_score if self.read is None else FAINT
        chosen = choose(unit, seen, proposals, self._choice, least)
        return [
            region._replace(box=_enlarged(region.box, scale, pixels.shape)) for region in chosen
        ]

    def consider(self, pixels: NDArray[Any]) -> tuple[FloatImage, list[Region], list[Proposal]]:
        """Return a picture as it is searched, what the network sees in it, and the proposals."""
        scale = min(1.0, _LARGEST / max(pixels.shape))
        unit = _shrunk(pixels, scale)
        seen = self.look(unit, _FAINT)
        own = [Proposal(region.box, "seen") for region in seen if region.score >= _CLEAR]
        return unit, seen, [*propose(unit), *own]

    def look(self, pixels: NDArray[Any], least: float) -> list[Region]:
        """Return the regions found by the network alone with at least this score, best first."""
        import torch

        height, width = pixels.shape
        scale = min(1.0, self._settings.side / max(height, width))
        with torch.inference_mode():
            answer = self._model(_as_input(pixels, scale))
        found = (answer[0] if isinstance(answer, list | tuple) else answer)[0].float().numpy()
        scores, kinds = found[4:].max(axis=0), found[4:].argmax(axis=0)
        keep = scores >= least
        x, y, wide, tall = found[:4, keep] / scale
        boxes = np.column_stack([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2])
        boxes = boxes.clip(0, [width, height, width, height])
        scores, kinds = scores[keep], kinds[keep]
        return [
            Region(whole, self._names[int(kinds[index])], round(float(scores[index]), 4))
            for index in distinct(boxes, scores)
            if (whole := _outward(boxes[index])) is not None
        ]


def distinct(boxes: NDArray[Any], scores: NDArray[Any]) -> list[int]:
    """Return the indices of the boxes that stay, best first.

    A box goes if it overlaps a better one by more than 0.45 (intersection over union), or if
    four fifths of it lie in a better one.
    """
    kept: list[int] = []
    area = np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)
    for index in np.argsort(-scores, kind="stable"):
        others = boxes[kept]
        low = np.maximum(others[:, :2], boxes[index, :2])
        high = np.minimum(others[:, 2:], boxes[index, 2:])
        common = np.maximum(high - low, 0).prod(axis=1)
        union = area[kept] + area[index] - common
        inside = common / max(area[index], 1e-9)
        if area[index] > 0 and not (
            (common > _MOST_IOU * union).any() or (inside > _MOST_INSIDE).any()
        ):
            kept.append(int(index))
    return kept


def load_detector(path: str | os.PathLike[str], settings: Text) -> Detector:
    """Read a detector: our .safetensors with its .json beside it, or a .pt of ultralytics.

    A .pt is a pickle and can run code when it is read: use only files that you trust.

    Raises
    ------
    MicrographiaError
        The file is absent, damaged or none of these.
    """
    file = find_resource(path)
    if not file.is_file():
        raise MicrographiaError(f"The text detector {file} does not exist", remedy=_RETRAIN)
    quiet()
    read = _load_reader(settings)
    if file.suffix == ".pt":
        return _load_ultralytics(file, settings, read)
    if file.suffix != ".safetensors":
        raise MicrographiaError(
            f"{file.name} is not a text detector", seen=file.suffix, allowed=".safetensors, .pt"
        )
    model, described = read_model(file)
    choice = Choice(**described["choice"]) if described.get("choice") else None
    return Detector(model, dict(enumerate(described["classes"])), settings, choice, read)


def read_model(file: Path) -> tuple[Any, dict[str, Any]]:
    """Read the network and the description of a .safetensors with its .json.

    Raises
    ------
    MicrographiaError
        One of them is absent or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    sidecar = file.with_suffix(".json")
    try:
        described = json.loads(sidecar.read_text(encoding="utf-8"))
        model = build(described["classes"])
        weights = {name: value.float() for name, value in load_file(file).items()}
        model.load_state_dict(weights, strict=False)
        missing = set(_floats(model.state_dict())) - set(weights)
        if missing:
            raise KeyError(f"{len(missing)} tensors, such as {min(missing)}")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise MicrographiaError(
            f"Text detector {file} or its description {sidecar.name} is damaged ({error})",
            remedy=_RETRAIN,
        ) from error
    return model, described


def save_detector(path: Path, model: Any, described: dict[str, Any]) -> None:
    """Write a detector as half-precision .safetensors with a .json beside it, atomically."""
    from safetensors.torch import save

    from micrographia.io.atomic import atomic_path, write_text

    halves = {name: value.half() for name, value in _floats(model.state_dict()).items()}
    data = save({name: value.contiguous() for name, value in sorted(halves.items())})
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    described = described | {"sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    write_text(path.with_suffix(".json"), text)


def build(classes: list[str]) -> Any:
    """Return an untrained YOLO11n with these classes."""
    quiet()
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(ARCHITECTURE, nc=len(classes), verbose=False)
    model.names = dict(enumerate(classes))
    return model


def _load_reader(settings: Text) -> Reader | None:
    if settings.recogniser == "never":
        return None
    if installed():
        return load_reader()
    LOG.warning(
        "rapidocr-onnxruntime is not installed, so no text region is made sure of by reading it; "
        "only those of a probability of %g or more are altered (curation.text.alone_score)",
        settings.alone_score,
    )
    return None


def _load_ultralytics(file: Path, settings: Text, read: Reader | None) -> Detector:
    from ultralytics import YOLO

    try:
        model = YOLO(file, task="detect").model
        names = {int(number): str(name) for number, name in model.names.items()}
    except Exception as error:  # unpickling raises nearly anything
        raise MicrographiaError(
            f"{file} is not a detection model of ultralytics ({error})", remedy=_RETRAIN
        ) from error
    return Detector(model, names, settings, read=read)


def _floats(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out the counters of batch normalisation, which no answer depends on."""
    return {name: value for name, value in weights.items() if value.is_floating_point()}


def _as_input(pixels: NDArray[Any], scale: float) -> torch.Tensor:
    """Return a picture as the network wants it: scaled, padded grey, three times over."""
    import torch

    unit = _shrunk(pixels, scale)
    height, width = unit.shape
    padded = np.full([-(-side // _STRIDE) * _STRIDE for side in (height, width)], 114 / 255)
    padded[:height, :width] = unit
    plane = torch.from_numpy(padded.astype(np.float32))
    return plane.expand(1, 3, *plane.shape)


def _shrunk(pixels: NDArray[Any], scale: float) -> FloatImage:
    import cv2

    unit = to_own_range(pixels)
    if scale >= 1:
        return unit
    height, width = (max(round(side * scale), 1) for side in unit.shape)
    return np.asarray(cv2.resize(unit, (width, height), interpolation=cv2.INTER_AREA))


def _enlarged(
    box: tuple[int, int, int, int], scale: float, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    if scale >= 1:
        return box
    x0, y0 = (int(edge / scale) for edge in box[:2])
    x1, y1 = (int(np.ceil(edge / scale)) for edge in box[2:])
    return x0, y0, min(x1, shape[1]), min(y1, shape[0])


def _outward(box: NDArray[Any]) -> tuple[int, int, int, int] | None:
    x0, y0 = (int(edge) for edge in np.floor(box[:2] + 0.25))
    x1, y1 = (int(edge) for edge in np.ceil(box[2:] - 0.25))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
