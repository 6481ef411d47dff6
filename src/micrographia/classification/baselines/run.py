"""One baseline: trained for its budget, calibrated on the validation part, asked of the test."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.parts import Parts
from micrographia.classification.baselines.registry import find_baseline
from micrographia.classification.classifier import answer
from micrographia.classification.identify.confidence import temperature, threshold
from micrographia.classification.predict import prediction
from micrographia.config import Classification
from micrographia.training.devices import choose_device, choose_precision, seed_everything


@dataclass(frozen=True)
class Outcome:
    """What became of a baseline.

    Attributes
    ----------
    rows
        Of `schemas.CLASSIFIED`, one for each test picture.
    card
        What it was and took: `name`, `family`, `library`, `stands_for`, `parameters`, `steps`,
        `minutes` (of the processor, training and forest, without the reading of pictures and the
        answers), `validation` (top-1), `side`, `budget`, `precision`, `seed`, `classes`,
        `trained_on`.
    """

    rows: list[dict[str, Any]]
    card: dict[str, Any]


def train_baseline(
    name: str, parts: Parts, budget: Budget, settings: Classification, seed: int
) -> Outcome:
    """Train a baseline and let it answer on the test part.

    Temperature and threshold are fitted on the validation part, which also chose the weights.
    With a budget of steps the same call gives the same rows on the same machine; with one of
    minutes the number of steps differs a little from run to run, and the rows with it.

    Parameters
    ----------
    name
        As in the registry.
    parts
        The split, in memory.
    budget
        Length of the training.
    settings
        `coverage`, and of `baselines` the device and the precision; the side is that of `parts`.
    seed
        From which everything random follows.

    Raises
    ------
    ConfigError
        There is no such baseline.
    """
    baseline = find_baseline(name)
    device = choose_device(settings.baselines.device)
    precision = choose_precision(settings.baselines.precision, device)
    seed_everything(seed, device)
    side = int(parts.train.values.shape[-1])
    start = time.process_time()
    trained = baseline.train(Run(parts, side, budget, device, precision, seed))
    minutes = (time.process_time() - start) / 60
    held, count = parts.validation, len(parts.classes)
    logits = trained.logits(held.values)
    belongs = held.labels < count
    heat = temperature(logits[belongs][:, :count], held.labels[belongs]) if belongs.any() else 1.0
    known = answer(logits, count, heat, 0.0).known
    least = threshold(known, belongs, settings.coverage)
    found = answer(trained.logits(parts.test.values), count, heat, least)
    rows = [
        prediction(row, name, parts.classes, found, number)
        for number, row in enumerate(parts.test.rows)
    ]
    rows += [prediction(row, name) for row in parts.failures]
    right = logits[belongs][:, :count].argmax(axis=1) == held.labels[belongs]
    card = {
        "name": name,
        "family": baseline.family,
        "library": baseline.library,
        "stands_for": baseline.stands_for,
        "parameters": trained.parameters,
        "steps": trained.steps,
        "minutes": round(minutes, 3),
        "validation": float(right.mean()) if belongs.any() else None,
        "side": side,
        "budget": {"minutes": budget.minutes, "steps": budget.steps},
        "precision": precision,
        "seed": seed,
        "classes": list(parts.classes),
        "trained_on": len(parts.train.rows),
        "tested_on": len(rows),
    }
    return Outcome(rows, card)
