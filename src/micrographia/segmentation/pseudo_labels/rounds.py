"""Learning curve over rounds of pseudo-labels."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

from micrographia.errors import CheckpointError
from micrographia.io.atomic import atomic_path
from micrographia.io.schemas import TRAINING_PICTURES
from micrographia.io.tables import read_rows

# Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
#: Kinds of pictures that a network learns from.
_SOURCES = ("real", "procedural", "pseudo", "corrected")


def learning_curve(checkpoints: Sequence[Path]) -> list[dict[str, Any]]:
    """Return rows of `schemas.ROUNDS`.

    Parameters
    ----------
    checkpoints
        Checkpoints of the rounds, from round 0 on, with the card and the table of pictures that
        `train` wrote beside each.

    Raises
    ------
    CheckpointError
        A card is absent, or says that other pictures were used for validation.
    """
    rows: list[dict[str, Any]] = []
    judged = None
    for number, checkpoint in enumerate(checkpoints):
        card = _card(checkpoint)
        pictures = read_rows(
            checkpoint.with_name(f"{checkpoint.stem}-pictures.parquet"), TRAINING_PICTURES
        )
        validation = {row["path"] for row in pictures if row["split"] == "validation"}
        if judged is not None and validation != judged:
            raise CheckpointError(
                f"{checkpoint} was validated on other pictures than round 0",
                remedy="Train all rounds with the table of pictures of round 0: --pictures",
            )
        judged = validation
        learned = [row for row in pictures if row["split"] == "train"]
        counts = {
            f"n_{source}": sum(row["source"] == source for row in learned) for source in _SOURCES
        }
        instances = sum(
            row["n_instances"] for row in learned if row["source"] in ("pseudo", "corrected")
        )
        rows += [
            {
                "round": number, **counts, "n_pseudo_instances": instances, "metric": metric,
                "value": value, "step": card["step"],
            }
            for metric, value in card["metrics"].items()
        ]  # fmt: skip
    return rows


def _card(checkpoint: Path) -> dict[str, Any]:
    sidecar = checkpoint.with_suffix(".json")
    try:
        card = json.loads(sidecar.read_text(encoding="utf-8"))
        return {"metrics": dict(card["metrics"]), "step": int(card["step"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{sidecar} is not the card of a trained network ({error})", remedy="Train it again"
        ) from None


def draw_curve(rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Draw the scores over the rounds as PNG, with the number of training pictures.

    Parameters
    ----------
    rows
        What `learning_curve` returned.
    path
        Where to write, atomically.
    """
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    axes = figure.subplots()
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    for colour, metric in zip(_COLOURS, metrics, strict=False):
        line = [(row["round"], row["value"]) for row in rows if row["metric"] == metric]
        axes.plot(*zip(*line, strict=True), "o-", color=colour, label=metric)
    told = {row["round"]: _told(row) for row in rows}
    axes.set_xticks(list(told), list(told.values()))
    axes.set(xlabel="round, and pictures learned from", ylabel="validation", ylim=(0, 1))
    axes.margins(x=0.12)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


def _told(row: Mapping[str, Any]) -> str:
    """Label of a round: its number, and its pictures of each kind that there are."""
    parts = [f"{row[f'n_{name}']} {name}" for name in _SOURCES]
    return "\n".join([str(row["round"]), *(part for part in parts if not part.startswith("0 "))])
