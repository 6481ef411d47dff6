"""Training of the text detector, by ultralytics' own trainer. Needs the extra text-detection."""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micrographia.config import Text, TextTraining
from micrographia.curation.text.choice import Choice, describe, fit
from micrographia.curation.text.labels import labelled_pictures
from micrographia.curation.text.network import ARCHITECTURE, Detector, quiet, read_model
from micrographia.curation.text.regions import CLASSES
from micrographia.curation.text.score import overlap
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph

#: Whole pictures that the regression is fitted on; overlap from which a proposal is right, and
#: below which it is wrong.
_CHOICE_PICTURES, _RIGHT, _WRONG = 300, 0.5, 0.3
#: What is told of an epoch, by ultralytics' names for it.
_CURVE = {
    "epoch": "epoch",
    "box_loss": "train/box_loss",
    "class_loss": "train/cls_loss",
    "edge_loss": "train/dfl_loss",
    "precision": "metrics/precision(B)",
    "recall": "metrics/recall(B)",
    "map50": "metrics/mAP50(B)",
}


def train(
    pictures: Path, rows: Sequence[Mapping[str, Any]], settings: TextTraining, seed: int
) -> tuple[Any, dict[str, Any]]:
    """Train YOLO11n, from random weights unless the settings name others.

    Parameters
    ----------
    pictures
        Folder of the pictures.
    rows
        Rows of `schemas.TEXT_PICTURES`, of both parts.
    settings
        Length and size of the training.
    seed
        Seed of weights, order and augmentation.

    Returns
    -------
    model, described
        The averaged weights of the last epoch, and what the checkpoint's .json says: classes,
        settings, digest of the data, curve of the training, versions.

    Raises
    ------
    MicrographiaError
        A part is empty, or a class is none of `CLASSES`.
    """
    parts = {row["part"] for row in rows}
    if not parts >= {"train", "validation"}:
        raise MicrographiaError(
            f"The pictures in {pictures} cannot train a detector",
            seen=f"parts {sorted(parts)}",
            allowed="at least one picture each of 'train' and 'validation', optionally also "
            "'closeup'",
        )
    quiet()
    import torch

    curves: dict[str, list[dict[str, float]]] = {}
    model = read_model(Path(settings.start))[0] if settings.start else None
    with tempfile.TemporaryDirectory(prefix="micrographia-text-") as name:
        folder = Path(name)
        _write_dataset(folder, pictures, rows)
        for stage in ("closeup", "train"):
            if stage in parts:
                arguments = _arguments(folder, stage, settings, seed)
                trainer = _trainer(arguments, model)
                torch.set_num_threads(settings.threads)
                trainer.train()
                model = trainer.ema.ema
                curves[stage] = _curve(folder / stage / "results.csv")
    if model is None or not all(
        bool(torch.isfinite(v).all()) for v in model.state_dict().values()
    ):
        raise MicrographiaError(
            "The training diverged: a weight is not a finite number",
            remedy="Lower curation.text.training.learning_rate",
        )
    detector = Detector(model, dict(enumerate(CLASSES)), Text())
    choice = (
        learn_choice(detector, labelled_pictures(settings.labelled))
        if settings.labelled
        else learn_choice(detector, _rendered(pictures, rows))
    )
    described = {
        "architecture": ARCHITECTURE,
        "classes": list(CLASSES),
        "settings": settings.model_dump(mode="json"),
        "seed": seed,
        "data": digest_of(pictures, rows),
        "pictures": {part: sum(row["part"] == part for row in rows) for part in sorted(parts)},
        "curves": curves,
        "choice": asdict(choice),
        "versions": {name: metadata.version(name) for name in ("torch", "ultralytics")},
    }
    return model.float().eval(), described


def learn_choice(
    detector: Detector, pictures: Iterable[tuple[NDArray[Any], Sequence[Sequence[int]]]]
) -> Choice:
    """Fit the regression on proposals in whole pictures; those half right do not count.

    Parameters
    ----------
    detector
        Whose proposals and boxes it is about.
    pictures
        Grey pictures, and the boxes of the true regions in each.

    Raises
    ------
    MicrographiaError
        There is nothing in them that looks like text.
    """
    features, best = [], []
    for pixels, boxes in pictures:
        unit, seen, proposals = detector.consider(pixels)
        if proposals:
            scale = unit.shape[1] / pixels.shape[1]
            features.append(describe(unit, proposals, seen))
            covered = overlap(
                [item.box for item in proposals],
                [[round(edge * scale) for edge in box] for box in boxes],
            )
            best.append(covered.max(axis=1, initial=0.0))
    if not features:
        raise MicrographiaError(
            "The detector finds no text region in the pictures",
            remedy="Render or label more pictures",
        )
    values, overlaps = np.concatenate(features), np.concatenate(best)
    clear = (overlaps >= _RIGHT) | (overlaps < _WRONG)
    return fit(values[clear], overlaps[clear] >= _RIGHT)


def _rendered(
    pictures: Path, rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[NDArray[Any], list[list[int]]]]:
    """Yield the last pictures that were trained on, and their boxes."""
    trained = [row for row in rows if row["part"] == "train"]
    for row in trained[-_CHOICE_PICTURES:]:
        yield read_micrograph(pictures / f"{row['name']}.png").pixels, row["boxes"]


def digest_of(pictures: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return 16 hexadecimal digits over names, boxes, classes and the bytes of all pictures."""
    summary = hashlib.sha256()
    for row in rows:
        summary.update(repr([row["name"], row["part"], row["boxes"], row["classes"]]).encode())
        summary.update((pictures / f"{row['name']}.png").read_bytes())
    return summary.hexdigest()[:16]


def _trainer(arguments: dict[str, Any], start: Any) -> Any:
    """Return ultralytics' trainer with a model that learns in bfloat16 and writes no pickle.

    `start` is the model whose weights it begins with; None for random ones.
    """
    import torch
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.nn.tasks import DetectionModel

    class Halving(DetectionModel):  # type: ignore[misc]
        """Convolutions in half precision take half the time; losses stay in single."""

        def predict(self, *arguments: Any, **options: Any) -> Any:
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training):
                answer = super().predict(*arguments, **options)
            return _single(answer)

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = False) -> Any:
            model = Halving(cfg, nc=self.data["nc"], ch=self.data["channels"], verbose=False)
            if start is not None:
                model.load_state_dict(start.float().state_dict())
            return model

        def save_model(self) -> bool:
            return False

        def final_eval(self) -> None:
            """Leave out: the last epoch was validated."""

    return Trainer(overrides=arguments)


def _single(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _single(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_single(item) for item in value)
    return value.float() if hasattr(value, "is_floating_point") else value


def _write_dataset(folder: Path, pictures: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Lay the pictures out as ultralytics wants them: links, and a text file of boxes each."""
    for row in rows:
        images = folder / "images" / row["part"]
        labels = folder / "labels" / row["part"]
        for path in (images, labels):
            path.mkdir(parents=True, exist_ok=True)
        os.symlink((pictures / f"{row['name']}.png").resolve(), images / f"{row['name']}.png")
        lines = [
            _line(box, kind, row["width"], row["height"])
            for box, kind in zip(row["boxes"], row["classes"], strict=True)
        ]
        (labels / f"{row['name']}.txt").write_text("".join(lines), encoding="utf-8")
    names = "".join(f"  {number}: {kind}\n" for number, kind in enumerate(CLASSES))
    for stage in ("closeup", "train"):
        (folder / f"{stage}.yaml").write_text(
            f"path: {folder}\ntrain: images/{stage}\nval: images/validation\nnames:\n{names}",
            encoding="utf-8",
        )


def _line(box: Sequence[int], kind: str, width: int, height: int) -> str:
    if kind not in CLASSES:
        raise MicrographiaError(
            "A region has an unknown class", seen=kind, allowed=", ".join(CLASSES)
        )
    x0, y0, x1, y1 = box
    shares = (
        (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height,
    )  # fmt: skip
    return f"{CLASSES.index(kind)} " + " ".join(f"{share:.6f}" for share in shares) + "\n"


def _arguments(folder: Path, stage: str, settings: TextTraining, seed: int) -> dict[str, Any]:
    """What ultralytics' trainer is told; mirrored text would be no text, so nothing is flipped."""
    near = stage == "closeup"
    batch = settings.batch * (2 if near else 1)
    epochs = settings.closeup_epochs if near else settings.epochs
    return {
        "model": ARCHITECTURE, "data": str(folder / f"{stage}.yaml"), "pretrained": False,
        "device": "cpu", "project": str(folder), "name": stage, "exist_ok": True, "save": False,
        "plots": False, "verbose": False, "amp": False, "workers": 0, "seed": seed,
        "deterministic": True, "epochs": epochs, "patience": epochs + 1, "batch": batch,
        "nbs": batch, "imgsz": settings.closeup_side if near else settings.side,
        "optimizer": "AdamW", "lr0": settings.learning_rate * (1 if near else 0.5),
        "lrf": 0.2 if near else 0.01, "cos_lr": True, "momentum": 0.9, "weight_decay": 0.0005,
        "warmup_epochs": 0.25, "warmup_bias_lr": 0.0, "fliplr": 0.0, "flipud": 0.0, "mosaic": 0.0,
        "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.0, "translate": 0.1, "scale": 0.25, "erasing": 0.0,
        "auto_augment": None, "val": not near,
    }  # fmt: skip


def _curve(path: Path) -> list[dict[str, float]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [
            {key.strip(): value for key, value in row.items()} for row in csv.DictReader(stream)
        ]
    return [
        {ours: round(float(row[theirs]), 5) for ours, theirs in _CURVE.items() if theirs in row}
        for row in rows
    ]
