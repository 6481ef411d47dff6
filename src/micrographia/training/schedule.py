"""The learning rate as a function of the step alone, so that a resumed run has the same."""

from __future__ import annotations

from micrographia.config import Training


def learning_rate(step: int, settings: Training) -> float:
    """Learning rate of update `step`, counted from 0: linear warm-up, then decays.

    Examples
    --------
    >>> settings = Training(steps=1000, learning_rate=0.1, warmup=0.01, milestones=(0.5,))
    >>> [round(learning_rate(step, settings), 3) for step in (0, 4, 9, 499, 500)]
    [0.01, 0.05, 0.1, 0.1, 0.04]
    """
    warm = round(settings.warmup * settings.steps)
    rise = min(1.0, (step + 1) / warm) if warm else 1.0
    passed = sum(step >= round(share * settings.steps) for share in settings.milestones)
    return settings.learning_rate * rise * settings.decay**passed
