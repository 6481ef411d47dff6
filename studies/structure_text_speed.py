"""Print how fast samples are drawn, weights are updated and structures are written, on one core.

    python studies/structure_text_speed.py TEXTS [--checkpoint FILE]

TEXTS is a table of `micrographia language texts`. Without weights a network answers that knows
nothing, whose structures are longer than those of a trained one. Beside the wall clock stands the
processor's time, which tells of a machine that others use too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from micrographia.config import StructureText
from micrographia.io.schemas import CRYSTAL_TEXTS
from micrographia.io.tables import read_rows
from micrographia.language.structure.model import Writer, parameters_of
from micrographia.language.structure.predict import Asked, answer_rows, open_writer
from micrographia.language.structure.samples import Series, crystals_of
from micrographia.language.structure.train import StructureLearner
from micrographia.training.devices import autocast, choose_precision

#: Samples, updates, and pictures that are timed.
SAMPLES, UPDATES, PICTURES = 256, 6, 16


def main() -> None:
    """Time all three."""
    options = _options()
    torch.set_num_threads(1)
    settings = StructureText()
    rows = read_rows(options.texts, CRYSTAL_TEXTS)
    trained = [row for row in rows if row["split"] == "train"][:1000]
    series = Series(crystals_of(trained), settings, seed=1)
    _print("sample", SAMPLES, lambda: [series.sample(k) for k in range(SAMPLES)])
    judged = [row for row in rows if row["split"] == "validation"][:8]
    learner = StructureLearner(
        Writer(settings.model), trained + judged, settings.model_copy(update={"judged": 8}), 1
    )
    print(f"{parameters_of(learner.model):,} weights, batches of {settings.loop.batch}")
    _print("update", UPDATES, lambda: _update(learner, settings.loop.batch))
    writer = Writer(settings.model).eval()
    if options.checkpoint is not None:
        writer = open_writer(options.checkpoint, settings)
    asked = Asked(samples=5)
    test = [row for row in rows if row["split"] == "test"]
    answer_rows(writer, test[:1], settings, asked)
    _print("picture, alone, 5 structures", 4,
           lambda: [answer_rows(writer, [row], settings, asked) for row in test[:4]])  # fmt: skip
    _print("picture, of a batch, 5 structures", PICTURES,
           lambda: answer_rows(writer, test[:PICTURES], settings, asked))  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", type=Path, help="table of `language texts`")
    parser.add_argument("--checkpoint", type=Path, default=None, help="trained weights")
    return parser.parse_args()


def _print(what: str, count: int, work: Callable[[], object]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what}: {wall / count:.4f} s, {processor / count:.4f} s of the processor")


def _update(learner: StructureLearner, size: int) -> None:
    """Updates of the weights as the training loop makes them."""
    device = torch.device("cpu")
    precision = choose_precision("auto", device)
    optimizer = torch.optim.AdamW(learner.model.parameters(), lr=1e-4)
    for step in range(UPDATES):
        samples = [learner.sample(k) for k in range(step * size, (step + 1) * size)]
        batch = {
            name: torch.from_numpy(np.stack([one[name] for one in samples])) for name in samples[0]
        }
        with autocast(precision, device):
            output = learner.model(batch["image"], batch["text"])
        optimizer.zero_grad()
        learner.loss(output, batch)["loss"].backward()
        optimizer.step()


if __name__ == "__main__":
    main()
